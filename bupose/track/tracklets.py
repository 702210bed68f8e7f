"""Tracklets: stretches of a video through which somebody was followed beyond doubt, each by its two ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bupose.people import People
from bupose.track.motion import corners, sizes
from bupose.track.tracks import FIRST_SPEED, NOISE

SPAN = 1.0  # s: how much of an end its velocity is taken from


@dataclass
class End:
    """Where somebody was seen first or last, and moving how.

    Parameters
    ----------
    time : float, s
    xy : float64 (K, 2), pixels
        Joints; NaN for those not seen within a second.
    velocity : float64 (2,), pixels per second
    covariance : float64 (3,)
        As of :func:`bupose.track.motion.predict`.
    size : float, pixels
    """

    time: float
    xy: np.ndarray
    velocity: np.ndarray
    covariance: np.ndarray
    size: float


@dataclass
class Tracklet:
    """A tracklet, without its middle.

    Parameters
    ----------
    number : int
    first, last : End
    pictures : int
        In how many it was seen.
    score : float
        Sum of the person scores there.
    """

    number: int
    first: End
    last: End
    pictures: int
    score: float


def read_tracklets(frames: Iterable[tuple[float, People]]) -> list[Tracklet]:
    """The tracklets of a video, by ``data["tracklet"]``, in order of appearance."""
    growing: dict[int, _Growing] = {}
    done: list[Tracklet] = []
    sigmas = np.zeros(0)
    for time, people in frames:
        sigmas = np.asarray(people.skeleton.sigmas)
        for n, number in enumerate(people.data["tracklet"].tolist()):
            if number >= 0:
                growing.setdefault(number, _Growing(number)).add(time, people.xy[n], float(people.person_score[n]))
        for number in [k for k, g in growing.items() if time - g.tail[-1][0] > _OVER]:
            done.append(growing.pop(number).close(sigmas))
    done += [g.close(sigmas) for g in growing.values()]
    return sorted(done, key=lambda t: t.number)


_OVER = 60.0  # s: the tracker does not continue a tracklet after so long a gap


class _Growing:
    """A tracklet being read: its first second and its last one."""

    def __init__(self, number: int) -> None:
        self.number, self.pictures, self.score = number, 0, 0.0
        self.head: list[tuple[float, np.ndarray]] = []
        self.tail: deque[tuple[float, np.ndarray]] = deque()

    def add(self, time: float, xy: np.ndarray, score: float) -> None:
        self.pictures += 1
        self.score += score
        if not self.head or time - self.head[0][0] <= SPAN:
            self.head.append((time, xy))
        self.tail.append((time, xy))
        while time - self.tail[0][0] > SPAN:
            self.tail.popleft()

    def close(self, sigmas: np.ndarray) -> Tracklet:
        return Tracklet(
            self.number, _end(self.head, sigmas, 0), _end(list(self.tail), sigmas, -1), self.pictures, self.score
        )


def _end(seen: list[tuple[float, np.ndarray]], sigmas: np.ndarray, at: int) -> End:
    """The state at the first (0) or last (−1) of some sights, from a line through each joint with a common slope."""
    times, xy = np.array([t for t, _ in seen]), np.array([x for _, x in seen], np.float64)
    here: np.ndarray = ~np.isnan(xy[..., 0])
    count = np.maximum(here.sum(0), 1)
    weight = here / sigmas**2
    middle = (here * times[:, None]).sum(0) / count
    centre = np.nan_to_num(xy).sum(0) / count[:, None]
    spread = np.where(here, times[:, None] - middle, 0)
    total = (weight * spread**2).sum()
    velocity = np.einsum("tk,tkd->d", weight * spread, np.where(here[..., None], xy - centre, 0))
    velocity = velocity / total if total > 0 else np.zeros(2)
    there = np.where(here.sum(0)[:, None] > 0, centre + velocity * (times[at] - middle)[:, None], np.nan)
    size = float(np.median(sizes(*corners(xy))))
    # as of a line through n evenly spread places, and of a prior
    known = NOISE / max(float(((times - times.mean()) ** 2).sum()), 1e-12)
    speed = 1 / (1 / known + 1 / FIRST_SPEED**2)
    return End(float(times[at]), there, velocity * speed / known, np.array([NOISE, 0.0, speed]), size)
