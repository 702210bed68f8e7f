"""Videos that are cut, damaged or oddly named: frames keep their numbers, and what is missing is told."""

import os
import struct
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from bupose.errors import InputError
from bupose.images import Video


def write_video(path, count=40, size=(64, 48), rate=10.0, code="MJPG"):
    """Frame n has n bright columns of 1 px, read from left to right."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), rate, size)
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no such video")
    for n in range(count):
        frame = np.zeros((size[1], size[0], 3), np.uint8)
        frame[:, :n] = 255
        writer.write(frame)
    writer.release()
    return path


def columns(frame):
    return round((frame.image[..., 1] > 128).mean(0).sum())


def collect(path):
    """The frames, and what was told after them."""
    frames, told = [], ""
    try:
        for frame in Video(path).frames():
            frames.append(frame)
    except InputError as problem:
        told = str(problem)
    assert "\n" not in told
    return frames, told


def chunks(data):
    """Where the frames of an AVI begin."""
    at = data.find(b"movi") + 4
    while data[at : at + 4] == b"00dc":
        yield at
        length = struct.unpack_from("<I", data, at + 4)[0]
        at += 8 + length + length % 2


def test_whole(tmp_path):
    for path in (write_video(tmp_path / "a.avi"), write_video(tmp_path / "a.mp4", code="mp4v")):
        frames, told = collect(path)
        assert not told
        assert Video(path).count == 40
        assert [f.number for f in frames] == list(range(40))
        assert [f.time for f in frames] == pytest.approx(np.arange(40) / 10)
        assert max(abs(columns(f) - f.number) for f in frames) <= 1


@pytest.mark.parametrize("part", [0.5, 0.7, 0.9])
def test_cut(tmp_path, part):
    path = write_video(tmp_path / "a.avi")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    frames, told = collect(path)
    assert 5 < len(frames) < 40
    assert told.startswith(f"{40 - len(frames)} of the 40 frames")


def test_every_length(tmp_path):
    data = write_video(tmp_path / "a.avi", 6).read_bytes()
    for length in (*range(0, 400, 23), *range(400, len(data), 397)):
        (tmp_path / "b.avi").write_bytes(data[:length])
        frames, told = collect(tmp_path / "b.avi")
        assert told or len(frames) == 6


@pytest.mark.parametrize("lost", [{12}, {1, 2, 30}, {39}])
@pytest.mark.parametrize("how", ["head", "content"])
def test_damaged_frames_inside_move_no_other(tmp_path, lost, how):
    """Zeros over a frame and its head, which no decoder sees, or over its content."""
    path = write_video(tmp_path / "a.avi")
    data = bytearray(path.read_bytes())
    places = list(chunks(data))
    for n in lost:
        length = struct.unpack_from("<I", data, places[n] + 4)[0]
        start = places[n] if how == "head" else places[n] + 8
        data[start : places[n] + 8 + length] = bytes(places[n] + 8 + length - start)
    path.write_bytes(data)
    frames, told = collect(path)
    assert told.startswith(f"{len(lost)} of the 40 frames")
    assert [f.number for f in frames] == sorted({*range(40)} - lost)
    assert [f.time for f in frames] == pytest.approx([f.number / 10 for f in frames])
    assert max(abs(columns(f) - f.number) for f in frames) <= 1


def test_frames_that_are_empty_on_purpose_are_not_missing(tmp_path):
    """Writers of AVI repeat a frame by a chunk without content."""
    path = write_video(tmp_path / "a.avi", 6)
    data = path.read_bytes()
    third, fourth = list(chunks(data))[2:4]
    index = data.find(b"idx1")
    moved = fourth - third - 8
    listed = bytearray(data[index:])
    for n, (at, length) in enumerate(struct.iter_unpack("<8xII", data[index + 8 : index + 8 + 6 * 16])):
        struct.pack_into("<II", listed, 16 + 16 * n, at - moved * (n > 2), 0 if n == 2 else length)
    movi = bytearray(data[:third] + b"00dc" + bytes(4) + data[fourth:index])
    size_at = data.find(b"movi") - 4
    struct.pack_into("<I", movi, size_at, struct.unpack_from("<I", data, size_at)[0] - moved)
    struct.pack_into("<I", movi, 4, len(data) - moved - 8)
    path.write_bytes(movi + listed)
    frames, told = collect(path)
    assert not told
    assert [f.number for f in frames] == [0, 1, 3, 4, 5]


@pytest.mark.parametrize("count", [0, 3, 2**31 - 1, 2**32 - 1])
def test_headers_that_lie_about_the_count(tmp_path, count):
    path = write_video(tmp_path / "a.avi", 6)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.find(b"avih") + 8 + 16, count)
    struct.pack_into("<I", data, data.find(b"strh") + 8 + 32, count)
    path.write_bytes(data)
    frames, told = collect(path)
    assert [f.number for f in frames] == list(range(6))
    assert "frames" in told or count in (0, 3) or Video(path).count == 0


@pytest.mark.parametrize(("scale", "ticks"), [(0, 10), (1, 0), (1, 10**9), (2**31, 1), (1, 2**32 - 1), (1000, 211222)])
def test_headers_that_lie_about_the_rate(tmp_path, scale, ticks):
    path = write_video(tmp_path / "a.avi", 6)
    data = bytearray(path.read_bytes())
    struct.pack_into("<II", data, data.find(b"strh") + 8 + 20, scale, ticks)
    path.write_bytes(data)
    frames, _ = collect(path)
    assert [f.number for f in frames] == list(range(6))
    for frame in frames:
        assert frame.rate is None or 0.001 <= frame.rate <= 20_000
        assert (frame.time is None) == (frame.rate is None)


@pytest.mark.skipif(sys.platform == "win32", reason="no such names on Windows")
@pytest.mark.parametrize("name", [b"12:30.avi", b"http:x.avi", b"-i.avi", b"%03d.avi", b"caf\xe9.avi", b"\xff\xfe.AVI",
                                  b"a'b\"c.avi", b"pipe:0.avi", "日本 (1).avi".encode(), b"a\nb.avi"])  # fmt: skip
def test_names(tmp_path, name, monkeypatch):
    plain = write_video(tmp_path / "plain.avi", 3)
    monkeypatch.chdir(tmp_path)
    os.rename(os.fsencode(plain), name)
    frames, told = collect(Path(os.fsdecode(name)))
    assert not told
    assert len(frames) == 3


def test_what_is_no_video(tmp_path):
    for name, content in {
        "empty": b"",
        "text": b"no video",
        "zeros": bytes(5000),
        "riff": b"RIFF\0\0\0\0AVI LIST",
    }.items():
        for suffix in (".mp4", ".avi", ".mkv", ".ts", ".y4m", ".mjpeg"):
            (tmp_path / f"{name}{suffix}").write_bytes(content)
            frames, told = collect(tmp_path / f"{name}{suffix}")
            assert not frames
            assert f"{name}{suffix}" in told


def test_sizes(tmp_path):
    for size in ((2, 2), (64, 2), (66, 46), (1920, 16)):
        frames, told = collect(write_video(tmp_path / "a.avi", 2, size))
        assert not told
        assert [f.image.shape[:2] for f in frames] == 2 * [(size[1], size[0])]


def test_a_cut_mp4(tmp_path):
    """Its index is at its end; where it is at the front, the frames in between are read."""
    path = write_video(tmp_path / "a.mp4", code="mp4v")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert collect(path)[0] == []
    front = fast_start(data)
    path.write_bytes(front)
    assert len(collect(path)[0]) == 40
    path.write_bytes(front[: len(front) - (len(data) // 3)])
    frames, told = collect(path)
    assert 5 < len(frames) < 40
    assert told.startswith(f"{40 - len(frames)} of the 40 frames")


def fast_start(data):
    """An MP4 with its index before the frames (ISO 14496-12: stco holds places in the file)."""
    boxes, at = {}, 0
    while at < len(data):
        length = struct.unpack_from(">I", data, at)[0]
        boxes[data[at + 4 : at + 8]] = data[at : at + length]
        at += length
    moov = bytearray(boxes[b"moov"])
    moved, at = len(moov), 0
    while (at := moov.find(b"stco", at + 1)) > 0:
        for n in range(struct.unpack_from(">I", moov, at + 8)[0]):
            place = at + 12 + 4 * n
            struct.pack_into(">I", moov, place, struct.unpack_from(">I", moov, place)[0] + moved)
    rest = b"".join(box for name, box in boxes.items() if name not in (b"ftyp", b"moov"))
    return boxes[b"ftyp"] + bytes(moov) + rest
