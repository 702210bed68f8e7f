"""Local maxima of heatmaps, with sub-cell refinement."""

from __future__ import annotations

import numpy as np

from bupose.kernels.compiled.jit import jit


@jit
def grown(rows, n):
    """The first ``n`` rows in an array of twice the size."""
    more = np.empty((2 * n, 3), rows.dtype)
    for i in range(n):
        for j in range(3):
            more[i, j] = rows[i, j]
    return more


@jit
def smooth(heat, taps):
    """Heatmaps blurred along both axes by symmetric weights, the central one first; borders are replicated."""
    joints, h, w = heat.shape
    blurred = np.empty((joints, h, w), np.float32)
    rows = np.empty((h, w), np.float32)
    for k in range(joints):
        for y in range(h):
            for x in range(w):
                rows[y, x] = taps[0] * heat[k, y, x]
        for r in range(1, len(taps)):
            for y in range(h):
                above, below = max(y - r, 0), min(y + r, h - 1)
                for x in range(w):
                    rows[y, x] += taps[r] * (heat[k, above, x] + heat[k, below, x])
        for y in range(h):
            for x in range(w):
                total = taps[0] * rows[y, x]
                for r in range(1, len(taps)):
                    total += taps[r] * (rows[y, max(x - r, 0)] + rows[y, min(x + r, w - 1)])
                blurred[k, y, x] = total
    return blurred


@jit
def find_peaks(heat, threshold):
    """Cells above ``threshold`` that no neighbour exceeds; of a plateau the first in row-major order."""
    joints, h, w = heat.shape
    threshold = np.float32(threshold)
    cells, start = np.empty((64, 3), np.int32), np.zeros(joints + 1, np.int32)
    n = 0
    for k in range(joints):
        for y in range(h):
            somewhere = False
            for x in range(w):  # a loop without branches, which the processor does many cells at a time
                somewhere |= heat[k, y, x] > threshold
            if not somewhere:
                continue
            for x in range(w):
                v = heat[k, y, x]
                if not v > threshold or (x > 0 and heat[k, y, x - 1] >= v) or (x < w - 1 and heat[k, y, x + 1] > v):
                    continue
                highest = True
                for yy in range(max(y - 1, 0), min(y + 2, h)):
                    for xx in range(max(x - 1, 0), min(x + 2, w)):
                        u = heat[k, yy, xx]
                        if u > v or (u == v and (yy < y or (yy == y and xx < x))):
                            highest = False
                if highest:
                    if n == len(cells):
                        cells = grown(cells, n)
                    cells[n, 0] = k
                    cells[n, 1] = y
                    cells[n, 2] = x
                    n += 1
        start[k + 1] = n
    return cells[:n], start


@jit
def _log(v):
    return np.log(max(v, np.float32(1e-3)))  # values below 0.001 are noise, and log 0 is undefined


@jit
def _summit(low, mid, high, curve):
    """Maximum of a parabola through three values, -0.5 … 0.5; if a neighbour is NaN, by the given curvature."""
    if np.isnan(low) and np.isnan(high):  # a picture one cell wide
        return 0.0
    if np.isnan(low) or np.isnan(high):
        if not curve < -1e-6:
            return 0.0
        step = 0.5 - (high - mid) / curve if np.isnan(low) else (low - mid) / curve - 0.5
    else:
        curve = low - 2 * mid + high
        if not curve < -1e-6:
            return 0.0
        step = 0.5 * (low - high) / curve
    return min(max(step, -0.5), 0.5)


@jit
def refine_peaks(heat, cells):
    """Sub-cell positions of peaks by parabolas through the logarithm (exact for a Gaussian), and their heights."""
    h, w = heat.shape[1:]
    xy = np.empty((len(cells), 2), np.float32)
    score = np.empty(len(cells), np.float32)
    for n in range(len(cells)):
        k, y, x = cells[n, 0], cells[n, 1], cells[n, 2]
        mid = _log(heat[k, y, x])
        left = _log(heat[k, y, x - 1]) if x > 0 else np.nan
        right = _log(heat[k, y, x + 1]) if x < w - 1 else np.nan
        up = _log(heat[k, y - 1, x]) if y > 0 else np.nan
        down = _log(heat[k, y + 1, x]) if y < h - 1 else np.nan
        xy[n, 0] = x + _summit(left, mid, right, up - 2 * mid + down)
        xy[n, 1] = y + _summit(up, mid, down, left - 2 * mid + right)
        score[n] = min(heat[k, y, x], np.float32(1))
    return xy, score
