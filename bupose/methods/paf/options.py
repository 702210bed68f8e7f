"""Options of targets (fixed for a network), of decoding (free at any time), and of the loss."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.methods.options import DecoderOptions, LossOptions
from bupose.options import check, option


@dataclass
class TargetOptions:
    """Target options.

    Parameters
    ----------
    sigma : float, pixels
        Standard deviation of a joint's Gaussian (OpenPose: 7 at stride 8).
    limb_width : float, strides
        Half the width of a limb's field. Below 1 a line between joints leaves the painted cells; at 1.25 even a limb of
        one cell's length has a line integral above 0.95.
    """

    sigma: float = option(7.0, 0.5, 100)
    limb_width: float = option(1.25, 1, 10)

    def __post_init__(self) -> None:
        check(self, "target")


@dataclass
class DecodeOptions(DecoderOptions):
    """Decoder options, in addition to ``bupose.methods.DecoderOptions``.

    Parameters
    ----------
    samples : int
        Points of a line integral, both joints included.
    paf_threshold : float
        Field strength that counts as evidence of a limb.
    limb_threshold : float
        Mean projection that a candidate limb must exceed.
    limb_share : float
        Share of a candidate's samples that must exceed ``paf_threshold``.
    joint_score_exponent : float
        Power of the two joint scores in a candidate's weight: score · (first · second)^exponent.
    prune_above : int
        With at least this many pairs of joints for one limb, score only those within reach of its field.
    max_limb_ratio : float
        Leave out limbs longer than this many times the usual length of their kind in a person of that size (99.9 % of
        COCO's labelled limbs are below 2.2).
    matching : "hungarian" or "greedy"
        One-to-one choice of largest total weight, or heaviest first.
    completion : bool
        Complete joints without a peak along limbs' fields; their score is half the evidence.
    """

    peak_threshold: float = option(0.025, 0, 1)
    samples: int = option(12, 2, 1000)
    paf_threshold: float = option(0.02, 0, 1)
    limb_threshold: float = option(0.0, 0, 1)
    limb_share: float = option(0.0, 0, 1)
    joint_score_exponent: float = option(0.75, 0, 4)
    prune_above: int = option(64, 0, 100_000)
    max_limb_ratio: float = option(2.2, 1, 1000)
    matching: str = option("hungarian", among=("hungarian", "greedy"))
    completion: bool = option(True)


@dataclass
class FieldLossOptions(LossOptions):
    """Loss options of part affinity fields, in addition to ``bupose.methods.LossOptions``.

    Parameters
    ----------
    heat, paf : float
        Factors of the heatmaps' and the part affinity fields' losses.
    limbs : dict of name to float
        Factors of single limbs (``left_elbow-left_wrist``); 1 by default.
    """

    heat: float = option(1.0, 0, 1e6)
    paf: float = option(1.0, 0, 1e6)
    limbs: dict[str, float] = option(dict, 0, 1e6)
