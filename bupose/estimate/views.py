"""Maps of one picture at several sizes, and of its mirror image, brought to one grid and joined."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bupose import geometry
from bupose.maps import Grid, Maps


def resample(maps: Maps, matrix: np.ndarray, shape: tuple[int, int]) -> Maps:
    """The maps on another grid of the same stride.

    Parameters
    ----------
    matrix : float array (2, 3)
        Pixels of the wanted grid to pixels of the maps; it only scales and shifts.
    shape : (h, w)
        Cells wanted.

    Notes
    -----
    Cubic convolution (Keys 1981, a = -1/2) along each axis; beyond the border the last cell goes on. Limb vectors
    keep their direction, as both axes are scaled alike; lengths in cells are scaled.
    """
    rows, columns = (
        _weights(np.arange(wanted), maps.grid, matrix[axis, axis], matrix[axis, 2], there)
        for axis, wanted, there in zip((1, 0), shape, maps.cells, strict=True)
    )
    moved = {}
    for spec in maps.specs:
        moved[spec.name] = rows @ maps.arrays[spec.name] @ columns.T
        if spec.lengths:
            moved[spec.name] /= np.float32(matrix[0, 0])
    return maps.replace(**moved)


def join_views(views: Sequence[tuple[Maps, np.ndarray]]) -> Maps:
    """The maps of several views of a picture as one, on the grid of the first.

    Parameters
    ----------
    views : sequence of (maps, matrix)
        The matrix carries photo pixels to that view's network pixels.
    """
    first, matrix = views[0]
    back = geometry.invert(matrix)
    same = [f if np.array_equal(m, matrix) else resample(f, geometry.compose(back, m), first.cells) for f, m in views]
    return Maps.average(same)


def _weights(cells: np.ndarray, grid: Grid, scale: float, shift: float, there: int) -> np.ndarray:
    """float32 (cells, there): what each cell of the maps adds to each wanted one."""
    at = grid.to_cells(scale * grid.to_pixels(cells) + shift)
    first = np.floor(at).astype(int)
    weights = np.zeros((len(cells), there), np.float32)
    for tap in range(-1, 3):
        d = np.abs(at - first - tap)
        weight = np.where(d < 1, (1.5 * d - 2.5) * d * d + 1, ((-0.5 * d + 2.5) * d - 4) * d + 2)
        np.add.at(weights, (np.arange(len(cells)), np.clip(first + tap, 0, there - 1)), weight)
    return weights
