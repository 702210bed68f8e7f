"""What can be chosen about the targets of tags, about learning them, and about reading people out of them."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.methods.options import DecoderOptions, LossOptions
from bupose.options import check, option


@dataclass
class TagTargetOptions:
    """How joints are painted.

    Parameters
    ----------
    sigma : float, pixels
        Standard deviation of a joint's Gaussian.
    """

    sigma: float = option(7.0, 0.5, 100)

    def __post_init__(self) -> None:
        check(self, "target")


@dataclass
class TagDecodeOptions(DecoderOptions):
    """How heatmaps and tags are read, beside the ``DecoderOptions``; peaks from 0.1 as in HigherHRNet.

    Parameters
    ----------
    tag_threshold : float
        Distance between a joint's tag and the mean of a person's from which it is another's (HigherHRNet: 1).
    completion : bool
        Look for joints without a peak where the tags are the person's; half the heat there makes their score.
    """

    tag_threshold: float = option(1.0, 0.001, 1000)
    completion: bool = option(True)


@dataclass
class TagLossOptions(LossOptions):
    """Factors of the losses of heatmaps and tags, beside the ``bupose.methods.LossOptions``.

    Parameters
    ----------
    heat : float
        Factor of the heatmaps' loss.
    pull : float
        Factor of the squared distances between a person's tags and their mean.
    push : float
        Factor of what keeps people's means apart.
    push_by : "hinge" or "exp"
        What that is for a distance d: the larger of 0 and 1 - d, or exp(-d²). At the start, when all tags are alike,
        only the hinge moves them.
    """

    heat: float = option(1.0, 0, 1e6)
    pull: float = option(0.5, 0, 1e6)
    push: float = option(0.5, 0, 1e6)
    push_by: str = option("hinge", among=("hinge", "exp"))
