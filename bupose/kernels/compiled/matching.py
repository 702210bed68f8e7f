"""One-to-one matching of candidate limbs."""

from __future__ import annotations

import numpy as np

from bupose.kernels.compiled.jit import jit


@jit
def match_hungarian(ids, weight, peaks):
    """One-to-one matching of maximum total weight, for each limb, by shortest augmenting paths.

    Only candidates are edges, so a search never leaves its connected component. Column ``peaks + a`` leaves the first
    joint ``a`` unmatched, at no cost.
    """
    chosen = np.zeros(len(ids), np.bool_)
    infinity = 1e300
    u, v = np.zeros(peaks), np.zeros(2 * peaks)
    owner = np.full(2 * peaks, -1, np.int32)  # the first joint a column belongs to
    edge = np.full(2 * peaks, -1, np.int32)  # by which candidate
    least = np.full(2 * peaks, infinity)
    via = np.full(2 * peaks, -1, np.int32)  # the previous column on the path
    via_edge = np.full(2 * peaks, -1, np.int32)
    done = np.zeros(2 * peaks, np.bool_)
    reached = np.empty(2 * peaks, np.int32)
    low = np.zeros(peaks, np.int32)
    high = np.zeros(peaks, np.int32)
    begin = 0
    while begin < len(ids):
        end = begin
        while end < len(ids) and ids[end, 0] == ids[begin, 0]:
            a = ids[end, 1]
            low[a] = end
            while end < len(ids) and ids[end, 0] == ids[begin, 0] and ids[end, 1] == a:
                end += 1
            high[a] = end
        row = begin
        while row < end:
            root = ids[row, 1]
            row = high[root]
            u[root] = 0.0
            for e in range(low[root], high[root]):  # the cheapest edge is tight, no reduced cost negative
                u[root] = min(u[root], -float(weight[e]) - v[ids[e, 2]])
            count, column, a, travelled = 0, -1, root, 0.0
            while True:
                for e in range(low[a], high[a] + 1):
                    alone = e == high[a]
                    j = peaks + a if alone else ids[e, 2]
                    if done[j]:
                        continue
                    cost = travelled + ((0.0 if alone else -float(weight[e])) - u[a] - v[j])
                    if least[j] == infinity:
                        reached[count] = j
                        count += 1
                    if cost < least[j]:
                        least[j], via[j], via_edge[j] = cost, column, (-1 if alone else e)
                column = -1
                for i in range(count):
                    j = reached[i]
                    if not done[j] and (column < 0 or least[j] < least[column]):
                        column = j
                travelled = least[column]
                if owner[column] < 0:
                    break
                done[column] = True
                a = owner[column]
            u[root] += travelled
            for i in range(count):  # potentials of settled nodes
                j = reached[i]
                if done[j]:
                    v[j] -= travelled - least[j]
                    u[owner[j]] += travelled - least[j]
            j = column
            while True:
                before = via[j]
                owner[j] = root if before < 0 else owner[before]
                edge[j] = via_edge[j]
                if before < 0:
                    break
                j = before
            for i in range(count):
                j = reached[i]
                least[j], via[j], via_edge[j], done[j] = infinity, -1, -1, False
        for e in range(begin, end):
            for side in range(2):
                j = ids[e, 2] if side == 0 else peaks + ids[e, 1]
                if edge[j] >= 0:
                    chosen[edge[j]] = True
                owner[j], edge[j], v[j] = -1, -1, 0.0
        begin = end
    return chosen


@jit
def match_greedy(ids, order, peaks):
    """Greedy one-to-one matching in ``order``."""
    chosen = np.zeros(len(ids), np.bool_)
    limbs = 0 if len(ids) == 0 else ids[len(ids) - 1, 0] + 1
    taken = np.zeros((limbs, 2, peaks), np.bool_)
    for e in order:
        limb, a, b = ids[e, 0], ids[e, 1], ids[e, 2]
        if not (taken[limb, 0, a] or taken[limb, 1, b]):
            taken[limb, 0, a], taken[limb, 1, b], chosen[e] = True, True, True
    return chosen
