"""What options of all methods have in common: a network's own, what is said beside them, and the loss."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from bupose.options import check, declared, from_dict, option

T = TypeVar("T")

# As average precision is meant: it looks at the ranking, and whoever is left out only loses.
EVERYBODY = {"min_joints": 1, "min_joint_score": 0.0, "min_person_score": 0.0}

LOSSES = ("l2", "ohkm", "focal")


@dataclass
class LossOptions:
    """Loss options of any method; each has a factor for each of its maps, by the map's name.

    Parameters
    ----------
    name : "l2", "ohkm" or "focal"
        Squared error; that of each picture's worst parts alone; or weighed by how wrong a cell is.
    foreground : float
        Weight of a cell at a target's centre, relative to an empty one; 1 is equal.
    people : float
        Weight of a cell in every map where any joint (of limbs' maps, any limb) of anybody is, relative to an empty
        one: there joints are confused with others. 1 is equal.
    structure : float
        Factor of the error of each joint's heatmap together with those of its neighbours along limbs, so that the
        joints of a person are learned together (Ke et al. 2018); 0 for none.
    stages : list of float
        A factor for each stage; by default 1 for all.
    joints : dict of name to float
        Factors of single joints (``left_wrist``); 1 by default.
    mean : bool
        Mean over the cells of a picture; else the sum, as in published recipes.
    hard : int
        Of "ohkm": number of hardest parts per map and picture.
    gamma : float
        Of "focal": the exponent.
    """

    name: str = option("l2", among=LOSSES)
    foreground: float = option(1.0, 0, 1e6)
    people: float = option(1.0, 0, 1e6)
    structure: float = option(0.0, 0, 1e6)
    stages: list[float] = option(list, 0, 1e6)
    joints: dict[str, float] = option(dict, 0, 1e6)
    mean: bool = option(True)
    hard: int = option(8, 1, 1000)
    gamma: float = option(1.0, 0, 100)

    def __post_init__(self) -> None:
        check(self, "loss")


@dataclass
class DecoderOptions:
    """Decoder options of any method; changing them does not require running the network again.

    Parameters
    ----------
    smooth : float, cells
        Standard deviation of a Gaussian that blurs the heatmaps first; 0 leaves them. Steadies joints in noisy ones.
    peak_threshold : float
        Heat above which a local maximum is a joint candidate. Lower finds fainter joints.
    duplicate_similarity : float
        A person with at least this object keypoint similarity to a better one is a duplicate; 1 keeps all.
    localization_sigma : float, cells
        Typical localization error of joints; people too small for it get lower scores. 0 for exact maps.
    min_joint_score : float
        Joints below are left out; 0 keeps all.
    min_joints : int
        People with fewer joints found by peaks, or fewer left, are dropped; 1 keeps all. Of a skeleton with several
        parts, only joints of the first count.
    min_person_score : float
        People below are dropped; 0 keeps all.
    """

    smooth: float = option(0.0, 0, 10)
    peak_threshold: float = option(0.1, 0, 1)
    duplicate_similarity: float = option(0.8, 0, 1)
    localization_sigma: float = option(0.4, 0, 100)
    min_joint_score: float = option(0.05, 0, 1)
    min_joints: int = option(3, 1, 1000)
    min_person_score: float = option(0.1, 0, 1)

    def __post_init__(self) -> None:
        check(self, "decoder")


def given(overrides: Overrides) -> dict[str, Any]:
    """The options of a dataclass that are set: not null, nor an empty collection."""
    return {name: value for name, value in vars(overrides).items() if value is not None and value not in ({}, [])}


def read_options(kind: type[T], own: Mapping[str, Any], said: Mapping[str, Any]) -> T:
    """Decoder options of the class ``kind``: a network's ``own``, updated by ``said``.

    ``said["at_least"]`` maps further options to lower bounds: for presets that never loosen a network's own thresholds.
    Options of other methods are ignored there.

    Raises
    ------
    OptionsError
        An unknown name, or a value out of its range.
    """
    said, floors = dict(said), said.get("at_least") or {}
    said.pop("at_least", None)
    floors = {name: value for name, value in floors.items() if name in declared(kind) or not _is_known(name)}
    least = vars(from_dict(kind, floors, "decoder.at_least"))
    chosen = {**vars(from_dict(kind, own, "decoder")), **said}
    raised = {name: max(least[name], chosen[name]) for name in floors if name not in said}
    return from_dict(kind, {**chosen, **raised}, "decoder")


def _is_known(name: str) -> bool:
    """Whether any method has a decoder option of that name."""
    from bupose.methods import METHODS

    return any(name in declared(method.Decoder) for method in METHODS.values())


def everybody(kind: type) -> dict[str, Any]:
    """Decoder options of a class that drop nobody."""
    return {name: value for name, value in EVERYBODY.items() if name in declared(kind)}


@dataclass
class Overrides:
    """Base of a dataclass with the options of all ``kinds``, null by default.

    ``owner`` prefixes an option's name in messages. Ranges are checked here; whether the method has an option is
    checked when it is read. A field of this type also accepts a method's own options.
    """

    TAKES_OTHERS: ClassVar[bool] = True
    owner: ClassVar[str]

    def __init_subclass__(cls, owner: str, kinds: Iterable[type]) -> None:
        cls.owner, hints = owner, {}
        for kind in kinds:
            for key, (hint, metadata) in declared(kind).items():
                if key in hints:
                    continue
                holds = typing.get_origin(hint) in (dict, list)
                how = {"default_factory": typing.get_origin(hint)} if holds else {"default": None}
                hints[key] = hint if holds else hint | None
                setattr(cls, key, dataclasses.field(**how, metadata=metadata))
        cls.__annotations__ = hints | cls.__annotations__

    def __post_init__(self) -> None:
        check(self, self.owner)
