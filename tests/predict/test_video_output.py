"""Overlays of videos: whatever the video is like, a film that plays, or a sentence."""

import av
import cv2
import numpy as np
import pytest
from films import loudness, number_of, write_film

from bupose.images import Clip, Video
from bupose.media.sources import Frame, open_media
from bupose.predict.video_output import LONGEST, USUAL_RATE, VideoOutput


def frames_of(name, images, rate=None):
    for n, image in enumerate(images):
        yield Frame(f"{name}_{n:06d}", f"{name}.avi#{n}", n + 1, image=image, rate=rate)


def write(folder, frames):
    told = []
    with VideoOutput(folder, told.append) as films:
        for frame in frames:
            films.add(frame, frame.image)
    return told


def play(path):
    capture = cv2.VideoCapture(str(path))
    rate, images = capture.get(cv2.CAP_PROP_FPS), []
    while (read := capture.read())[0]:
        images.append(read[1])
    capture.release()
    return rate, images


def grey(width, height, value=90):
    return np.full((height, width, 3), value, np.uint8)


@pytest.mark.parametrize("rate", [211.222, 119.88011988, 29.97, 0.02, 1000, 65536.0, 19999.9, None])
def test_every_rate_gives_a_film(tmp_path, rate):
    assert write(tmp_path, frames_of("a", [grey(64, 48, 40 + 20 * n) for n in range(5)], rate)) == []
    played, images = play(tmp_path / "overlays" / "a.mp4")
    if rate is None or rate <= 1000:  # the film counts 1/60000 s
        assert played == pytest.approx(rate or USUAL_RATE, rel=0.5 * rate / 60_000 if rate else 1e-9)
    assert [image.mean().round(-1) for image in images] == [40 + 20 * n for n in range(5)]


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (63, 47), (2, 3), (LONGEST + 101, 4)])
def test_every_size_gives_a_film(tmp_path, size):
    assert write(tmp_path, frames_of("a", 2 * [grey(*size)], 10.0)) == []
    _, images = play(tmp_path / "overlays" / "a.mp4")
    height, width = images[0].shape[:2]
    assert len(images) == 2
    assert width <= LONGEST
    assert (width, height) == tuple(max(2, side // 2 * 2) for side in size) or size[0] > LONGEST


def test_a_size_that_changes_on_the_way(tmp_path):
    images = [grey(64, 48), grey(32, 24), grey(100, 48), grey(65, 49)]
    assert write(tmp_path, frames_of("a", images, 10.0)) == []
    assert [image.shape for image in play(tmp_path / "overlays" / "a.mp4")[1]] == 4 * [(48, 64, 3)]


def test_one_that_cannot_be_written_is_told_once(tmp_path):
    (tmp_path / "overlays").mkdir()
    (tmp_path / "overlays" / "a.mp4").mkdir()
    images = 3 * [grey(64, 48)]
    told = write(tmp_path, [*frames_of("a", images, 10.0), *frames_of("b", images, 10.0)])
    assert len(told) == 1
    assert "overlays of 'a'" in told[0]
    assert len(play(tmp_path / "overlays" / "b.mp4")[1]) == 3
    assert sorted(p.name for p in (tmp_path / "overlays").iterdir()) == ["a.mp4", "b.mp4"]


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "overlays").write_text("in the way")
    told = write(tmp_path, frames_of("a", 3 * [grey(64, 48)], 10.0))
    assert len(told) == 1


@pytest.mark.parametrize(
    ("name", "sound"), [("a.mp4", "aac"), ("a.mkv", "pcm_s16le"), ("a.webm", "libopus"), ("b.ts", "mp2")]
)
@pytest.mark.parametrize("clip", [Clip(), Clip(0.3, 1.5), Clip(1.0, every=4)])
def test_times_and_sound_are_kept(tmp_path, name, sound, clip):
    """A variable rate; the tone sets in at 0.5 s. MP3 and AAC are smeared over 0.05 s at most."""
    times = np.cumsum(np.random.default_rng(1).choice([0.02, 0.06], 50)) - 0.02
    codec = "libvpx" if name.endswith("webm") else "libx264"
    path = write_film(tmp_path / name, 50, codec, sound, times=times - times[0])
    frames = [frame for frame in open_media(path, clip=clip) if not frame.problem]
    assert write(tmp_path, frames) == []
    film = tmp_path / "overlays" / f"{path.stem}.mp4"
    played = list(Video(film).frames())
    assert [number_of(frame.image) for frame in played] == [frame.index for frame in frames]
    start, end = frames[0].time, frames[-1].time
    np.testing.assert_allclose([frame.time for frame in played], [f.time - start for f in frames], atol=1e-4)
    loud = loudness(film)
    assert len(loud) / 10 == pytest.approx(min(end, times[-1]) - start, abs=0.2)
    heard = np.flatnonzero(loud > 0.1)
    assert heard[0] / 10 == pytest.approx(max(0, 0.5 - start), abs=0.1)
    assert loud[heard[0] + 1 : -2].min() > 0.18  # 0.3 / sqrt(2) = 0.21


def test_it_plays_everywhere(tmp_path):
    """H.264 in 4:2:0 and HD's colours, its index before the pictures, as browsers and phones want it."""
    image = grey(1280, 722)
    image[:, :640] = (200, 30, 60)
    assert write(tmp_path, frames_of("a", 3 * [image], 25.0)) == []
    path = tmp_path / "overlays" / "a.mp4"
    data = path.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")
    with av.open(str(path)) as container:
        codec = container.streams.video[0].codec_context
        assert (codec.name, codec.pix_fmt, codec.width, codec.height) == ("h264", "yuv420p", 1280, 722)
        assert (codec.colorspace, codec.color_range) == (1, 1)  # ITU-T H.273
    np.testing.assert_allclose(Video(path).frame(1).image[100, [300, 900]], [(200, 30, 60), (90, 90, 90)], atol=4)


def test_without_x264(tmp_path, monkeypatch):
    """Of which an ffmpeg that is free of GPL knows nothing."""
    monkeypatch.setattr(av, "codecs_available", {"mpeg4"})
    assert write(tmp_path, frames_of("a", 3 * [grey(64, 48)], 10.0)) == []
    assert len(play(tmp_path / "overlays" / "a.mp4")[1]) == 3
    monkeypatch.setattr(av, "codecs_available", set())
    (told,) = write(tmp_path, frames_of("b", 3 * [grey(64, 48)], 10.0))
    assert "neither H.264" in told
    assert [path.name for path in (tmp_path / "overlays").iterdir()] == ["a.mp4"]
