"""One-to-one matching of candidate limbs."""

from __future__ import annotations

import numpy as np


def match_hungarian(ids, weight, peaks):
    """One-to-one matching of maximum total weight, for each limb.

    Parameters
    ----------
    ids : int32 array (M, 3)
        Limb, first and second peak; sorted.
    weight : float32 array (M,), positive
    peaks : int
        Number of peaks.

    Returns
    -------
    bool array (M,)

    Notes
    -----
    Cao et al. 2017, eqs. 13-15. The Hungarian algorithm by shortest augmenting paths (Jonker & Volgenant 1987) on the
    full matrix, with a column per row to stay unmatched.
    """
    chosen = np.zeros(len(ids), bool)
    for limb in np.unique(ids[:, 0]):
        rows = np.flatnonzero(ids[:, 0] == limb)
        firsts, i = np.unique(ids[rows, 1], return_inverse=True)
        seconds, j = np.unique(ids[rows, 2], return_inverse=True)
        cost = np.zeros((len(firsts), len(seconds) + len(firsts)))
        cost[i, j] = -weight[rows].astype(np.float64)
        column = _assign(cost)
        chosen[rows[column[i] == j]] = True
    return chosen


def _assign(cost):
    """The column of each row in a minimum-cost assignment of all rows."""
    n, m = cost.shape
    u, v, owner = np.zeros(n), np.zeros(m + 1), np.full(m + 1, -1)
    for root in range(n):
        owner[m], j = root, m  # a virtual column from which the search starts
        least, via, done = np.full(m, np.inf), np.full(m, -1), np.zeros(m + 1, bool)
        while owner[j] >= 0:
            done[j] = True
            reduced = cost[owner[j]] - u[owner[j]] - v[:m]
            closer = ~done[:m] & (reduced < least)
            least[closer], via[closer] = reduced[closer], j
            free = np.where(done[:m], np.inf, least)
            nearest = int(free.argmin())
            delta = free[nearest]
            u[owner[done]] += delta
            v[done] -= delta
            least[~done[:m]] -= delta
            j = nearest
        while j != m:
            owner[j] = owner[via[j]]
            j = via[j]
    column = np.empty(n, int)
    for j in range(m):
        if owner[j] >= 0:
            column[owner[j]] = j
    return column


def match_greedy(ids, order, peaks):
    """Greedy one-to-one matching in ``order`` (heaviest first: OpenPose's way).

    Parameters
    ----------
    ids : int32 array (M, 3)
        Limb, first and second peak; sorted.
    order : int array (M,)
        All rows of ``ids``.
    peaks : int
        Number of peaks.

    Returns
    -------
    bool array (M,)
    """
    chosen = np.zeros(len(ids), bool)
    taken = set()
    for e in order:
        limb, a, b = ids[e]
        if (limb, "first", a) not in taken and (limb, "second", b) not in taken:
            taken |= {(limb, "first", a), (limb, "second", b)}
            chosen[e] = True
    return chosen
