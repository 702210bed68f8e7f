"""Options of the method ``single``: targets, decoder and loss."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.methods.options import DecoderOptions, LossOptions
from bupose.options import check, option

READINGS = ("cell", "quarter", "parabola", "dark", "integral")


@dataclass
class SingleTargetOptions:
    """Target options.

    Parameters
    ----------
    sigma : float, pixels
        Standard deviation of a joint's Gaussian.
    hidden : bool
        A second heatmap for each joint where something hides it; the first then shows it only where it is visible
        (Golda et al. 2019). Needs labels that tell hidden joints, as COCO's and CrowdPose's.
    """

    sigma: float = option(7.0, 0.5, 100)
    hidden: bool = option(False)

    def __post_init__(self) -> None:
        check(self, "target")


@dataclass
class SingleDecodeOptions(DecoderOptions):
    """Decoder options, in addition to ``DecoderOptions``; there is one person, so that nobody is a duplicate.

    Parameters
    ----------
    read : "cell", "quarter", "parabola", "dark" or "integral"
        Where a joint is: the centre of the highest cell; a quarter of a cell from it towards the higher neighbour along
        each axis (Newell et al. 2016); the summit of a Gaussian through it and its neighbours, along each axis, or in
        both at once with the map blurred by ``target.sigma`` first (DARK, Zhang et al. 2020); or the map's mean
        position by softmax (Sun et al. 2018), of a network trained with ``loss.integral``.
    sharpness : float
        Of "integral": factor of the map in the softmax.
    completion : bool
        Complete joints without a peak where their map is highest; their score is half the heat there.
    """

    read: str = option("parabola", among=READINGS)
    sharpness: float = option(1.0, 0.01, 1000)
    completion: bool = option(True)


@dataclass
class SingleLossOptions(LossOptions):
    """Loss options of heatmaps and positions, in addition to ``bupose.methods.LossOptions``.

    Parameters
    ----------
    heat : float
        Factor of the heatmaps' loss.
    hidden : float
        Factor of the loss of hidden joints' heatmaps (``target.hidden``).
    strict : bool
        The heatmaps of visible joints also learn that they show no hidden ones, and the other way round, which makes
        the difference clear; else they learn nothing of them.
    unlabelled : float
        Weight of joints without a label, which the network learns to be absent: 0 where nobody knows where they are, as
        in COCO; 1 where only visible joints are labelled, as in DeepLabCut's and SLEAP's projects.
    integral : float
        Factor of the error of positions read by softmax, as a share of the map's sides (Sun et al. 2018); 0 for none.
    sharpness : float
        As of the decoder.
    """

    heat: float = option(1.0, 0, 1e6)
    hidden: float = option(1.5, 0, 1e6)
    strict: bool = option(True)
    unlabelled: float = option(0.0, 0, 1)
    integral: float = option(0.0, 0, 1e6)
    sharpness: float = option(1.0, 0.01, 1000)
