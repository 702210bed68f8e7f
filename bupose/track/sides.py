"""Left and right of one person, decided over time: a network takes one leg for the other for moments."""

from __future__ import annotations

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


def decide_sides_now(
    sights: np.ndarray, times: np.ndarray, cost: np.ndarray, pairs: np.ndarray, size: np.ndarray, time: float
) -> np.ndarray:
    """Which pairs of joints of N people are exchanged in the next frame, from it and those before it.

    The step of :func:`decide_sides` from one frame to the next: the end of the path that is cheapest so far.

    Parameters
    ----------
    sights : float64 array (N, L, 2, 2, 2), pixels
        Where the two joints of L pairs were in their last two sights; changed in place, as the next two.
    times : float64 array (N, L, 2), s
        When; −inf for never.
    cost : float64 array (N, L, 2, 2)
        Of the cheapest path that ends with either state of the last two sights.
    pairs : float64 array (N, L, 2, 2), pixels
        The joints now, left and right; NaN where they were not found.
    size : float64 array (N,), pixels
        The person's: the square root of its area.
    time : float, s
        Not before ``times``.

    Returns
    -------
    bool array (N, L)
        False unless both joints are found.
    """
    here = ~np.isnan(pairs).any((2, 3))
    known = here & (time - times[..., 1] <= PAUSE + 1e-9)
    further = known & np.isfinite(times[..., 0])
    before, last = np.moveaxis(np.where(further[..., None], times, (0, 1)), 2, 0)
    apart = np.where(known, time - times[..., 1], 0)
    ratio = apart / np.maximum(last - before, 1e-9)
    step = _costs(sights[..., 0, :, :], sights[..., 1, :, :], pairs, ratio, size[:, None])
    step = np.where(further[..., None, None, None], step, 0)
    total = (cost[..., None] + step).min(2) + TOGGLE * apart[..., None, None] * np.array([0, 1])
    total = np.where(known[..., None, None], total - total.min((2, 3), keepdims=True), 0)
    cost[here] = total[here]
    sights[here] = np.stack([sights[..., 1, :, :], pairs], 2)[here]
    times[here] = np.stack([np.where(known, times[..., 1], -np.inf), np.full(here.shape, time)], 2)[here]
    other: np.ndarray = here & (cost.reshape(*here.shape, 4).argmin(2) % 2 == 1)
    return other


def _cheapest(times: np.ndarray, pair: np.ndarray, size: np.ndarray) -> np.ndarray:
    """bool (T,): when to exchange the two joints of (T, 2, 2)."""
    steps = np.diff(times)
    step = _costs(pair[:-2], pair[1:-1], pair[2:], steps[1:] / np.maximum(steps[:-1], 1e-9), size[2:])
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


def _costs(before: np.ndarray, last: np.ndarray, now: np.ndarray, ratio: np.ndarray, size: np.ndarray) -> np.ndarray:
    """float64 (…, 2, 2, 2): how unsteady two joints (…, 2, 2) move, by the states of three sights.

    ``ratio`` is the time between the last two as a share of the time between the first two.
    """
    a, b, c = (np.stack([pair, pair[..., ::-1, :]], -3) for pair in (before, last, now))
    a, b, c = a[..., :, None, None, :, :], b[..., None, :, None, :, :], c[..., None, None, :, :, :]
    off = np.linalg.norm(c - (b + (b - a) * ratio[..., None, None, None, None, None]), axis=-1)
    far = off / np.maximum(JERK * size, 1e-9)[..., None, None, None, None]
    costs: np.ndarray = np.minimum(far**2, WORST).sum(-1)
    return costs
