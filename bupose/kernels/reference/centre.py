"""From person centres to joints: peaks within reach of the prediction, or the best cell of a map."""

from __future__ import annotations

import numpy as np


def keep_highest(heat, cells, reach):
    """Peaks that are maxima within ``reach`` rows and columns; of equal peaks the first in row-major order.

    Parameters
    ----------
    heat : float32 array (K, h, w)
    cells : int32 array (N, 3)
        Map, row, column.
    reach : int

    Returns
    -------
    bool array (N,)
    """
    keep = np.ones(len(cells), bool)
    for n, (k, y, x) in enumerate(cells):
        top, left = max(y - reach, 0), max(x - reach, 0)
        window = heat[k, top : y + reach + 1, left : x + reach + 1]
        first = np.unravel_index(window.argmax(), window.shape)
        keep[n] = first == (y - top, x - left)
    return keep


def pair_with_peaks(places, spread, start, xy, score, cut):
    """Pairs of predicted joints and peaks of their type, weighted by the peak's score and distance.

    Parameters
    ----------
    places : float32 array (P, K, 2), cells
        Joints predicted by the offsets of each person's centre.
    spread : float32 array (P, K), cells
        Standard deviation σ of the expected distance.
    start : int32 array (K+1,)
        Peaks of joint k are rows ``start[k]:start[k+1]``.
    xy : float32 array (N, 2), cells
        Peaks, sorted by y within each joint.
    score : float32 array (N,)
    cut : float
        Peaks at ``cut`` · σ or farther are out of reach.

    Returns
    -------
    ids : int32 array (M, 3)
        Joint, person, peak; sorted.
    weight : float32 array (M,)
        score · exp(−d² / 2σ²).
    """
    ids, weight = [], []
    for k in range(places.shape[1]):
        for p in range(len(places)):
            for n in range(start[k], start[k + 1]):
                far = ((xy[n] - places[p, k]) ** 2).sum() / spread[p, k] ** 2
                if far < cut**2:
                    ids.append((k, p, n))
                    weight.append(score[n] * np.exp(-0.5 * far))
    return np.array(ids, np.int32).reshape(-1, 3), np.array(weight, np.float32)


def search_heat(heat, places, box, variance):
    """For each predicted joint the cell of its heatmap with the largest weight inside the person's box.

    Parameters
    ----------
    heat : float32 array (K, h, w), at most 1
    places : float32 array (P, K, 2), cells
    box : float32 array (P, 4), cells
        Left, top, right, bottom; a cell u is inside where left ≤ u < right.
    variance : float, cells²

    Returns
    -------
    cells : int32 array (P, K, 2)
        Row, column; 0, 0 if all weights are 0.
    weight : float32 array (P, K)
        heat · exp(−d² / 2 variance).

    Notes
    -----
    Google, MoveNet MultiPose Lightning: the last nodes of its graph.
    """
    people, (joints, h, w) = len(places), heat.shape
    cells, weight = np.zeros((people, joints, 2), np.int32), np.zeros((people, joints), np.float32)
    v, u = np.mgrid[:h, :w]
    for p in range(people):
        left, top, right, bottom = box[p]
        inside = (u >= left) & (u < right) & (v >= top) & (v < bottom)
        for k in range(joints):
            distance = (u - places[p, k, 0]) ** 2 + (v - places[p, k, 1]) ** 2
            score = np.where(inside, heat[k] * np.exp(-distance / (2 * variance)), 0)
            if score.max(initial=0) > 0:
                cells[p, k] = np.unravel_index(score.argmax(), score.shape)
                weight[p, k] = score.max()
    return cells, weight
