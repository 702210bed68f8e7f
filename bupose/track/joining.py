"""Which tracklets are one person's: the best assignment of ends to beginnings over the whole video."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bupose.skeleton import Skeleton
from bupose.track.motion import predict
from bupose.track.options import TrackOptions
from bupose.track.similarity import joint_similarity
from bupose.track.tracklets import End, Tracklet

SIZE_RATIO = 0.6  # the smaller of two ends of one person, at least


def join_tracklets(tracklets: list[Tracklet], skeleton: Skeleton, options: TrackOptions) -> dict[int, int]:
    """The identity of each tracklet, by number: 0, 1, 2, … in order of appearance; −1 of ghosts.

    An end is joined to a beginning if each is where the other's motion leads to; among all such pairs those are chosen
    whose similarities have the largest sum. Ghosts are people who were seen too shortly or faintly to be confirmed.
    """
    firsts = sorted(range(len(tracklets)), key=lambda n: tracklets[n].first.time)
    starts = np.array([tracklets[n].first.time for n in firsts])
    rows: list[int] = []
    columns: list[int] = []
    worth: list[float] = []
    for n, one in enumerate(tracklets):
        low, high = np.searchsorted(starts, [one.last.time, one.last.time + options.gap], "right")
        for m in firsts[low:high]:
            value = _continues(one.last, tracklets[m].first, skeleton, options)
            if value > 0:
                rows.append(n)
                columns.append(m)
                worth.append(value)
    before = np.full(len(tracklets), -1)
    for n, m in _choose(rows, columns, worth, len(tracklets)):
        before[m] = n
    return _number(tracklets, before, firsts, options)


def _continues(last: End, first: End, skeleton: Skeleton, options: TrackOptions) -> float:
    """Similarity of somebody's end and a beginning, 0 if they are of different people."""
    dt, size = first.time - last.time, (last.size + first.size) / 2
    off = np.stack([first.xy - last.xy - last.velocity * dt, first.xy - last.xy - first.velocity * dt])
    unsure = size * np.sqrt(predict(np.stack([last.covariance, first.covariance]), dt, options.restless)[:, 0])
    near, sharp = joint_similarity((off**2).sum(2), np.full(2, size), unsure, np.asarray(skeleton.sigmas))
    here = max(int((~np.isnan(off[0, :, 0])).sum()), 1)
    alike, value = (np.sqrt(joints.sum(1).prod()) / here for joints in (near, near * sharp))
    grown = min(last.size, first.size) / max(last.size, first.size)
    return float(value) if alike >= options.similarity and grown > SIZE_RATIO else 0.0


def _choose(rows: list[int], columns: list[int], worth: list[float], n: int) -> list[tuple[int, int]]:
    """Pairs of the largest total worth, each row and column at most once: components are solved one by one."""
    graph = coo_array((np.ones(len(rows)), (rows, [c + n for c in columns])), shape=(2 * n, 2 * n))
    group = connected_components(graph, directed=False)[1]
    edges = np.array([group[r] for r in rows], int)
    chosen = []
    for g in np.unique(edges):
        mine = np.flatnonzero(edges == g)
        r, row = np.unique(np.array(rows)[mine], return_inverse=True)
        c, column = np.unique(np.array(columns)[mine], return_inverse=True)
        table = np.zeros((len(r), len(c)))
        table[row, column] = np.array(worth)[mine]
        for i, j in zip(*linear_sum_assignment(table, maximize=True), strict=True):
            if table[i, j] > 0:
                chosen.append((int(r[i]), int(c[j])))
    return chosen


def _number(tracklets: list[Tracklet], before: np.ndarray, firsts: list[int], options: TrackOptions) -> dict[int, int]:
    chain = np.arange(len(tracklets))
    for n in firsts:  # earlier ones first
        if before[n] >= 0:
            chain[n] = chain[before[n]]
    ids: dict[int, int] = {}
    for n in firsts:
        if chain[n] == n:
            parts = [t for t, c in zip(tracklets, chain, strict=True) if c == n]
            pictures, score = sum(t.pictures for t in parts), sum(t.score for t in parts)
            lasted = max(t.last.time for t in parts) - min(t.first.time for t in parts)
            real = pictures >= 3 and lasted >= options.confirm and score >= options.sure * pictures
            ids[n] = sum(v >= 0 for v in ids.values()) if real else -1
    return {t.number: ids[int(c)] for t, c in zip(tracklets, chain, strict=True)}
