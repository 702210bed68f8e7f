"""Merging the maps of one picture at several scales, and of its mirror image, on one grid."""

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
        Pixels of the target grid to pixels of the maps; scaling and translation only.
    shape : (h, w)
        Cells of the target grid.

    Notes
    -----
    Cubic convolution (Keys 1981, a = -1/2) along each axis; the border is replicated. Limb vectors keep their
    direction, as both axes are scaled equally; lengths in cells are rescaled.
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
    """Merge the maps of several views of a picture, on the grid of the first.

    Parameters
    ----------
    views : sequence of (maps, matrix)
        The matrix maps photo pixels to that view's network pixels.
    """
    first, matrix = views[0]
    back = geometry.invert(matrix)
    same = [f if np.array_equal(m, matrix) else resample(f, geometry.compose(back, m), first.cells) for f, m in views]
    return Maps.average(same)


def _weights(cells: np.ndarray, grid: Grid, scale: float, shift: float, there: int) -> np.ndarray:
    """float32 (cells, there): weight of each source cell in each target cell."""
    at = grid.to_cells(scale * grid.to_pixels(cells) + shift)
    first = np.floor(at).astype(int)
    weights = np.zeros((len(cells), there), np.float32)
    for tap in range(-1, 3):
        d = np.abs(at - first - tap)
        weight = np.where(d < 1, (1.5 * d - 2.5) * d * d + 1, ((-0.5 * d + 2.5) * d - 4) * d + 2)
        np.add.at(weights, (np.arange(len(cells)), np.clip(first + tap, 0, there - 1)), weight)
    return weights
