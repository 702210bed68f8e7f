"""Maps of other programs on bupose's grid: their cells lie elsewhere in the picture."""

from __future__ import annotations

import numpy as np

from bupose.maps import Grid

SPREAD = 7 / 8  # cells; standard deviation of a joint's Gaussian where votes are collected, as of bupose's targets


def resample(
    maps: np.ndarray, step: float, origin: float, grid: Grid, cells: tuple[int, int], order: int
) -> np.ndarray:
    """Maps whose cell u is centred at pixel ``u * step + origin``, on a grid.

    Parameters
    ----------
    maps : float32 array (C, h, w)
    step, origin : float, pixels
    grid : Grid
    cells : (h', w')
        Of the result.
    order : 1 or 3
        Linear, or by cubic splines, which keep the height of narrow peaks.
    """
    from scipy.ndimage import affine_transform

    scale, shift = grid.stride / step, (grid.offset - origin) / step
    moved = [affine_transform(m, [scale] * 2, [shift] * 2, cells, order=order, mode="nearest") for m in maps]
    return np.stack(moved).astype(np.float32)


def smooth_discs(heat: np.ndarray) -> np.ndarray:
    """A heatmap (h, w) whose discs have their maximum in the middle; DeepLabCut smooths by as much, a cell."""
    from scipy.ndimage import gaussian_filter

    smooth: np.ndarray = gaussian_filter(heat, 1.0)
    return smooth


def collect_votes(heat: np.ndarray, offsets: np.ndarray, step: float, origin: float, grid: Grid) -> np.ndarray:
    """Heatmaps with a Gaussian at each joint, from discs and the offsets to the joint that each of their cells gives.

    Papandreou et al. 2017 (G-RMI), section 3.2.1, on the grid: cells vote bilinearly for where they point.

    Parameters
    ----------
    heat : float32 array (K, h, w)
        In [0, 1], about 1 in a disc around each joint.
    offsets : float32 array (K, 2, h, w), pixels
        x and y from a cell's centre to the joint.
    """
    from scipy.ndimage import gaussian_filter

    joints, h, w = heat.shape
    votes = np.zeros((joints, h + 2, w + 2))  # with a margin for votes beyond the edge
    k, row, column = np.nonzero(heat > 0.05)
    weight = heat[k, row, column].astype(np.float64)
    places = np.stack([column, row]) * step + origin + offsets[k, :, row, column].T
    x, y = np.clip(grid.to_cells(places) + 1, 0, np.array([[w], [h]]))
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        share = np.abs(1 - dx - (x - left)) * np.abs(1 - dy - (y - top))
        np.add.at(votes, (k, top + dy, left + dx), weight * share)
    smooth = np.stack([gaussian_filter(v, SPREAD, mode="constant") for v in votes])[:, 1:-1, 1:-1]
    top_heat = heat.reshape(joints, -1).max(1, initial=0)
    most = smooth.reshape(joints, -1).max(1, initial=0)
    factor = np.where(most > 0, top_heat / np.maximum(most, 1e-12), 0)
    return (smooth * factor[:, None, None]).astype(np.float32)
