"""The path of a body through the video, and people found beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bupose.people import People
from bupose.track.motion import corners, sizes

REACH = 0.75  # s: how far neighbours count
ROUNDS = 3  # fits that give less weight to what lies beside the one before
STRAY = 0.5  # body sizes beside its path: somebody or something else was found
FEW = 4  # sights that a path is fitted to at least, however far


def path_reach() -> float:
    """Seconds around a moment on which the path there depends, unless somebody is hardly seen."""
    return (ROUNDS + 1) * REACH


def keep_to_paths(frames: Sequence[tuple[float, People]]) -> list[tuple[float, People]]:
    """The frames without people found far beside their path.

    A body's place, the median of its joints, moves as smoothly as a mass does; it jumps where people who overlap are
    taken for each other, or their joints are mixed.

    Parameters
    ----------
    frames : sequence of (time in s, People)
        People with ``ids``; those with −1 stay as they are.

    Returns
    -------
    list of (time, People)
        ``xy`` is NaN, and ``score`` 0, of people found more than :data:`STRAY` beside.
    """
    times = np.array([time for time, _ in frames])
    stray = [np.zeros(len(people), bool) for _, people in frames]
    for seen in sights(frames).values():
        xy = np.array([frames[f][1].xy[row] for f, row in seen], np.float64)
        place, size = np.nanmedian(xy, 1), sizes(*corners(xy))
        path = smooth_path(times[[f for f, _ in seen]], place, size)
        for (f, row), far in zip(seen, np.hypot(*(place - path).T) > STRAY * size, strict=True):
            stray[f][row] = far
    return [
        (time, replace(p, xy=np.where(s[:, None, None], np.nan, p.xy), score=np.where(s[:, None], 0, p.score)))
        for (time, p), s in zip(frames, stray, strict=True)
    ]


def sights(frames: Sequence[tuple[float, People]]) -> dict[int, list[tuple[int, int]]]:
    """Where each identity is seen: (frame, row) of those with any joint."""
    found: dict[int, list[tuple[int, int]]] = {}
    for f, (_, people) in enumerate(frames):
        ids = identities(people)
        for row in np.flatnonzero((ids >= 0) & people.present.any(1)).tolist():
            found.setdefault(int(ids[row]), []).append((f, row))
    return found


def identities(people: People) -> np.ndarray:
    """int32 (P,): the people's ids, −1 where they have none."""
    return np.full(len(people), -1, np.int32) if people.ids is None else people.ids


def smooth_path(times: np.ndarray, place: np.ndarray, size: np.ndarray) -> np.ndarray:
    """float64 (N, 2): where places (N, 2) seen at ``times`` would be on a smooth path; ``size`` (N,) as they, pixels.

    Notes
    -----
    Robust local regression by parabolas with tricube and bisquare weights: Cleveland 1979, Robust Locally Weighted
    Regression and Smoothing Scatterplots. A jump of half a second and 0.4 body sizes is 0.2 beside the path at most.
    """
    apart = times - times[:, None]
    few = min(len(times), FEW) - 1
    band = np.maximum(REACH, 1.01 * np.partition(np.abs(apart), few, 1)[:, few])
    near = np.clip(1 - (np.abs(apart) / band[:, None]) ** 3, 0, None) ** 3
    powers = (apart / band[:, None])[..., None] ** np.arange(3)
    robust = np.ones(len(times))
    for _ in range(ROUNDS + 1):
        weighted = (robust * near)[..., None] * powers
        moments = np.einsum("tnp,tnq->tpq", weighted, powers) + np.diag([0, 1e-6, 1e-6])
        path: np.ndarray = np.linalg.solve(moments, np.einsum("tnp,nd->tpd", weighted, place))[:, 0]
        far = np.hypot(*(place - path).T) / size
        robust = np.clip(1 - (far / STRAY) ** 2, 0, None) ** 2 + 1e-3  # never nothing at all
    return path
