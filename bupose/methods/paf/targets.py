"""Targets: labels encoded as fields."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.maps import Grid
from bupose.methods.paf.fields import Fields
from bupose.methods.paf.options import TargetOptions
from bupose.methods.targets import Targets, check_shape, in_cells, known_share
from bupose.people import Labels


def encode_labels(
    labels: Labels, size: tuple[int, int], grid: Grid, options: TargetOptions, ignore: np.ndarray | None = None
) -> Targets:
    """Encode labels.

    Parameters
    ----------
    labels : Labels
        Pixels of the network's input.
    size : (width, height), pixels
        Padded up to a multiple of the stride.
    ignore : bool array (height, width), optional
        Pixels with unknown labels: crowds, people without labels. Where joints or limbs are painted, fields count as
        known nevertheless, as in OpenPose's training code.

    Notes
    -----
    Cao et al. 2017, eqs. 6-9.
    """
    k, skeleton = kernels.load("encode"), labels.skeleton
    shape = check_shape(size, grid)
    labels, xy, present = in_cells(labels, grid)
    heat = k.paint_heat(shape, xy, present, options.sigma / grid.stride)
    paf = k.paint_limbs(shape, xy, present, skeleton.limb_joints, float(options.limb_width))
    painted = (heat > 0).any(0) | (paf != 0).any((0, 1)) if ignore is not None else None
    return Targets(Fields(heat, paf, grid, skeleton), known_share(ignore, size, grid, painted))
