"""Left and right of one person, decided over time: a network takes one leg for the other for moments."""

from __future__ import annotations

from itertools import product

import numpy as np

JERK = 0.12  # body sizes that a joint may be beside a steady motion; chosen, as the next two, on drawn walks
WORST = 4.0  # squared, in units of ``JERK``: farther away says nothing more
TOGGLE = 15.0  # per second that a joint counts as the other side's, in the same units
HESITATION = 1.0  # s over which a decision may be put off; in theory longer, by ``WORST`` and ``TOGGLE``
PAUSE = 0.2  # s without both joints after which motion begins anew


def decide_sides(times: np.ndarray, xy: np.ndarray, size: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Which joints of one person are taken for those of the other side.

    Parameters
    ----------
    times : float64 array (T,), s
        Rising.
    xy : float64 array (T, K, 2), pixels
        NaN where a joint was not found.
    size : float64 array (T,), pixels
        The person's: the square root of its area.
    mirror : int array (K,)
        Each joint's counterpart, itself on the midline.

    Returns
    -------
    bool array (T, K)
        True for both joints of a pair that ought to be exchanged.

    Notes
    -----
    For each pair the cheapest path through time (Viterbi 1967), where a joint is expected to go on as it moved between
    the two sights before. What the network says is cheaper by ``TOGGLE``, so that only short exchanges are found: of
    long ones nobody knows which end is right.
    """
    left = np.flatnonzero(mirror > np.arange(len(mirror)))
    changed = np.zeros(xy.shape[:2], bool)
    seen = ~np.isnan(xy[..., 0])
    for k in left:
        at = np.flatnonzero(seen[:, k] & seen[:, mirror[k]])
        breaks = np.flatnonzero(np.diff(times[at]) > PAUSE) + 1
        for run in np.split(at, breaks):
            if len(run) > 2:
                toggled = _cheapest(times[run], xy[run][:, [k, mirror[k]]], size[run])
                changed[run, k] = changed[run, mirror[k]] = toggled
    return changed


def _cheapest(times: np.ndarray, pair: np.ndarray, size: np.ndarray) -> np.ndarray:
    """bool (T,): when to exchange the two joints of (T, 2, 2)."""
    steps = np.diff(times)
    ratio = (steps[1:] / np.maximum(steps[:-1], 1e-9))[:, None, None]
    step = np.zeros((len(times) - 2, 2, 2, 2))  # frame, states of the frame before last, of the last, of this one
    for a, b, c in product((0, 1), repeat=3):
        before, last, now = (p[:, ::-1] if s else p for p, s in ((pair[:-2], a), (pair[1:-1], b), (pair[2:], c)))
        far = (
            np.linalg.norm(now - (last + (last - before) * ratio), axis=2) / np.maximum(JERK * size[2:], 1e-9)[:, None]
        )
        step[:, a, b, c] = np.minimum(far**2, WORST).sum(1)
    toggle = TOGGLE * np.gradient(times)
    cost = toggle[0] * np.array([[0], [1]]) + toggle[1] * np.array([0, 1])  # states of the last two frames
    choice = np.zeros((len(step), 2, 2), int)
    for t, one in enumerate(step):
        total = cost[:, :, None] + one
        choice[t] = total.argmin(0)
        cost = total.min(0) + toggle[t + 2] * np.array([0, 1])
    last, now = np.unravel_index(cost.argmin(), (2, 2))
    path = [int(now), int(last)]
    for chosen in choice[::-1]:
        path.append(int(chosen[path[-1], path[-2]]))
    return np.array(path[::-1], bool)
