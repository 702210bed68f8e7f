"""Videos as phones and cameras write them: right times, right side up, and the right frame, wherever one begins."""

import re
import struct
from contextlib import suppress

import cv2
import films
import numpy as np
import pytest
from films import columns, number_of, write_film

from bupose.errors import InputError
from bupose.images import Clip, Video
from bupose.images.container import REORDER, Container

FORMS = {
    "a.mp4": {"codec": "libx264", "sound": "aac", "g": 12},
    "b.mkv": {"codec": "libx264", "sound": "pcm_s16le", "g": 12},
    "a.avi": {"codec": "mjpeg"},
    "a.ts": {"codec": "libx264", "sound": "aac", "g": 12},
    "a.mpg": {"codec": "mpeg2video"},
    "a.webm": {"codec": "libvpx", "auto_alt_ref": 1, "lag_in_frames": 16, "g": 12},  # with hidden frames
    "open.mp4": {"codec": "libx264", "x264_params": "open-gop=1:keyint=12:bframes=3"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    return {name: write_film(folder / name, **values) for name, values in FORMS.items()}


@pytest.mark.parametrize("name", FORMS)
def test_numbers_times_and_any_frame(made, name):
    frames = list(Video(made[name]).frames())
    assert [frame.number for frame in frames] == [number_of(frame.image) for frame in frames] == list(range(60))
    late = 0.04 if name == "a.mpg" else 6e-4  # MPEG-PS stamps only some frames, Matroska has ms
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(60) / 30, atol=late)
    assert frames[0].rate == pytest.approx(30)
    assert Video(made[name]).count == pytest.approx(60, abs=6)
    for n in (47, 0, 59, 12, 33):
        frame = Video(made[name]).frame(n)
        assert (frame.number, frame.time) == (n, frames[n].time)
        np.testing.assert_array_equal(frame.image, frames[n].image)
    with pytest.raises(InputError, match="no frame 60"):
        Video(made[name]).frame(60)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("clip", [Clip(1.0), Clip(None, 0.7), Clip(0.51, 1.49, 3), Clip(every=7), Clip(1.9, 99.0)])
def test_a_part_is_that_part_of_the_whole(made, name, clip):
    whole = [f for f in Video(made[name]).frames() if (clip.start or 0) <= f.time < (clip.end or 9)]
    whole = [f for f in whole if f.number % clip.every == 0]
    part = list(Video(made[name], clip).frames())
    assert [(f.number, f.time) for f in part] == [(f.number, f.time) for f in whole]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(part, whole, strict=True))
    assert Video(made[name], clip).count == pytest.approx(len(part), abs=6 / clip.every + 1)


def test_a_part_that_is_not_there(made):
    with pytest.raises(InputError, match=r"from second 2\.5 on"):
        list(Video(made["a.mp4"], Clip(2.5)).frames())


@pytest.mark.parametrize("name", ["a.mp4", "b.mkv"])
def test_late_frames_do_not_need_all_before(made, name):
    """By the index, or past what is not decoded."""
    with Container(made[name], 1) as container:
        first = next(container.frames(59))[0]
        assert 59 - REORDER - 12 <= first <= 59
    with Container(made[name], 1) as container:
        first = next(container.frames(time=1.9))[0]
        assert 57 - REORDER - 12 <= first <= 57


def test_a_variable_rate(tmp_path):
    times = np.cumsum(np.random.default_rng(3).choice([0.01, 0.033, 0.2], 60))
    times -= times[0]
    for name in ("a.mp4", "a.mkv", "a.ts"):  # the last names no rate at all
        frames = list(Video(write_film(tmp_path / name, times=times)).frames())
        assert [frame.number for frame in frames] == [number_of(frame.image) for frame in frames] == list(range(60))
        np.testing.assert_allclose([f.time for f in frames], times, atol=6e-4 if name == "a.mkv" else 1e-5)


@pytest.mark.parametrize(
    "matrix", [(1, 0, 0, 1), (-1, 0, 0, 1), (-1, 0, 0, -1), (1, 0, 0, -1),
               (0, 1, 1, 0), (0, 1, -1, 0), (0, -1, -1, 0), (0, -1, 1, 0)]
)  # fmt: skip
def test_a_phones_rotation_flag(tmp_path, matrix):
    """ISO 14496-12, 8.3.2: where a point is shown, p' = (a p + c q, b p + d q)."""
    image = np.zeros((96, 160, 3), np.uint8)
    image[8:24, 16:48] = 255
    path = write_film(tmp_path / "a.mp4", images=[image] * 3)
    a, b, c, d = matrix
    data = bytearray(path.read_bytes())
    struct.pack_into(">4i", data, data.find(b"tkhd") + 44, a << 16, b << 16, 0, c << 16)
    struct.pack_into(">i", data, data.find(b"tkhd") + 44 + 16, d << 16)
    path.write_bytes(data)
    shown = Video(path).frame(1).image
    assert shown.shape == ((160, 96, 3) if b else (96, 160, 3))
    there = np.argwhere(shown[..., 0] > 128).mean(0)[::-1] - (np.array(shown.shape[1::-1]) - 1) / 2  # from the middle
    was = np.array([31.5, 15.5]) - (79.5, 47.5)
    np.testing.assert_allclose(there, [a * was[0] + c * was[1], b * was[0] + d * was[1]], atol=1)


@pytest.mark.parametrize("name", ["a.mp4", "b.mkv", "open.mp4"])
def test_damage_in_the_middle(made, name, tmp_path):
    """What comes after it has its own numbers and times."""
    data = bytearray(made[name].read_bytes())
    at = int(len(data) * 0.4)
    data[at : at + len(data) // 20] = bytes(len(data) // 20)
    (tmp_path / name).write_bytes(data)
    frames = []
    with suppress(InputError):
        for frame in Video(tmp_path / name).frames():
            frames.append(frame)
    good = [frame for frame in frames if abs(number_of(frame.image) / 30 - frame.time) < 6e-4]
    assert len(good) >= 35
    assert {*range(6), *range(55, 60)} <= {number_of(frame.image) for frame in good}
    if name.endswith("mp4"):  # it says where each frame is
        assert [frame.number for frame in frames] == pytest.approx([30 * frame.time for frame in frames])


@pytest.fixture(scope="module", params=["mkv", "flv", "ts"])
def talk(request, tmp_path_factory):
    """A video of a format that has no whole index, with sound: 120 frames, 30 a second."""
    path = tmp_path_factory.mktemp("talk") / f"a.{request.param}"
    noise = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    return write_film(path, images=[np.roll(noise, n, 1) for n in range(120)], sound="aac", g=12)


def read_all(path):
    """Times of frames, and what is said in the end."""
    times, told = [], None
    try:
        for frame in Video(path).frames():
            times.append(frame.time)
    except InputError as problem:
        told = str(problem)
    return np.array(times), told


@pytest.mark.parametrize("how", ["zeros", "gone"])
def test_damage_is_told_where_no_index_tells(talk, tmp_path, how):
    times, told = read_all(talk)
    assert (len(times), told) == (120, None)
    data = talk.read_bytes()
    first, last = int(0.4 * len(data)), int(0.6 * len(data))
    damaged = tmp_path / talk.name
    damaged.write_bytes(data[:first] + (bytes(last - first) if how == "zeros" else b"") + data[last:])
    found, told = read_all(damaged)
    assert 60 < len(found) < 115
    lost = int(re.match(r"(\d+) of the \d+ frames of .* are missing", told)[1])
    assert abs(lost - (120 - len(found))) <= 5  # a frame of which a part is left may be shown in place of another
    near = np.abs(found[:, None] - times).min(1)
    assert (near < 1.1e-3).sum() >= len(found) - 1  # TS: the last one before the damage may have none of its own


def test_a_cut_file_that_says_its_whole_length_alone(talk, tmp_path):
    """That of the video, which Matroska has in a tag, is often not there; TS says none at all."""
    data = talk.read_bytes().replace(b"DURATION", b"NOTATION")
    (tmp_path / talk.name).write_bytes(data[: len(data) // 2])
    found, told = read_all(tmp_path / talk.name)
    assert 40 < len(found) < 80
    if talk.suffix == ".ts":
        assert told is None
    else:
        assert abs(int(re.match(r"(\d+) of the ", told)[1]) + len(found) - 120) <= 4


def test_a_file_with_other_streams_only(tmp_path):
    with films.av.open(str(tmp_path / "a.mp4"), "w") as container:
        tone = films._Tone(container, "aac")
        tone.play(0.3)
        container.mux(tone.stream.encode(None))
    with pytest.raises(InputError, match="no video"):
        list(Video(tmp_path / "a.mp4").frames())


def test_a_url(made):
    """Of a stream, which has no certain end."""
    video = Video(made["a.ts"].as_uri(), Clip(every=2))
    assert (video.live, video.count) == (True, 0)
    assert [number_of(frame.image) for frame in video.frames()] == list(range(0, 60, 2))
    with pytest.raises(InputError, match="not a file"):
        video.frame(3)
    with pytest.raises(InputError, match="cannot open 'http://"):
        list(Video("http://127.0.0.1:9/a.ts").frames())


class Camera:
    def __init__(self, number):
        self.left = 10 * (number == 0)

    def read(self):
        self.left -= 1
        return self.left >= 0, columns(10 - self.left)[..., ::-1].copy()

    def get(self, key):
        return 30.0

    def release(self):
        pass


def test_a_url_of_a_store_is_told_who_reads_it():
    with pytest.raises(InputError, match=r"'s3://bucket/walk.mp4'.* read by bupose infer engine=ray"):
        next(iter(Video("s3://bucket/walk.mp4").frames()))


def test_a_camera(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    frames = list(Video(0, Clip(every=3)).frames())
    assert [frame.number for frame in frames] == [0, 3, 6, 9]
    assert [number_of(frame.image) for frame in frames] == [1, 4, 7, 10]
    assert frames[0].time < frames[1].time < frames[2].time < 60
    with pytest.raises(InputError, match="cannot open camera 1"):
        list(Video(1).frames())
