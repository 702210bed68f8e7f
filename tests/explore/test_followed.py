"""People followed through a part of a video, and played."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bupose.errors import InputError
from bupose.explore.followed import follow
from bupose.explore.observation import Film
from bupose.images import MAX_PIXELS, Video
from bupose.people import People
from bupose.skeletons import COCO17
from bupose.track import TrackOptions
from bupose.viz import OverlayOptions, distinct_colors, joint_over_time


def walker(frame, row):
    """Joints (17, 2) of a person who goes 4 px a frame to the right."""
    return np.array([[60 + 4 * frame + (9 * k) % 40, 40 + 140 * row + 6 * k] for k in range(17)], float)


class Seer:
    """An estimator that sees two people by the frame's number, whatever is on it; the second from frame 9 on."""

    max_pixels = MAX_PIXELS

    def __init__(self):
        self.frames = []

    def stream(self, frames, look_every):
        def go():
            for frame in frames:
                self.frames.append(frame.index)
                xy = np.array([walker(frame.index, row) for row in range(2)])[: 1 + (frame.index >= 9)]
                score = np.full(xy.shape[:2], 0.9)
                yield SimpleNamespace(people=People(xy, score, score[:, 0], COCO17), source=frame, carried=False)

        return go()


def parts(seer, film, seconds, stopped=lambda: False):
    *done, last = follow(seer, film, seconds, TrackOptions(), stopped)
    assert done == list(range(1, len(done) + 1))
    return last


def test_a_part_from_a_frame_on(film):
    """Ten frames a second: those from 5 on, and no others are read."""
    seer = Seer()
    part = parts(seer, Film(film, 20, 5), 1.0)
    assert seer.frames == list(part.frames) == list(range(5, 15))
    np.testing.assert_allclose(part.times, np.arange(5, 15) / 10, atol=1e-9)
    assert [(span.who, span.frames) for span in part.spans()] == [(0, 10), (1, 6)]
    assert part.spans()[1].first == pytest.approx(0.9)


def test_it_ends_where_asked_to(film):
    seer, asked = Seer(), iter([False] * 6 + [True] * 50)
    assert parts(seer, Film(film, 20), 60, lambda: next(asked)).frames == tuple(range(7))


def test_what_a_damaged_video_still_holds(film, tmp_path):
    data = film.read_bytes()
    (tmp_path / "cut.avi").write_bytes(data[: int(0.6 * len(data))])
    part = parts(Seer(), Film(tmp_path / "cut.avi", 20), 60)
    assert 5 < len(part.frames) < 20
    (tmp_path / "cut.avi").unlink()
    with pytest.raises(InputError, match=r"cut\.avi"):
        parts(Seer(), Film(tmp_path / "cut.avi", 20), 60)


def test_the_played_video_shows_each_person_in_a_colour(film, tmp_path):
    part = parts(Seer(), Film(film, 20, 5), 1.0)
    path = part.write(tmp_path, OverlayOptions(width=3), MAX_PIXELS)
    assert Path(path).is_relative_to(tmp_path)
    seen = list(Video(path).frames())
    assert len(seen) == 10
    for n, frame in enumerate(seen):
        for who, row in ((0, 0), (1, 1)) if part.frames[n] >= 9 else ((0, 0),):
            x, y = walker(part.frames[n], row)[5:7].mean(0)
            patch = frame.image[int(y) - 12 : int(y) + 12, int(x) - 40 : int(x) + 40].reshape(-1, 3).astype(int)
            away = np.abs(patch - distinct_colors(2)[who].astype(int)).sum(1)
            assert (away < 110).any()  # of the faded, compressed colour


def test_curves_show_what_was_found_and_what_became_of_it(film):
    part = parts(Seer(), Film(film, 20, 5), 1.0)
    x, y, score = part.plot(1, 3).axes
    assert x.get_title(loc="left") == "left ear of person 1"
    found, final = x.lines[:2]
    wanted = [walker(n, 1)[3, 0] if n >= 9 else np.nan for n in part.frames]
    np.testing.assert_allclose(found.get_ydata(), wanted, atol=1e-3)
    np.testing.assert_allclose(final.get_ydata()[4:], wanted[4:], atol=1.0)  # a straight walk stays one
    assert np.isnan(final.get_ydata()[:4]).all()
    assert y.yaxis_inverted()
    np.testing.assert_allclose(score.lines[0].get_ydata()[4:], 0.9, atol=1e-6)


def test_filled_in_frames_are_told_apart():
    times, filled = np.arange(4.0), np.array([False, True, False, False])
    xy = np.column_stack([np.arange(4.0), np.arange(4.0)])
    plot = joint_over_time(times, xy, np.ones(4), np.where(filled[:, None], np.nan, xy), filled)
    assert [line.get_label() for line in plot.axes[0].lines] == ["as found", "in the end", "filled in"]
    np.testing.assert_array_equal(plot.axes[0].lines[2].get_ydata(), [np.nan, 1, np.nan, np.nan])
