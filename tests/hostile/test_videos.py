"""Videos that are cut, changed, lying, oddly named, or none: what can be read is, and what is missing is told."""

import os
import struct

import cv2
import numpy as np
import pytest

from bupose.images import Video

SHAPE = 64, 48


def encode(folder, suffix="avi", code="MJPG", count=8, rate=10.0, size=SHAPE):
    path = folder / f".making.{suffix}"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), rate, size)
    if not writer.isOpened():
        pytest.skip(f"this OpenCV writes no {suffix} of {code}")  # its own wheels do
    rng = np.random.default_rng(1)
    for _ in range(count):
        writer.write(cv2.resize(rng.integers(0, 255, (6, 8, 3)).astype(np.uint8), size))
    writer.release()
    data = path.read_bytes()
    path.unlink()
    return data


FORMS = [
    ("avi", "MJPG"),
    ("mp4", "mp4v"),
    ("mkv", "MJPG"),
    ("mov", "mp4v"),
    ("ts", "mp4v"),
    ("avi", "XVID"),
    ("webm", "VP80"),
]


def test_cut(hostile, folder):
    count = 0
    for suffix, code in FORMS:
        data = encode(folder, suffix, code)
        for length in {0, 1, 11, 12, 40, 200, *(len(data) * n // 6 for n in range(1, 6))}:
            (folder / f"cut{length}-{code}.{suffix}").write_bytes(data[:length])
            count += 1
    hostile.judge(hostile.infer(), 1, inputs=count)
    assert hostile.found()


def test_changed(hostile, folder):
    rng, count = np.random.default_rng(7), 0
    for suffix, code in FORMS:
        data = encode(folder, suffix, code)
        for n in range(8):
            changed = bytearray(data)
            if n < 5:
                for place in rng.integers(0, min(len(data), 600), 3):
                    changed[place] = rng.integers(256)
            else:
                at = int(rng.integers(len(data)))
                changed[at : at + 300] = bytes(min(300, len(data) - at))
            (folder / f"changed{n}-{code}.{suffix}").write_bytes(changed)
            count += 1
    hostile.judge(hostile.infer("max_pixels=1000000"), 1, inputs=count)
    assert hostile.found()


def lying(data):
    """Headers that speak of other rates, counts and sizes than there are."""
    stream, main, form = data.find(b"strh") + 8, data.find(b"avih") + 8, data.find(b"strf") + 8
    for scale, ticks in ((1, 0), (0, 1), (1, 10**9), (2**32 - 1, 1), (1000, 211222), (7, 2**32 - 1), (100, 3)):
        changed = bytearray(data)
        struct.pack_into("<II", changed, stream + 20, scale, ticks)
        yield f"rate{scale}-{ticks}", changed
    for count in (0, 1, 7, 9, 10**6, 2**31 - 1, 2**32 - 1):
        changed = bytearray(data)
        struct.pack_into("<I", changed, main + 16, count)
        struct.pack_into("<I", changed, stream + 32, count)
        yield f"count{count}", changed
    for width, height in ((0, 0), (1, 1), (60000, 60000), (2**31 - 1, 2), (-5, -5), (64, -48)):
        changed = bytearray(data)
        struct.pack_into("<ii", changed, form + 4, width, height)
        struct.pack_into("<ii", changed, main + 32, width, height)
        yield f"size{width}x{height}", changed


def test_headers_that_lie(hostile, folder):
    count = 0
    for count, (name, data) in enumerate(lying(encode(folder)), 1):  # noqa: B007
        (folder / f"{name}.avi").write_bytes(data)
    hostile.judge(hostile.infer(), 1, inputs=count)
    assert hostile.found()
    assert hostile.found("rate1000-211222_000007")


def test_rates_and_sizes(hostile, folder):
    """Each has its overlays as a film."""
    made = {f"rate{n}": {"rate": rate} for n, rate in enumerate((211.222, 0.01, 1000.0, 23.976))}
    made |= {f"size{n}": {"size": size} for n, size in enumerate(((2, 2), (2, 500), (66, 46), (9000, 16)))}
    for name, values in made.items():
        (folder / f"{name}.avi").write_bytes(encode(folder, count=2, **values))
    hostile.judge(hostile.infer(), 0, f"{2 * len(made) + 1} pictures", inputs=len(made))
    for name in made:
        assert Video(hostile.folder / "out" / "overlays" / f"{name}.mp4").count == 2


NAMES = [
    b"12:30.avi", b"file:x.avi", b"http:x.avi", b"pipe:0.avi", b"concat:a|b.avi", b"-i.avi", b"%03d.avi",
    b"caf\xe9.avi", b"\xff\xfe.avi", b"a\nb.avi", b"\x1b[2J.avi", "日本 (1).avi".encode(), b"x" * 240 + b".avi",
    b"walk.avi", b"WALK.AVI", b"sub/walk.avi", "9.41\u202fAM.avi".encode(), b"con.avi", b"k.jpg.avi", b".hidden.avi",
    b"a'b\"c.avi",
]  # fmt: skip


def test_names(hostile, folder):
    """Beside pictures with the names of their frames."""
    data = encode(folder, count=2)
    (folder / "sub").mkdir()
    for name in NAMES:
        with open(os.path.join(os.fsencode(folder), name), "wb") as file:
            file.write(data)
    for name in ("walk_000000", "walk_000001", "Walk_000001", "12_30_000000", "walk"):
        cv2.imwrite(str(folder / f"{name}.png"), np.full((48, 64, 3), 90, np.uint8))
    ended = hostile.infer("fields=true", "csv=true")
    hostile.judge(ended, 0, f"{2 * (len(NAMES) - 1) + 5 + 1} pictures", inputs=len(NAMES))
    assert len([*(hostile.folder / "out" / "openpose").rglob("*.json")]) == 2 * (len(NAMES) - 1) + 6
    assert len([*(hostile.folder / "out" / "overlays").rglob("*.mp4")]) == len(NAMES) - 1


@pytest.mark.parametrize("name", ["12:30.avi", "http://x/a.avi", "%03d.avi", "-.avi"])
def test_named_on_the_command_line(hostile, folder, name):
    (hostile.folder / name).parent.mkdir(parents=True, exist_ok=True)
    (hostile.folder / name).write_bytes(encode(folder, count=2))
    hostile.judge(hostile.run("infer", f'input="{name}"', hostile.weights, "output=out"), 0, "2 pictures")


def test_what_is_no_video(hostile, folder):
    os.mkfifo(folder / "pipe.mp4")
    for name in ("zero", "random"):
        (folder / f"{name}.avi").symlink_to(f"/dev/{name}")
    (folder / "loop.mkv").symlink_to(folder / "loop.mkv")
    (folder / "gone.mov").symlink_to(folder / "nowhere")
    (folder / "list.ts").write_text(
        "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n"
    )
    (folder / "concat.mp4").write_text("ffconcat version 1.0\nfile /etc/passwd\nfile 'http://127.0.0.1:9/x'\n")
    (folder / "session.mp4").write_text("v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n")
    (folder / "script.avi").write_text("#!/bin/sh\ntouch ../ran\n")
    (folder / "y.y4m").write_text("YUV4MPEG2 W30000 H30000 F25:1 Ip A1:1 C420\nFRAME\n")
    with (folder / "sparse.mpg").open("wb") as file:
        file.truncate(10**11)
    ended = hostile.infer()
    hostile.judge(ended, 1, "1 picture,", "11 failed", "a pipe", "a device", inputs=11)
    assert hostile.found()
    assert not (hostile.folder / "ran").exists()


@pytest.mark.parametrize("what", ["file", "folder", "link", "full"])
def test_overlays_that_cannot_be_written(hostile, folder, what):
    """Results stay, and it is told."""
    (folder / "a.avi").write_bytes(encode(folder))
    out = hostile.folder / "out"
    out.mkdir()
    limits = {}
    if what == "file":
        (out / "overlays").write_text("in the way")
    elif what == "folder":
        (out / "overlays" / "a.mp4").mkdir(parents=True)
    elif what == "link":
        (out / "overlays").symlink_to("/proc/self")
    else:
        limits = {"FSIZE": 2_000}
    ended = hostile.run("infer", "input=in/a.avi", hostile.weights, "output=out", "overwrite=true", limits=limits)
    if what == "full":  # of every file
        hostile.judge(ended, (1, 2))
    else:
        hostile.judge(ended, 1, "8 pictures", "overlays of 'a'")
        assert hostile.found("a_000007")
