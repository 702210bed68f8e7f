"""Sorting."""

from __future__ import annotations

import numpy as np

from bupose.kernels.compiled.jit import jit


@jit
def heaviest_first(weight):
    """Rows, the heaviest first; equally heavy ones stay in order."""
    count = len(weight)
    order, merged = np.arange(count), np.empty(count, np.int64)
    run = 1  # rows that are in order, each so many
    while run < count:
        for begin in range(0, count, 2 * run):
            middle, end = min(begin + run, count), min(begin + 2 * run, count)
            i, j = begin, middle
            for n in range(begin, end):
                if j == end or (i < middle and weight[order[i]] >= weight[order[j]]):
                    merged[n] = order[i]
                    i += 1
                else:
                    merged[n] = order[j]
                    j += 1
        order, merged = merged, order
        run *= 2
    return order
