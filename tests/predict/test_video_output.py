"""Overlays of videos: whatever the video is like, a film that plays, or a sentence."""

import cv2
import numpy as np
import pytest

from bupose.media.sources import Frame
from bupose.predict.video_output import LONGEST, USUAL_RATE, VideoOutput, round_rate


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


@pytest.mark.parametrize("rate", [211.222, 119.88011988, 29.97, 0.02, 1000, 65536.0, 12345.678, 19999.9, None])
def test_every_rate_gives_a_film(tmp_path, rate):
    assert write(tmp_path, frames_of("a", [grey(64, 48, 20 * n) for n in range(5)], rate)) == []
    played, images = play(tmp_path / "overlays" / "a.mp4")
    assert played == pytest.approx(rate or USUAL_RATE, rel=1e-3)
    assert [image.mean().round(-1) for image in images] == [20 * n for n in range(5)]


def test_rates_are_rounded_no_more_than_needed():
    assert [round_rate(rate) for rate in (25.0, 29.97, 23.976, 211.222, 7e4, 1e-9)] == [
        25.0, 29.97, 23.976, 211.22, 65535.0, 0.01,
    ]  # fmt: skip


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


def test_what_opencv_does_not_write_is_noticed(tmp_path, monkeypatch):
    """As on a full disk, of which it says nothing."""
    monkeypatch.setattr(cv2.VideoWriter, "write", lambda self, image: None)
    told = write(tmp_path, frames_of("a", 3 * [grey(64, 48)], 10.0))
    assert len(told) == 1
    assert "0 of 3 frames" in told[0]
    assert list((tmp_path / "overlays").iterdir()) == []
