"""What a network should say: labels painted into fields."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bupose import kernels
from bupose.errors import LabelsError, OptionsError
from bupose.fields import Fields, Grid
from bupose.methods.paf.options import TargetOptions
from bupose.people import Labels

MOST_CELLS = 10_000_000  # of a target; those of 17 joints and 19 limbs then take 2 GB


@dataclass(frozen=True, repr=False)
class Targets(Fields):
    """Fields, and where they are known.

    Parameters
    ----------
    weight : float32 array (h, w)
        1 where labels are complete, 0 where the picture is ignored.
    """

    weight: np.ndarray


def encode_labels(
    labels: Labels, size: tuple[int, int], grid: Grid, options: TargetOptions, ignore: np.ndarray | None = None
) -> Targets:
    """Paint labels.

    Parameters
    ----------
    labels : Labels
        Pixels of the network's input.
    size : (width, height), pixels
        Padded up to a multiple of the stride.
    ignore : bool array (height, width), optional
        Pixels about which nothing is known: crowds, people without labels. Where joints or limbs are painted the
        fields are known all the same (OpenPose's training code does so).

    Notes
    -----
    Cao et al. 2017, eqs. 6-9.
    """
    k, skeleton = kernels.load("encode"), labels.skeleton
    shape = _check_shape(size, grid)
    labels = labels[np.lexsort(labels.xy.reshape(len(labels), 2 * len(skeleton.joints)).T)]  # a sum hangs on its order
    xy = np.ascontiguousarray(grid.to_cells(labels.xy.astype(np.float64)))
    present = labels.present & np.isfinite(xy).all(2) & (np.abs(xy) < 1e6).all(2)  # far outside: nothing to paint
    heat = k.paint_heat(shape, xy, present, options.sigma / grid.stride)
    paf = k.paint_limbs(shape, xy, present, skeleton.limb_joints, float(options.limb_width))
    weight = np.ones(shape, np.float32)
    if ignore is not None:
        weight = _known_share(ignore, size, grid)
        weight[(heat > 0).any(0) | (paf != 0).any((0, 1))] = 1
    return Targets(heat, paf, grid, skeleton, weight)


def _check_shape(size: tuple[int, int], grid: Grid) -> tuple[int, int]:
    """Cells (h, w) of a picture whose size is one."""
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


def _known_share(ignore: np.ndarray, size: tuple[int, int], grid: Grid) -> np.ndarray:
    """float32 (h, w): the part of each cell that is not ignored; padding counts as ignored."""
    ignore = np.asarray(ignore)
    if ignore.shape != (size[1], size[0]):
        raise LabelsError(f"the ignore mask has shape {ignore.shape}; a picture of {size} needs {(size[1], size[0])}")
    h, w = grid.shape(*size)
    padded = np.ones((h * grid.stride, w * grid.stride), np.float32)
    padded[: size[1], : size[0]] = ignore.astype(bool)
    return 1 - padded.reshape(h, grid.stride, w, grid.stride).mean((1, 3))
