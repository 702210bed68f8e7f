"""Steady joints once a video is known as a whole: sides decided, short gaps filled, jitter taken out without delay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.interpolate import PchipInterpolator

from bupose.people import People
from bupose.track.motion import corners, sizes
from bupose.track.options import SteadyOptions
from bupose.track.sides import HESITATION, decide_sides

ROUNDS = 2  # fits that leave out what lies far from the one before
NEAR = 0.5  # s around a moment in which the person's size is taken
STIFF = (0.0, 1e-7, 1e-3)  # in shares of the weights: few neighbours, all on one side, give a line
FARTHEST = 3.0  # sum of the shares of neighbours, of either sign: 1 for a mean, large for what lies outside them
LEAST_WEIGHT = 0.05  # of a joint, however unsure


def reach(options: SteadyOptions) -> float:
    """Seconds around a moment on which the steady joints there depend."""
    return (ROUNDS + 1) * options.window + 2 * options.bridge + NEAR + options.sides * HESITATION


def steady_window(frames: Sequence[tuple[float, People]], options: SteadyOptions) -> list[tuple[float, People]]:
    """The frames with joints filled in and steady, person by person.

    Exact farther than :func:`reach` from both ends of a video cut in windows.

    Parameters
    ----------
    frames : sequence of (time in s, People)
        People with ``ids``; those with −1 stay as they are.
    options : SteadyOptions
        With ``offline`` off, nothing is changed.

    Returns
    -------
    list of (time, People)
        With ``data["interpolated"]``, bool (P, K), and ``data["raw_xy"]``, float32 (P, K, 2).
    """
    told = [np.zeros(p.score.shape, bool) if p.hidden is None else p.hidden for _, p in frames]
    new = [
        (p.xy.copy(), p.score.copy(), np.zeros(p.score.shape, bool), p.completed.copy(), hidden.copy())
        for (_, p), hidden in zip(frames, told, strict=True)
    ]
    sights: dict[int, list[tuple[int, int]]] = {}
    for f, (_, people) in enumerate(frames):
        for row, i in enumerate([] if people.ids is None or not options.offline else people.ids.tolist()):
            if i >= 0:
                sights.setdefault(i, []).append((f, row))
    for seen in sights.values():
        times = np.array([frames[f][0] for f, _ in seen])
        found = np.stack([frames[f][1].xy[row] for f, row in seen]).astype(np.float64)
        score = np.stack([frames[f][1].score[row] for f, row in seen])
        completed = np.stack([frames[f][1].completed[row] for f, row in seen])
        hidden = np.stack([told[f][row] for f, row in seen])
        size, mirror = sizes_around(times, found), frames[0][1].skeleton.mirror_joints
        if options.sides:
            other = decide_sides(times, found, size, mirror)
            found = np.where(other[..., None], found[:, mirror], found)
            score, completed, hidden = (np.where(other, a[:, mirror], a) for a in (score, completed, hidden))
        xy, score, interpolated = fill_gaps(times, found, score, options)
        xy = smooth(times, xy, score, size, options)
        for (f, row), *values in zip(seen, xy, score, interpolated, completed, hidden, strict=True):
            for array, value in zip(new[f], values, strict=True):
                array[row] = value
    steady = []
    for (time, p), (xy, score, interpolated, completed, covered) in zip(frames, new, strict=True):
        data = {"raw_xy": p.xy, **p.data, "interpolated": interpolated}
        now = replace(p, xy=xy, score=score, completed=completed, data=data, joint_data=("interpolated", "raw_xy"))
        steady.append((time, now if p.hidden is None else replace(now, hidden=covered)))
    return steady


def fill_gaps(
    times: np.ndarray, xy: np.ndarray, score: np.ndarray, options: SteadyOptions
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Joints of one person that were not found for a moment, filled in.

    Parameters
    ----------
    times : float64 array (T,), s
        Never falling.
    xy : float64 array (T, K, 2), pixels
        NaN where a joint was not found.
    score : float32 array (T, K)
    options : SteadyOptions
        ``bridge`` is the longest time between two sights that is filled; a longer one is a break.

    Returns
    -------
    xy, score : as given, filled
        The score is the lower one of the two ends.
    interpolated : bool array (T, K)
        What was filled in.

    Notes
    -----
    Monotone cubics (Fritsch and Butland 1984), which do not overshoot.
    """
    xy, score = np.array(xy, np.float64), np.array(score)
    seen = ~np.isnan(xy[..., 0])
    for k in np.flatnonzero(seen.any(0) & ~seen.all(0)):
        at = np.flatnonzero(seen[:, k])
        breaks = np.flatnonzero(np.diff(times[at]) > options.bridge + 1e-9) + 1
        for run in np.split(at, breaks):
            missing = np.setdiff1d(np.arange(run[0], run[-1]), run)
            if len(missing):
                after = np.searchsorted(run, missing)
                score[missing, k] = np.minimum(score[run[after - 1], k], score[run[after], k])
                knots = run[np.diff(times[run], prepend=-np.inf) > 0]  # damaged files repeat a time
                one = len(knots) == 1
                xy[missing, k] = xy[run[0], k] if one else PchipInterpolator(times[knots], xy[knots, k])(times[missing])
    return xy, score, ~np.isnan(xy[..., 0]) & ~seen


def smooth(
    times: np.ndarray, xy: np.ndarray, score: np.ndarray, size: np.ndarray, options: SteadyOptions
) -> np.ndarray:
    """Joints of one person without jitter, and without delay.

    Parameters
    ----------
    times : float64 array (T,), s
        Never falling, at any distances.
    xy : float64 array (T, K, 2), pixels
        NaN where a joint was not found; it stays so.
    score : float32 array (T, K)
        Weights.
    size : float64 array (T,), pixels
        The person's: the square root of its area.
    options : SteadyOptions
        ``window`` is how far the neighbours count, ``outlier`` from where they do not.

    Returns
    -------
    float64 array (T, K, 2)

    Notes
    -----
    Robust local regression by parabolas with tricube and bisquare weights: Cleveland 1979, Robust Locally Weighted
    Regression and Smoothing Scatterplots. On even times and without outliers it is a weighted Savitzky-Golay filter.
    """
    low = np.searchsorted(times, times - options.window, "left")
    high = np.searchsorted(times, times + options.window, "right")
    near = low[:, None] + np.arange((high - low).max(initial=0))
    inside, near = near < high[:, None], np.minimum(near, len(times) - 1)
    apart = (times[near] - times[:, None]) / options.window
    kernel = np.where(inside, np.clip(1 - np.abs(apart) ** 3, 0, None) ** 3, 0)
    seen = ~np.isnan(xy[..., 0])
    sure = np.where(seen, np.maximum(score, LEAST_WEIGHT), 0)
    powers = kernel[:, None] * apart[:, None] ** np.arange(5)[:, None]  # (T, 5, W)
    weight, fit = sure, np.nan_to_num(xy)
    for _ in range(ROUNDS + 1):
        far = np.linalg.norm(np.nan_to_num(xy) - fit, axis=-1) / np.maximum(options.outlier * size, 1e-9)[:, None]
        weight = sure * np.clip(1 - far**2, 0, None) ** 2
        fit = np.where(seen[..., None], _parabola(powers, weight[near], np.nan_to_num(xy), near, fit), 0)
    return np.where(seen[..., None], fit, np.nan)


def _parabola(
    powers: np.ndarray, weight: np.ndarray, xy: np.ndarray, near: np.ndarray, otherwise: np.ndarray
) -> np.ndarray:
    """The middle of the parabola through weighted neighbours; ``otherwise`` where it is a guess from afar."""
    moments = np.einsum("tpw,twk->tkp", powers, weight)
    total = moments[..., :1]
    moments = np.where(total > 1e-9, moments / np.maximum(total, 1e-9), np.eye(5)[0])
    matrix = moments[..., np.arange(3)[:, None] + np.arange(3)] + np.diag(STIFF)
    middle = np.broadcast_to([[1.0], [0.0], [0.0]], (*matrix.shape[:2], 3, 1))
    weight = weight / np.maximum(total, 1e-9).transpose(0, 2, 1)
    shares = weight * np.einsum("tkp,tpw->twk", np.linalg.solve(matrix, middle)[..., 0], powers[:, :3])
    close = (np.abs(shares).sum(1) < FARTHEST) & (total[..., 0] > 1e-9)
    return np.where(close[..., None], np.einsum("twk,twkd->tkd", shares, xy[near]), otherwise)


def sizes_around(times: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """The person's largest size within ``NEAR``, as it looks smaller where few joints are seen; float64 (T,)."""
    size = np.nan_to_num(sizes(*corners(xy)))
    low, high = np.searchsorted(times, times - NEAR, "left"), np.searchsorted(times, times + NEAR, "right")
    return np.array([size[a:b].max() for a, b in zip(low, high, strict=True)])
