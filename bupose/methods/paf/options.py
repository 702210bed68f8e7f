"""What can be chosen about targets (baked into a network) and about decoding (free at any time)."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field

from bupose.options import check, declared, from_dict, option


@dataclass
class TargetOptions:
    """How people are painted into fields.

    Parameters
    ----------
    sigma : float, pixels
        Standard deviation of a joint's Gaussian (OpenPose: 7 at stride 8).
    limb_width : float, strides
        Half the width of a limb's field. Below 1 a line between joints leaves the painted cells; at 1.25 even a limb
        of a cell's length keeps a line integral above 0.95.
    """

    sigma: float = option(7.0, 0.5, 100)
    limb_width: float = option(1.25, 1, 10)

    def __post_init__(self) -> None:
        check(self, "target")


@dataclass
class DecodeOptions:
    """How fields are read; none of these needs the network to run again.

    Parameters
    ----------
    smooth : float, cells
        Standard deviation of a Gaussian that blurs the heatmaps first; 0 leaves them. Steadies the places of joints in
        noisy ones.
    peak_threshold : float
        Heat above which a local maximum is a joint candidate. Lower finds fainter joints.
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
        Look for joints without a peak along limbs' fields; half their evidence makes their score.
    duplicate_similarity : float
        Object keypoint similarity to a better person from which a person is a duplicate; 1 keeps all.
    localization_sigma : float, cells
        How far off the truth joints lie as a rule: people too small for joints so inexact get lower scores. 0 for
        exact fields.
    min_joint_score : float
        Joints below are left out; 0 keeps all.
    min_joints : int
        People with fewer joints found by peaks, or fewer left, are dropped; 1 keeps all.
    min_person_score : float
        People below are dropped; 0 keeps all.
    """

    smooth: float = option(0.0, 0, 10)
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
    duplicate_similarity: float = option(0.8, 0, 1)
    localization_sigma: float = option(0.4, 0, 100)
    min_joint_score: float = option(0.05, 0, 1)
    min_joints: int = option(3, 1, 1000)
    min_person_score: float = option(0.1, 0, 1)

    def __post_init__(self) -> None:
        check(self, "decoder")


# As average precision is meant: it looks at the ranking, and whoever is left out only loses.
EVERYBODY = {"min_joints": 1, "min_joint_score": 0.0, "min_person_score": 0.0}

# Every decode option, null by default: as the network or the library says; at_least as in read_options.
DecoderOverrides = dataclasses.make_dataclass(
    "DecoderOverrides",
    [
        (name, typing.Optional[hint], field(default=None, metadata=metadata))  # noqa: UP045
        for name, (hint, metadata) in declared(DecodeOptions).items()
    ]
    + [("at_least", dict[str, float], field(default_factory=dict))],
    namespace={"__module__": __name__, "__doc__": "Decode options that differ; None keeps what the network says."},
)


def given(overrides: DecoderOverrides) -> dict:
    """The decode options that were chosen."""
    return {name: value for name, value in vars(overrides).items() if value is not None and value != {}}


def read_options(own: Mapping, said: Mapping) -> DecodeOptions:
    """Decode options: a network's ``own``, but for what is ``said``.

    ``said["at_least"]``, a mapping of further options to numbers, raises those that are lower and leaves the others:
    for presets that may never loosen a network's own options.

    Raises
    ------
    OptionsError
        An unknown name, or a value out of its range.
    """
    said, floors = dict(said), said.get("at_least") or {}
    said.pop("at_least", None)
    least = vars(from_dict(DecodeOptions, floors, "decoder.at_least"))
    chosen = {**vars(from_dict(DecodeOptions, own, "decoder")), **said}
    raised = {name: max(least[name], chosen[name]) for name in floors if name not in said}
    return from_dict(DecodeOptions, {**chosen, **raised}, "decoder")
