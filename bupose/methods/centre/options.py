"""Options of the method ``centre``: targets, decoder and loss."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.methods.options import DecoderOptions, LossOptions
from bupose.options import check, option


@dataclass
class CentreTargetOptions:
    """Target options.

    Parameters
    ----------
    sigma : float, pixels
        Standard deviation of a joint's Gaussian.
    centre_sigma : float, pixels
        Standard deviation of a centre's Gaussian.
    radius : float, strides
        Offsets are learned in cells within this distance of a person's centre.
    local : bool
        Also learn sub-cell offsets of joints.
    box : bool
        Also learn the box of a person's joints.
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
    """Decoder options, in addition to ``DecoderOptions``.

    Parameters
    ----------
    centre_threshold : float
        Value above which a local maximum of the centre map is a person.
    centre_window : int
        Radius in cells of the window in which a centre must be the maximum.
    snap : "peaks" or "cells"
        Peaks: one-to-one assignment of peaks to people with maximum total weight per joint type. Cells: each person
        independently takes the cell of largest weight inside its box (MoveNet).
    refine : "parabola" or "local"
        Sub-cell positions from the heatmap's shape, or from the network's local offsets if it has them.
    reach : float
        Standard deviation of predicted joint positions, relative to the person's diagonal; peaks beyond three standard
        deviations are out of reach.
    completion : bool
        Place joints without a peak where the offsets predict them; their score is half the heat there.
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
    """Loss options of heatmaps, centres and lengths, in addition to ``LossOptions``.

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
