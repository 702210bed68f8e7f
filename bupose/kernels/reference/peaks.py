"""Local maxima of heatmaps, with sub-cell refinement."""

from __future__ import annotations

import numpy as np


def smooth(heat, taps):
    """Heatmaps blurred along both axes by symmetric weights; borders are replicated.

    Parameters
    ----------
    heat : float32 array (K, h, w)
    taps : float32 array (R + 1,)
        Weights of the cell itself and of cells at distance 1 … R.

    Returns
    -------
    float32 array (K, h, w)
    """
    if heat.size == 0:
        return heat.copy()
    reach = len(taps) - 1
    weights = np.concatenate([taps[:0:-1], taps]).astype(np.float64)
    for axis in (1, 2):
        width = [(reach, reach) if a == axis else (0, 0) for a in range(3)]
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(heat, width, "edge"), 2 * reach + 1, axis)
        heat = windows @ weights
    return heat.astype(np.float32)


def find_peaks(heat, threshold):
    """Cells above ``threshold`` that no neighbour exceeds; of a plateau the first in row-major order.

    Parameters
    ----------
    heat : float32 array (K, h, w)
    threshold : float

    Returns
    -------
    cells : int32 array (N, 3)
        Joint, row, column; in that order.
    start : int32 array (K+1,)
        Peaks of joint k are rows ``start[k]:start[k+1]``.
    """
    h, w = heat.shape[1:]
    padded = np.pad(heat, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    highest = heat > threshold
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            neighbour = padded[:, 1 + dy : 1 + dy + h, 1 + dx : 1 + dx + w]
            if (dy, dx) < (0, 0):
                highest &= heat > neighbour
            elif (dy, dx) > (0, 0):
                highest &= heat >= neighbour
    cells = np.argwhere(highest).astype(np.int32)
    return cells, np.searchsorted(cells[:, 0], np.arange(len(heat) + 1)).astype(np.int32)


def _summit(low, mid, high, curve):
    if np.isnan(low) and np.isnan(high):  # a picture one cell wide
        return 0.0
    if np.isnan(low) or np.isnan(high):  # at the border: one neighbour, the curvature of the other axis
        if not curve < -1e-6:
            return 0.0
        step = 0.5 - (high - mid) / curve if np.isnan(low) else (low - mid) / curve - 0.5
    else:
        curve = low - 2 * mid + high
        if not curve < -1e-6:
            return 0.0
        step = 0.5 * (low - high) / curve
    return min(max(step, -0.5), 0.5)


def refine_peaks(heat, cells):
    """Sub-cell positions of peaks by parabolas through the logarithm (exact for a Gaussian), and their heights.

    Parameters
    ----------
    heat : float32 array (K, h, w)
    cells : int32 array (N, 3)
        Joint, row, column of each peak.

    Returns
    -------
    xy : float32 array (N, 2), cells
    score : float32 array (N,), at most 1
    """
    xy, score = np.empty((len(cells), 2), np.float32), np.empty(len(cells), np.float32)
    for n, (k, y, x) in enumerate(cells):
        log = np.pad(np.log(np.maximum(heat[k], 1e-3)), 1, constant_values=np.nan)
        row, column = log[y + 1, x : x + 3], log[y : y + 3, x + 1]
        xy[n, 0] = x + _summit(*row, np.diff(column, 2)[0])
        xy[n, 1] = y + _summit(*column, np.diff(row, 2)[0])
        score[n] = min(heat[k, y, x], 1)
    return xy, score
