"""What can be chosen about the targets of centres and offsets, and about reading people out of them."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.methods.options import DecoderOptions, LossOptions
from bupose.options import check, option


@dataclass
class CentreTargetOptions:
    """How people are painted.

    Parameters
    ----------
    sigma : float, pixels
        Standard deviation of a joint's Gaussian.
    centre_sigma : float, pixels
        Standard deviation of a centre's Gaussian.
    radius : float, strides
        Offsets are learned in the cells this near to a person's centre.
    local : bool
        Learn where in its cell a joint lies, too.
    box : bool
        Learn the box of a person's joints, too.
    """

    sigma: float = option(7.0, 0.5, 100)
    centre_sigma: float = option(14.0, 0.5, 200)
    radius: float = option(2.0, 0.5, 100)
    local: bool = option(False)
    box: bool = option(False)

    def __post_init__(self) -> None:
        check(self, "target")


@dataclass
class CentreDecodeOptions(DecoderOptions):
    """How people are read, beside the ``DecoderOptions``.

    Parameters
    ----------
    centre_threshold : float
        Value above which a local maximum of the centre map is a person.
    centre_window : int
        Rows and columns, to either side, that a person's centre is the maximum of.
    snap : "peaks" or "cells"
        Peaks: each peak goes to one person, the total weight of a joint type is the largest possible. Cells: each
        person takes the cell of largest weight inside its box, whoever else does (MoveNet).
    refine : "parabola" or "local"
        Sub-cell positions from the heatmap's shape, or from the network's local offsets where it gives them.
    reach : float
        Standard deviation of the distance between a joint and where the offsets put it, as a share of the person's
        diagonal; peaks farther than three of them are out of reach.
    completion : bool
        Joints without a peak stay where the offsets put them; half the heat there makes their score.
    """

    centre_threshold: float = option(0.1, 0, 1)
    centre_window: int = option(1, 1, 100)
    snap: str = option("peaks", among=("peaks", "cells"))
    refine: str = option("parabola", among=("parabola", "local"))
    reach: float = option(0.2, 0.001, 10)
    completion: bool = option(True)
    duplicate_similarity: float = option(0.5, 0, 1)


@dataclass
class CentreLossOptions(LossOptions):
    """Factors of the losses of heatmaps, centres and lengths, beside the ``bupose.methods.options.LossOptions``.

    Parameters
    ----------
    heat, centre : float
        Factors of the heatmaps' and of the centre map's loss.
    offset, local, box_size, box_offset : float
        Factors of the mean error of the lengths: offsets and boxes as shares of the person's diagonal, local offsets in
        cells.
    """

    heat: float = option(1.0, 0, 1e6)
    centre: float = option(1.0, 0, 1e6)
    offset: float = option(0.1, 0, 1e6)
    local: float = option(0.1, 0, 1e6)
    box_size: float = option(0.1, 0, 1e6)
    box_offset: float = option(0.1, 0, 1e6)
