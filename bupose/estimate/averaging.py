"""Fields of one picture at several sizes, and of its mirror image, brought to one grid and averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bupose import geometry
from bupose.fields import Fields


def resample_fields(fields: Fields, matrix: np.ndarray, shape: tuple[int, int]) -> Fields:
    """The fields on another grid of the same stride.

    Parameters
    ----------
    matrix : float array (2, 3)
        Pixels of the wanted grid to pixels of the fields; it only scales and shifts.
    shape : (h, w)
        Cells wanted.

    Notes
    -----
    Cubic convolution (Keys 1981, a = -1/2) along each axis; beyond the border the last cell goes on. Limb vectors
    keep their direction, as both axes are scaled alike.
    """
    rows, columns = (
        _weights(np.arange(wanted), fields.grid, matrix[axis, axis], matrix[axis, 2], there)
        for axis, wanted, there in zip((1, 0), shape, fields.heat.shape[1:], strict=True)
    )
    heat, paf = (rows @ maps @ columns.T for maps in (fields.heat, fields.paf))
    return replace(fields, heat=heat, paf=paf)


def average_views(views: Sequence[tuple[Fields, np.ndarray]]) -> Fields:
    """The mean of fields of several views of a picture, on the grid of the first.

    Parameters
    ----------
    views : sequence of (fields, matrix)
        The matrix carries photo pixels to that view's network pixels.
    """
    first, matrix = views[0]
    back, shape = geometry.invert(matrix), first.heat.shape[1:]
    same = [f if np.array_equal(m, matrix) else resample_fields(f, geometry.compose(back, m), shape) for f, m in views]
    return Fields.average(same)


def _weights(cells: np.ndarray, grid, scale: float, shift: float, there: int) -> np.ndarray:
    """float32 (cells, there): what each cell of the fields adds to each wanted one."""
    at = grid.to_cells(scale * grid.to_pixels(cells) + shift)
    first = np.floor(at).astype(int)
    weights = np.zeros((len(cells), there), np.float32)
    for tap in range(-1, 3):
        d = np.abs(at - first - tap)
        weight = np.where(d < 1, (1.5 * d - 2.5) * d * d + 1, ((-0.5 * d + 2.5) * d - 4) * d + 2)
        np.add.at(weights, (np.arange(len(cells)), np.clip(first + tap, 0, there - 1)), weight)
    return weights
