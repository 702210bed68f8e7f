"""Options of the method ``tags``: targets, decoder and loss."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.methods.options import DecoderOptions, LossOptions
from bupose.options import check, option


@dataclass
class TagTargetOptions:
    """Target options.

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
    """Decoder options, in addition to ``DecoderOptions``; ``peak_threshold`` is HigherHRNet's.

    Parameters
    ----------
    tag_threshold : float
        Maximum distance between a joint's tag and the mean tag of its person (HigherHRNet: 1).
    completion : bool
        Complete joints without a peak where the tags are the person's; their score is half the heat there.
    """

    tag_threshold: float = option(1.0, 0.001, 1000)
    completion: bool = option(True)


@dataclass
class TagLossOptions(LossOptions):
    """Loss options of heatmaps and tags, in addition to ``bupose.methods.LossOptions``.

    Parameters
    ----------
    heat : float
        Factor of the heatmaps' loss.
    pull : float
        Factor of the pull loss: squared distances between a person's tags and their mean.
    push : float
        Factor of the push loss, which separates people's means.
    push_by : "hinge" or "exp"
        The push loss at distance d: max(0, 1 - d), or exp(-d²). Only the hinge has a gradient while all tags are equal.
    """

    heat: float = option(1.0, 0, 1e6)
    pull: float = option(0.5, 0, 1e6)
    push: float = option(0.5, 0, 1e6)
    push_by: str = option("hinge", among=("hinge", "exp"))
