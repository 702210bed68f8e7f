"""Options of drawn scenes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bupose.errors import OptionsError
from bupose.options import check, option, shown
from bupose.synthetic.angles import POSES
from bupose.synthetic.background import PLACES

MOST_PICTURES = 100_000_000  # maximum size of a data set, whose order takes 8 bytes per picture
MOST_SEED = 2**63 - 1
MOST_PEOPLE = 1000  # in a drawn picture
SIDES = (8, 8192)  # of a drawn picture, px


@dataclass
class SceneOptions:
    """Appearance of drawn scenes; by default clean ones.

    Parameters
    ----------
    places : names of ``PLACES``
        Kinds of background.
    poses : names of ``POSES``
        Activities; none: all, by frequency.
    height : (low, high)
        Body heights as shares of the picture's height, for five people; smaller in crowds.
    facing : (low, high), degrees
        0 faces the viewer, 90 the viewer's right, 180 away.
    spread : int
        Number of positions tried for each person, to keep people apart; 1 is anywhere.
    beyond : float
        Distance that people may stand outside, as a share of the picture.
    props, clutter : (low, high)
        Numbers of props among the people, and of shapes on the background.
    colors : float in [0, 1]
        Share of clothes and hair with colours outside the palettes.
    camera : float in [0, 1]
        Strength of blur, grain, colour casts and compression.
    min_visible : float in [0, 1]
        People with a smaller visible share are not labelled, and ignored.
    face_from_behind : bool
        Label eyes, nose and ears hidden by the head itself as hidden; COCO omits them.
    """

    places: tuple[str, ...] = option(("park", "street", "room", "beach", "studio"), among=PLACES, least=1)
    poses: tuple[str, ...] = option((), among=POSES)
    height: tuple[float, float] = option((0.32, 0.62), 0.01, 4, rising=True)
    facing: tuple[float, float] = option((-180.0, 180.0), -360, 360, rising=True)
    spread: int = option(12, 1, 1000)
    beyond: float = option(0.0, 0, 1)
    props: tuple[int, int] = option((0, 2), 0, 100, rising=True)
    clutter: tuple[int, int] = option((0, 0), 0, 1000, rising=True)
    colors: float = option(0.0, 0, 1)
    camera: float = option(0.0, 0, 1)
    min_visible: float = option(0.08, 0, 1)
    face_from_behind: bool = option(False)

    def __post_init__(self) -> None:
        check(self, "scene")


def training_scene() -> SceneOptions:
    """Crowding, clutter and camera effects."""
    return SceneOptions(
        places=("park", "street", "room", "beach", "studio", "noise", "noise", "polygons"),
        height=(0.2, 1.15), spread=2, beyond=0.06, props=(0, 4), clutter=(0, 14), colors=0.5, camera=1.0,
    )  # fmt: skip


def simple_scene() -> SceneOptions:
    """Whole people who stand, walk or wave, roughly facing the viewer: learned by a small network in minutes."""
    return SceneOptions(
        poses=("stand", "contrapposto", "hands_on_hips", "wave", "point", "arms_up", "arms_wide", "walk"),
        facing=(-45.0, 45.0), height=(0.5, 0.75), props=(0, 0),
    )  # fmt: skip


SCENES = {"clean": SceneOptions, "simple": simple_scene, "training": training_scene}


def scene_options(chosen: SceneOptions | str) -> SceneOptions:
    """Options as given, or a preset of ``SCENES`` by name.

    Raises
    ------
    OptionsError
        No preset of that name.
    """
    if isinstance(chosen, SceneOptions):
        return chosen
    if not isinstance(chosen, str) or chosen not in SCENES:
        raise OptionsError(f"no scene preset {shown(chosen)}; choose one of {', '.join(SCENES)}, or give SceneOptions")
    return SCENES[chosen]()


@dataclass
class SyntheticOptions:
    """Options of a data set of drawn pictures.

    Parameters
    ----------
    count : int
        Nominal number of pictures.
    limit : int
        Use only the first pictures, this many; 0 is all.
    seed : int
        Random seed of the data set.
    size : (width, height), px
    people : (low, high)
        Number of people per picture, both ends included.
    skeleton : str, Skeleton or dict
        Skeleton of the labels, as ``bupose.skeletons.get`` takes it; without joints of a body, creatures are drawn.
    scene : SceneOptions, or a preset's name in ``SCENES``
    """

    count: int = option(10_000, 1, MOST_PICTURES)
    limit: int = option(0, 0, MOST_PICTURES)
    seed: int = option(0, 0, MOST_SEED)
    size: tuple[int, int] = option((368, 368), *SIDES)
    people: tuple[int, int] = option((1, 8), 0, MOST_PEOPLE, rising=True)
    skeleton: Any = option("coco17")
    scene: SceneOptions = field(default_factory=training_scene)

    def __post_init__(self) -> None:
        self.scene = scene_options(self.scene)
        check(self, "synthetic")
