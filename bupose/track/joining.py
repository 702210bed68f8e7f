"""Which tracklets are one person's: the best assignment of ends to beginnings over the whole video."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bupose.skeleton import Skeleton
from bupose.track.motion import predict
from bupose.track.options import TrackOptions
from bupose.track.tracklets import End, Tracklet
from bupose.track.tracks import LEAST_HITS

LONG = (0.5, 0.2, 0.0)  # s: the longest tracklets are joined first, for it is known how they move
# What the fit of an end does not know of: a body's sway, as variances of place and velocity, in body sizes and seconds.
SWAY = (0.05, 0.0, 0.1)
SIZE_ERROR = 0.15  # standard deviation of the logarithm of a size
FARTHEST = 25.0  # squared distance in standard deviations; it is larger for one person in 7000, by chi² of 5 degrees
# Logarithm of how many others begin in a second, at each place and velocity, in body sizes: of ten people in a picture
# of a hundred body sizes who stay for five seconds each, and with 4 pi² of the normal densities that is left out.
STRANGER = -3.0
SHORTEST = 0.05  # s: so long a gap counts at least

Chain = list[Tracklet]  # of one person, in order of time


def join_tracklets(tracklets: list[Tracklet], skeleton: Skeleton, options: TrackOptions) -> dict[int, int]:
    """The identity of each tracklet, by number: 0, 1, 2, … in order of appearance; −1 of ghosts.

    An end is joined to a beginning if each is where the other's motion leads to; among all such pairs those are chosen
    whose likelihoods have the largest product. Ghosts are people who were seen too shortly or faintly to be confirmed.
    """
    chains = [[t] for t in tracklets]
    for least in LONG:
        chains = _insert(_join(chains, least, skeleton, options), skeleton, options)
    ids: dict[int, int] = {}
    n = 0
    for chain in sorted(chains, key=lambda c: (_start(c), c[0].number)):
        pictures, score = sum(t.pictures for t in chain), sum(t.score for t in chain)
        real = pictures >= LEAST_HITS and _lasted(chain) >= options.confirm - 1e-6 and score >= options.sure * pictures
        ids |= dict.fromkeys((t.number for t in chain), n if real else -1)
        n += real
    return ids


def _start(chain: Chain) -> float:
    return chain[0].first.time


def _lasted(chain: Chain) -> float:
    return chain[-1].last.time - chain[0].first.time


def _join(chains: list[Chain], least: float, skeleton: Skeleton, options: TrackOptions) -> list[Chain]:
    """Join chains that last at least so long, s, end to beginning."""
    chains = sorted(chains, key=_start)
    long = [n for n, chain in enumerate(chains) if _lasted(chain) >= least]
    starts = np.array([_start(chains[n]) for n in long])
    worth: dict[tuple[int, int], float] = {}
    for n in long:
        end = chains[n][-1].last
        low, high = np.searchsorted(starts, [end.time, end.time + options.gap], "right")
        for m in long[low:high]:
            worth[n, m] = _likelihood(end, chains[m][0].first, skeleton, options)
    before = {m: n for n, m in _choose({pair: value for pair, value in worth.items() if value > 0}, len(chains))}
    whole: dict[int, Chain] = {}
    for m, chain in enumerate(chains):  # in order of time: what comes before is there already
        if m in before:
            whole[m] = whole[before[m]]
            whole[m] += chain
        else:
            whole[m] = list(chain)
    return [whole[m] for m in whole if m not in before]


def _insert(chains: list[Chain], skeleton: Skeleton, options: TrackOptions) -> list[Chain]:
    """Put chains into the gaps of longer ones where they fit best, the longest first."""
    kept: list[Chain] = []
    around: dict[int, list[Chain]] = defaultdict(list)  # by second
    for chain in sorted(chains, key=lambda c: (-_lasted(c), _start(c), c[0].number)):
        places = [(_fit(chain, other, skeleton, options), n) for n, other in enumerate(around[int(_start(chain))])]
        value, n = max(places, default=(0.0, 0))
        if value > 0:
            other = around[int(_start(chain))][n]
            at = bisect_left(other, _start(chain), key=lambda t: t.first.time)
            other[at:at] = chain
        else:
            kept.append(chain)
            for second in range(int(_start(chain)), int(chain[-1].last.time) + 1):
                around[second].append(chain)
    return kept


def _fit(chain: Chain, other: Chain, skeleton: Skeleton, options: TrackOptions) -> float:
    """How likely a chain belongs into a gap of another one, 0 if it cannot."""
    at = bisect_left(other, _start(chain), key=lambda t: t.first.time)
    if not 0 < at < len(other):
        return 0.0
    before, after = other[at - 1].last, other[at].first
    if before.time >= _start(chain) or chain[-1].last.time >= after.time:
        return 0.0
    two = _likelihood(before, chain[0].first, skeleton, options), _likelihood(chain[-1].last, after, skeleton, options)
    return sum(two) if min(two) > 0 else 0.0


def _likelihood(last: End, first: End, skeleton: Skeleton, options: TrackOptions) -> float:
    """How much likelier an end and a beginning are one person's than two people's, logarithm; 0 if they are not.

    The density of the beginning's place and velocity, both normal, where the end leads to: constant velocity, with the
    uncertainty of both fits and of the time between (:func:`bupose.track.motion.predict`). The longer the gap, the more
    others begin in it.
    """
    weight = np.where(np.isnan(first.xy[:, 0] + last.xy[:, 0]), 0, 1 / np.asarray(skeleton.sigmas) ** 2)
    if not weight.any():
        return 0.0
    dt, size = first.time - last.time, np.sqrt(last.size * first.size)
    away = weight @ np.nan_to_num(first.xy - last.xy) / weight.sum()
    expected = predict(last.covariance[None] + SWAY, dt, options.restless)[0]
    place, both, speed = expected + first.covariance + SWAY
    x, v = (away - last.velocity * dt) / size, (first.velocity - last.velocity) / size
    area = place * speed - both**2
    squared = float((speed * x @ x - 2 * both * x @ v + place * v @ v) / area)
    squared += (np.log(first.size / last.size) / SIZE_ERROR) ** 2
    if squared >= FARTHEST:
        return 0.0
    return float(max(0.0, -squared / 2 - np.log(area) - STRANGER - np.log(max(dt, SHORTEST))))


def _choose(worth: dict[tuple[int, int], float], n: int) -> list[tuple[int, int]]:
    """Pairs (row, column) of the largest total worth, each of n rows and columns at most once.

    What hangs together is solved at once (Kuhn 1955, Munkres 1957), the rest apart.
    """
    rows, columns = (np.array([pair[i] for pair in worth], int) for i in (0, 1))
    graph = coo_array((np.ones(len(rows)), (rows, columns + n)), shape=(2 * n, 2 * n))
    group = connected_components(graph, directed=False)[1][rows] if len(rows) else rows
    values, chosen = np.array(list(worth.values())), []
    for mine in np.split(np.argsort(group, kind="stable"), np.flatnonzero(np.diff(np.sort(group))) + 1):
        r, row = np.unique(rows[mine], return_inverse=True)
        c, column = np.unique(columns[mine], return_inverse=True)
        table = np.zeros((len(r), len(c)))
        table[row, column] = values[mine]
        at, to = linear_sum_assignment(table, maximize=True)
        chosen += [(int(r[i]), int(c[j])) for i, j in zip(at, to, strict=True) if table[i, j] > 0]
    return chosen
