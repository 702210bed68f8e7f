"""What can be chosen about targets (baked into a network) and about decoding (free at any time)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from numbers import Real

from bupose.errors import OptionsError


def check_range(options, name: str, low: float, high: float) -> None:
    """Refuse a number outside ``low`` … ``high``.

    Raises
    ------
    OptionsError
        Naming the option, what was got and what is allowed.
    """
    value = getattr(options, name)
    kind = type(options).__name__
    if isinstance(value, bool) or not isinstance(value, Real) or not low <= value <= high:
        raise OptionsError(f"{kind}.{name} is {value!r}; give a number from {low:g} to {high:g}")


def from_dict(kind: type, values: dict):
    """Options from a dict, unknown names refused.

    Raises
    ------
    OptionsError
        A name is not an option, or a value is out of range.
    """
    known = [f.name for f in fields(kind)]
    for name in values:
        if name not in known:
            raise OptionsError(f"{kind.__name__} has no option {name!r}; it has {', '.join(known)}")
    return kind(**values)


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

    sigma: float = 7.0
    limb_width: float = 1.25

    def __post_init__(self) -> None:
        check_range(self, "sigma", 0.5, 100)
        check_range(self, "limb_width", 1, 10)


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
    peaks_per_joint : int
        Of more candidates of a joint than this, the highest are kept.
    samples : int
        Points of a line integral, both joints included.
    paf_threshold : float
        Field strength that counts as evidence of a limb.
    near : float, cells
        Length from which a candidate limb's direction is trusted (peaks are that inexact).
    limb_threshold : float
        Mean projection that a candidate limb must exceed.
    limb_share : float
        Share of a candidate's samples that must exceed ``paf_threshold``.
    trust : float
        Power of the two joint scores in a candidate's weight: score · (first · second)^trust.
    partners : int
        Of a joint's candidates for one limb the heaviest so many are kept.
    crowd : int
        From so many pairs of joints for one limb on, only pairs that its field connects are scored.
    matching : "hungarian" or "greedy"
        One-to-one choice of largest total weight, or heaviest first.
    completion : bool
        Look for missing joints along limbs' fields; they get a score below ``peak_threshold``.
    duplicate_similarity : float
        Object keypoint similarity to a better person from which a person is a duplicate; 1 keeps all.
    jitter : float, cells
        How far off the truth joints lie as a rule: people too small for joints so inexact get lower scores. 0 for
        exact fields.
    min_joints : int
        People with fewer joints found by peaks are dropped; 1 keeps all.
    min_person_score : float
        People below are dropped; 0 keeps all.
    """

    smooth: float = 0.0
    peak_threshold: float = 0.025
    peaks_per_joint: int = 2000
    samples: int = 12
    paf_threshold: float = 0.02
    near: float = 1.0
    limb_threshold: float = 0.0
    limb_share: float = 0.0
    trust: float = 0.75
    partners: int = 32
    crowd: int = 64
    matching: str = "hungarian"
    completion: bool = True
    duplicate_similarity: float = 0.8
    jitter: float = 0.4
    min_joints: int = 3
    min_person_score: float = 0.1

    def __post_init__(self) -> None:
        for name in ("peak_threshold", "paf_threshold", "limb_share", "duplicate_similarity", "min_person_score"):
            check_range(self, name, 0, 1)
        check_range(self, "limb_threshold", 0, 1)
        check_range(self, "smooth", 0, 10)
        check_range(self, "near", 0.01, 10)
        check_range(self, "trust", 0, 4)
        check_range(self, "jitter", 0, 100)
        for name, low in (("peaks_per_joint", 1), ("samples", 2), ("partners", 1), ("crowd", 0), ("min_joints", 1)):
            check_range(self, name, low, 10_000_000)
            if int(getattr(self, name)) != getattr(self, name):
                raise OptionsError(f"DecodeOptions.{name} is {getattr(self, name)!r}; give a whole number")
        if not isinstance(self.completion, bool):
            raise OptionsError(f"DecodeOptions.completion is {self.completion!r}; give true or false")
        if self.matching not in ("hungarian", "greedy"):
            raise OptionsError(f"DecodeOptions.matching is {self.matching!r}; choose hungarian or greedy")
