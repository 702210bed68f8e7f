"""People filled in where they were not seen for a moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from bupose.people import People
from bupose.track.options import TrackOptions
from bupose.track.paths import identities, sights


def fill_window(
    frames: Sequence[tuple[float, People]], begin: int, end: int, options: TrackOptions
) -> Iterator[tuple[float, People]]:
    """Frames ``begin`` to ``end`` of a window, with people filled in; the others lend their people's places."""
    times = np.array([time for time, _ in frames])
    done = {f: _Frame(frames[f][1]) for f in range(begin, end)}
    for i, seen in sights(frames).items():
        _fill(i, seen, frames, times, done, options)
    for f in range(begin, end):
        yield frames[f][0], done[f].people()


class _Frame:
    """A frame's people while others are filled in."""

    def __init__(self, people: People) -> None:
        unknown = identities(people) < 0
        self.found = people[people.present.any(1) | unknown]
        self.more: list[tuple[int, np.ndarray, np.ndarray, float]] = []

    def add(self, i: int, xy: np.ndarray, score: np.ndarray, person_score: float) -> None:
        """Somebody who is not seen in this frame."""
        self.more.append((i, xy, score, person_score))

    def people(self) -> People:
        found, n, joints = self.found, len(self.more), len(self.found.skeleton.joints)
        ids, xy, score, person_score = zip(*self.more, strict=True) if n else ([], [], [], [])
        nowhere = np.full((n, joints, 2), np.nan, np.float32)
        data = {name: _extended(values, n) for name, values in found.data.items()}
        data |= {
            "tracklet": np.concatenate([found.data["tracklet"], np.full(n, -1, np.int32)]),
            "interpolated": np.concatenate([found.data["interpolated"], np.ones((n, joints), bool)]),
            "raw_xy": np.concatenate([found.data["raw_xy"], nowhere]),
        }
        return People(
            np.concatenate([found.xy, np.reshape(xy, nowhere.shape)]),
            np.concatenate([found.score, np.reshape(score, (n, joints))]),
            np.concatenate([found.person_score, person_score]),
            found.skeleton,
            _extended(found.completed, n),
            np.concatenate([identities(found), ids]).astype(np.int32),
            data,
            None if found.hidden is None else _extended(found.hidden, n),
            found.joint_data,
        )


def _extended(values: np.ndarray, n: int) -> np.ndarray:
    """``values`` with n more rows of zeros."""
    return np.concatenate([values, np.zeros((n, *values.shape[1:]), values.dtype)])


def _fill(
    i: int,
    seen: list[tuple[int, int]],
    frames: Sequence[tuple[float, People]],
    times: np.ndarray,
    done: dict[int, _Frame],
    options: TrackOptions,
) -> None:
    """Fill the person ``i`` in between sights, (frame, row), by straight lines."""
    for (a, row), (b, other) in pairwise(seen):
        if times[b] - times[a] > options.fill + 1e-9:
            continue
        one, two = frames[a][1], frames[b][1]
        for f in range(a + 1, b):
            if f in done:
                share = (times[f] - times[a]) / max(times[b] - times[a], 1e-12)
                xy = (1 - share) * one.xy[row] + share * two.xy[other]
                score = np.where(np.isnan(xy[:, 0]), 0, np.minimum(one.score[row], two.score[other]))
                done[f].add(i, xy, score, float(min(one.person_score[row], two.person_score[other])))
