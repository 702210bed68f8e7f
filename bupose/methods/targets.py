"""Training targets of a picture, and where they are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bupose.errors import LabelsError, OptionsError
from bupose.maps import Grid, Maps
from bupose.people import Labels

MOST_CELLS = 10_000_000  # cells of a target; 17 joints and 19 limbs then take 2 GB


@dataclass(frozen=True, repr=False)
class Targets:
    """Targets of one picture; other attributes are those of the maps, as in ``targets.heat``.

    Parameters
    ----------
    maps : Maps
        Targets of the network's maps of these names.
    weight : float32 array (h, w)
        1 where labels are complete, 0 where the picture is ignored.
    extra : mapping of name to array
        Further arrays for the loss. In a batch the first axis is padded with zeros.
    """

    maps: Maps
    weight: np.ndarray
    extra: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """All arrays by name, as in a batch: each map, ``weight``, and the extra arrays."""
        return {**self.maps.arrays, "weight": self.weight, **self.extra}

    def __getattr__(self, name: str) -> Any:
        if name == "maps":  # not set yet while being copied
            raise AttributeError(name)
        return getattr(self.maps, name)

    def __repr__(self) -> str:
        return f"Targets({self.maps!r})"


def check_shape(size: tuple[int, int], grid: Grid) -> tuple[int, int]:
    """Cells (h, w) of a picture of ``size`` = (width, height).

    Raises
    ------
    OptionsError
        The size is invalid, or too large for memory.
    """
    try:
        width, height = size
        whole = width % 1 == height % 1 == 0 <= min(width, height)  # not so for text and NaN
        shape = grid.shape(width, height) if whole else (-1, -1)
    except (TypeError, ValueError, OverflowError):
        shape = (-1, -1)
    if not (min(shape) >= 0 and shape[0] * shape[1] <= MOST_CELLS):
        most = f"of at most {MOST_CELLS:,} cells of {grid.stride} px"
        raise OptionsError(f"the size of a target is {size!r}; give (width, height), whole pixels from 0, {most}")
    return shape


def in_cells(labels: Labels, grid: Grid) -> tuple[Labels, np.ndarray, np.ndarray]:
    """Labels in canonical order, float64 (P, K, 2) cells, and bool (P, K): which joints can be painted.

    People are sorted by their joints' positions, as floating-point sums depend on order; joints far outside the picture
    are dropped.
    """
    labels = labels[np.lexsort(labels.xy.reshape(len(labels), 2 * len(labels.skeleton.joints)).T)]
    xy = np.ascontiguousarray(grid.to_cells(labels.xy.astype(np.float64)))
    return labels, xy, labels.present & np.isfinite(xy).all(2) & (np.abs(xy) < 1e6).all(2)


def known_share(
    ignore: np.ndarray | None, size: tuple[int, int], grid: Grid, painted: np.ndarray | None = None
) -> np.ndarray:
    """float32 (h, w): share of each cell that is not ignored; padding counts as ignored.

    Parameters
    ----------
    ignore : bool array (height, width), optional
        Pixels with unknown labels: crowds, people without labels.
    painted : bool array (h, w), optional
        Painted cells, which count as known nevertheless, as in OpenPose's training code.

    Raises
    ------
    LabelsError
        The mask is of another size.
    """
    h, w = grid.shape(*size)
    if ignore is None:
        return np.ones((h, w), np.float32)
    ignore = np.asarray(ignore)
    if ignore.shape != (size[1], size[0]):
        raise LabelsError(f"the ignore mask has shape {ignore.shape}; a picture of {size} needs {(size[1], size[0])}")
    padded = np.ones((h * grid.stride, w * grid.stride), np.float32)
    padded[: size[1], : size[0]] = ignore.astype(bool)
    known: np.ndarray = 1 - padded.reshape(h, grid.stride, w, grid.stride).mean((1, 3))
    if painted is not None:
        known[painted] = 1
    return known


def place_largest(labels: Labels, xy: np.ndarray, here: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """float32 (K, 3): x, y in cells, and 1, of the largest person's joints that are ``here``, bool (P, K), and inside
    the map; else 0."""
    place = np.zeros((xy.shape[1], 3), np.float32)
    if len(labels):
        person = int(labels.area.argmax())
        inside = here[person] & (xy[person] >= -0.5).all(1) & (xy[person] < np.array(shape[::-1]) - 0.5).all(1)
        place[inside] = np.column_stack([xy[person][inside], np.ones(inside.sum())])
    return place
