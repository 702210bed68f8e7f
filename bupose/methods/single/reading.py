"""Positions of one joint per heatmap, by the ways of the literature."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from bupose import kernels
from bupose.methods.peaks import smooth

Reader: TypeAlias = Callable[[np.ndarray, np.ndarray], np.ndarray]

_FAINTEST = 1e-10  # of the logarithm


def highest_cells(heat: np.ndarray) -> np.ndarray:
    """int32 (K, 2): row and column of the highest cell of each map (K, h, w), the first of equals."""
    flat = heat.reshape(len(heat), -1).argmax(1)
    return np.stack(np.unravel_index(flat, heat.shape[1:]), 1).astype(np.int32)


def read_cell(heat: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """float32 (K, 2), x and y in cells: the centre of the cell."""
    return cells[:, ::-1].astype(np.float32)


def read_quarter(heat: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """A quarter of a cell towards the higher neighbour along each axis, not at borders.

    Notes
    -----
    Newell et al. 2016, and the evaluation code of Simple Baselines and HRNet, which leave cells at the border as they
    are along both axes.
    """
    k, (h, w) = np.arange(len(heat)), heat.shape[1:]
    inside = np.asarray(((cells > 0) & (cells < np.array([h - 1, w - 1]))).all(1))
    row, column = np.clip(cells, 1, (h - 2, w - 2)).T if min(h, w) > 2 else (cells * 0).T
    step = np.zeros((len(heat), 2), np.float32)
    if min(h, w) > 2:
        step[:, 0] = np.sign(heat[k, row, column + 1] - heat[k, row, column - 1])
        step[:, 1] = np.sign(heat[k, row + 1, column] - heat[k, row - 1, column])
    moved: np.ndarray = read_cell(heat, cells) + np.float32(0.25) * step * inside[:, None]
    return moved


def read_parabola(heat: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The summit of a Gaussian through three cells along each axis, as in the other methods."""
    where = np.column_stack([np.arange(len(heat), dtype=np.int32), cells]).astype(np.int32)
    xy: np.ndarray = kernels.load().refine_peaks(heat, where)[0]
    return xy


def read_dark(heat: np.ndarray, cells: np.ndarray, sigma: float) -> np.ndarray:
    """One Newton step on the logarithm of the map blurred by ``sigma`` cells, from the highest cell; next to borders,
    where its differences do not fit, and at saddles as :func:`read_parabola`.

    Notes
    -----
    Zhang et al. 2020, eqs. 7 to 10: the blur is as wide as the training's Gaussians (2 cells in the published networks,
    3 in those for 288x384 px), and the blurred map is scaled to the height of the map. There joints next to borders
    stay where their cell is.
    """
    blurred = smooth(np.ascontiguousarray(heat), sigma)
    height = heat.max((1, 2), keepdims=True) / np.maximum(blurred.max((1, 2), keepdims=True), _FAINTEST)
    log = np.log(np.maximum(blurred * height, _FAINTEST)).astype(np.float64)
    xy = read_parabola(heat, cells).astype(np.float32)
    h, w = heat.shape[1:]
    for k in np.flatnonzero(((cells > 1) & (cells < np.array([h - 2, w - 2]))).all(1)):
        v, u = cells[k]
        m = log[k]
        gradient = 0.5 * np.array([m[v, u + 1] - m[v, u - 1], m[v + 1, u] - m[v - 1, u]])
        dxx = 0.25 * (m[v, u + 2] - 2 * m[v, u] + m[v, u - 2])
        dyy = 0.25 * (m[v + 2, u] - 2 * m[v, u] + m[v - 2, u])
        dxy = 0.25 * (m[v + 1, u + 1] - m[v - 1, u + 1] - m[v + 1, u - 1] + m[v - 1, u - 1])
        if dxx < 0 < dxx * dyy - dxy**2:  # a summit, not a saddle of noise
            xy[k] = (u, v) - np.linalg.solve([[dxx, dxy], [dxy, dyy]], gradient)
    return xy


def read_integral(heat: np.ndarray, sharpness: float) -> np.ndarray:
    """float32 (K, 2): mean x and y by the softmax of each map (Sun et al. 2018, eq. 2), cells."""
    k, h, w = heat.shape
    flat = sharpness * heat.reshape(k, -1).astype(np.float64)
    share = np.exp(flat - flat.max(1, keepdims=True))
    share = (share / share.sum(1, keepdims=True)).reshape(k, h, w)
    return np.stack([share.sum(1) @ np.arange(w), share.sum(2) @ np.arange(h)], 1).astype(np.float32)


READERS: dict[str, Reader] = {
    "cell": read_cell,
    "quarter": read_quarter,
    "parabola": read_parabola,
}


def read_positions(heat: np.ndarray, cells: np.ndarray, read: str, sharpness: float, sigma: float) -> np.ndarray:
    """float32 (K, 2), x and y in cells: the joint of each map.

    Parameters
    ----------
    heat : float32 array (K, h, w), finite
    cells : int32 array (K, 2)
        From :func:`highest_cells`.
    read : str
        A key of ``READERS``, "dark" or "integral".
    sharpness : float
        Of "integral".
    sigma : float, cells
        Of "dark": of the Gaussians that the network learned.
    """
    if read == "integral":
        return read_integral(heat, sharpness)
    if read == "dark":
        return read_dark(heat, cells, sigma)
    return READERS[read](heat, cells).astype(np.float32)
