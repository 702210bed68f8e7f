"""What may be chosen about drawn scenes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bupose.data.synthetic_background import PLACES
from bupose.data.synthetic_pose import POSES
from bupose.errors import OptionsError


@dataclass
class SceneOptions:
    """How drawn scenes look; by default clean ones, fit for a README.

    Parameters
    ----------
    places : names of ``PLACES``
        Where people are.
    poses : names of ``POSES``
        What they do; none: everything, the common more often.
    height : (low, high)
        Body heights as shares of the picture's height, for five people; smaller in crowds.
    facing : (low, high), degrees
        0 faces the viewer, 90 the viewer's right, 180 away.
    spread : int
        How many places are tried for each person, to stand apart: 1 is anywhere.
    beyond : float
        How far outside people may stand, as a share of the picture.
    props, clutter : (low, high)
        Numbers of things among the people, and of shapes on the background.
    colors : float in [0, 1]
        Share of clothes and hair of any colour instead of a palette's.
    camera : float in [0, 1]
        Strength of blur, grain, colour casts and compression.
    min_visible : float in [0, 1]
        People hidden by others beyond this share are not labelled, and what is left of them is ignored.
    face_from_behind : bool
        Label eyes, nose and ears that the head itself hides as hidden; COCO leaves them out.
    """

    places: tuple[str, ...] = ("park", "street", "room", "beach", "studio")
    poses: tuple[str, ...] = ()
    height: tuple[float, float] = (0.32, 0.62)
    facing: tuple[float, float] = (-180.0, 180.0)
    spread: int = 12
    beyond: float = 0.0
    props: tuple[int, int] = (0, 2)
    clutter: tuple[int, int] = (0, 0)
    colors: float = 0.0
    camera: float = 0.0
    min_visible: float = 0.08
    face_from_behind: bool = False

    def __post_init__(self) -> None:
        for option, known in (("places", PLACES), ("poses", POSES)):
            unknown = [name for name in getattr(self, option) if name not in known]
            if unknown or (option == "places" and not self.places):
                got = ", ".join(unknown) or "none"
                raise OptionsError(f"scene {option}: got {got}; choose from {', '.join(known)}")
        for option, least in (("height", 0.01), ("facing", -360), ("props", 0), ("clutter", 0)):
            check_range(f"scene {option}", getattr(self, option), least)
        for option in ("colors", "camera", "min_visible"):
            if not 0 <= getattr(self, option) <= 1:
                raise OptionsError(f"scene {option}: got {getattr(self, option)}; give a number from 0 to 1")
        if self.spread < 1 or self.beyond < 0:
            raise OptionsError(f"scene spread {self.spread}, beyond {self.beyond}: at least 1 and 0 are needed")


def check_range(what: str, values: Any, least: float) -> None:
    """Refuse anything but two numbers in order, the first at least ``least``."""
    if len(values) != 2 or not least <= values[0] <= values[1]:
        raise OptionsError(f"{what}: got {tuple(values)}; give two numbers, low and high, from {least} on")


def training_scene() -> SceneOptions:
    """Crowding, clutter and camera effects."""
    return SceneOptions(
        places=("park", "street", "room", "beach", "studio", "noise", "noise", "polygons"),
        height=(0.2, 1.15), spread=2, beyond=0.06, props=(0, 4), clutter=(0, 14), colors=0.5, camera=1.0,
    )  # fmt: skip


def simple_scene() -> SceneOptions:
    """Whole people who stand, walk or wave, facing the viewer more or less: what a small network learns in minutes."""
    return SceneOptions(
        poses=("stand", "contrapposto", "hands_on_hips", "wave", "point", "arms_up", "arms_wide", "walk"),
        facing=(-45.0, 45.0), height=(0.5, 0.75), props=(0, 0),
    )  # fmt: skip


SCENES = {"clean": SceneOptions, "simple": simple_scene, "training": training_scene}


def scene_options(chosen: SceneOptions | str) -> SceneOptions:
    """Options themselves, or a preset's by its name in ``SCENES``.

    Raises
    ------
    OptionsError
        No preset of that name.
    """
    if isinstance(chosen, SceneOptions):
        return chosen
    if chosen not in SCENES:
        raise OptionsError(f"no scene preset {chosen!r}; choose one of {', '.join(SCENES)}, or give SceneOptions")
    return SCENES[chosen]()


@dataclass
class SyntheticOptions:
    """A set of drawn pictures.

    Parameters
    ----------
    count : int
        How many pictures it pretends to have.
    seed : int
        Another seed is another set.
    size : (width, height), px
    people : (low, high)
        How many people a picture has, both ends included.
    skeleton : str, Skeleton or dict
        Whose joints to label, as ``bupose.skeletons.get`` takes it; without a body's joint: creatures.
    scene : SceneOptions
    """

    count: int = 10_000
    seed: int = 0
    size: tuple[int, int] = (368, 368)
    people: tuple[int, int] = (1, 8)
    skeleton: Any = "coco17"
    scene: SceneOptions = field(default_factory=training_scene)

    def __post_init__(self) -> None:
        if self.count < 1 or self.seed < 0:
            raise OptionsError(f"synthetic: got count {self.count}, seed {self.seed}; at least 1 and 0 are needed")
        check_range("synthetic people", self.people, 0)
        if len(self.size) != 2 or min(self.size) < 8:
            raise OptionsError(f"synthetic size: got {tuple(self.size)}; give width and height of at least 8 px")
