"""What can be chosen about the targets of tags, about learning them, and about reading people out of them."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.methods.options import LossOptions
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
class TagDecodeOptions:
    """How heatmaps and tags are read; none of these needs the network to run again.

    Parameters
    ----------
    smooth : float, cells
        Standard deviation of a Gaussian that blurs the heatmaps first; 0 leaves them.
    peak_threshold : float
        Heat above which a local maximum is a joint candidate (HigherHRNet: 0.1).
    tag_threshold : float
        Distance between a joint's tag and the mean of a person's from which it is another's (HigherHRNet: 1).
    completion : bool
        Look for joints without a peak where the tags are the person's; half the heat there makes their score.
    duplicate_similarity : float
        Object keypoint similarity to a better person from which a person is a duplicate; 1 keeps all.
    localization_sigma : float, cells
        How far off the truth joints lie as a rule: people too small for joints so inexact get lower scores. 0 for
        exact maps.
    min_joint_score : float
        Joints below are left out; 0 keeps all.
    min_joints : int
        People with fewer joints found by peaks, or fewer left, are dropped; 1 keeps all.
    min_person_score : float
        People below are dropped; 0 keeps all.
    """

    smooth: float = option(0.0, 0, 10)
    peak_threshold: float = option(0.1, 0, 1)
    tag_threshold: float = option(1.0, 0.001, 1000)
    completion: bool = option(True)
    duplicate_similarity: float = option(0.8, 0, 1)
    localization_sigma: float = option(0.4, 0, 100)
    min_joint_score: float = option(0.05, 0, 1)
    min_joints: int = option(3, 1, 1000)
    min_person_score: float = option(0.1, 0, 1)

    def __post_init__(self) -> None:
        check(self, "decoder")


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
