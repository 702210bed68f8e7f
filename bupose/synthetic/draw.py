"""Drawn people with joints: an endless, seeded data set for training, tests and demonstrations."""

from __future__ import annotations

import numpy as np

from bupose import skeletons
from bupose.errors import LabelsError, OptionsError
from bupose.images.sample import Sample
from bupose.options import shown
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO17
from bupose.synthetic.camera import photograph
from bupose.synthetic.creature import plan_creatures
from bupose.synthetic.figure import Scene
from bupose.synthetic.options import MOST_PEOPLE, SceneOptions, SyntheticOptions, scene_options
from bupose.synthetic.pose import BODY, WHOLE_BODY
from bupose.synthetic.scene import plan_scene

Seed = np.random.Generator | int | tuple[int, ...]
MOST_PIXELS = 100_000_000  # maximum size of a drawn picture, which takes about 10 bytes per pixel


def draw_scene(
    seed: Seed,
    size: tuple[int, int] = (368, 368),
    people: int | tuple[int, int] = (1, 8),
    skeleton: Skeleton = COCO17,
    options: SceneOptions | str = "clean",
) -> Sample:
    """Draw a scene of people, with their joints.

    Parameters
    ----------
    seed : Generator, int or tuple of ints
        Equal seeds draw equal pictures.
    size : (width, height), px
    people : int or (low, high)
        Number of people, both ends included; people who are almost completely hidden are drawn but not labelled.
    skeleton : Skeleton
        The joints to label, matched by name to ``WHOLE_BODY``'s; others stay unlabelled. Hands have fingers if it has.
    options : SceneOptions or ``"clean"`` or ``"training"``

    Returns
    -------
    Sample
        Visibility 2: seen; 1: hidden by somebody, something or the person's own body; 0: outside the picture, or a
        facial feature seen from behind, as in COCO. Area and box are those of the visible silhouette, px.

    Raises
    ------
    LabelsError
        A drawn body has none of the skeleton's joints.
    OptionsError
        A size or a number of people out of range.
    """
    skeleton = skeletons.get(skeleton)
    if not has_body(skeleton):
        raise LabelsError(
            f"a drawn body has none of the joints of {skeleton.name!r} ({', '.join(skeleton.joints[:4])}, …); name "
            f"joints as in {', '.join(BODY.joints[:3])}, … or use draw_creature"
        )
    rng, options = _random(seed), scene_options(options)
    body = WHOLE_BODY if (skeleton.mapping(WHOLE_BODY) >= len(BODY.joints)).any() else BODY
    scene = plan_scene(rng, _checked(size), _how_many(rng, people), options, body)
    return _sample(scene, rng, skeleton, options)


def draw_creature(
    seed: Seed,
    size: tuple[int, int] = (368, 368),
    people: int | tuple[int, int] = (1, 8),
    skeleton: Skeleton = COCO17,
    options: SceneOptions | str = "clean",
) -> Sample:
    """Draw any skeleton's limb graph as bent, coloured bars: a hand, a robot's arm, an animal.

    Parameters are those of :func:`draw_scene`; options specific to people have no effect. Every joint is labelled.
    """
    rng, options = _random(seed), scene_options(options)
    scene = plan_creatures(rng, _checked(size), _how_many(rng, people), skeleton, options)
    return _sample(scene, rng, skeleton, options)


def has_body(skeleton: Skeleton) -> bool:
    """Whether a drawn body has any of these joints."""
    return bool((skeleton.mapping(WHOLE_BODY) >= 0).any())


class Synthetic:
    """A sequence of drawn pictures, each determined by its index."""

    def __init__(self, options: SyntheticOptions | None = None) -> None:
        self.options = options or SyntheticOptions()
        self.skeleton = skeletons.get(self.options.skeleton)
        self._draw = draw_scene if has_body(self.skeleton) else draw_creature

    def __len__(self) -> int:
        return min(self.options.count, self.options.limit or self.options.count)

    def __getitem__(self, i: int) -> Sample:
        i = i + len(self) if i < 0 else i
        if not 0 <= i < len(self):
            raise IndexError(f"picture {i} of a synthetic set of {len(self)}")
        o = self.options
        drawn = self._draw((o.seed, i), o.size, o.people, self.skeleton, o.scene)
        return Sample(drawn.image, drawn.labels, drawn.ignore, f"synthetic-{o.seed}-{i}", i)


def _random(seed: Seed) -> np.random.Generator:
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise OptionsError(f"scene seed: got {shown(seed)}; give a whole number from 0, or some of them") from None


def _checked(size: tuple[int, int]) -> tuple[int, int]:
    try:
        width, height = map(int, size)
    except (TypeError, ValueError, OverflowError):
        width = height = 0
    if min(width, height) < 8 or width * height > MOST_PIXELS:
        raise OptionsError(
            f"scene size: got {shown(size)}; give (width, height) of at least 8 px, and {MOST_PIXELS:,} pixels at most"
        )
    return width, height


def _how_many(rng: np.random.Generator, people: int | tuple[int, int]) -> int:
    try:
        low, high = (people, people) if isinstance(people, (int, np.integer)) else map(int, people)
    except (TypeError, ValueError, OverflowError):
        low = high = -1
    if not 0 <= low <= high <= MOST_PEOPLE:
        raise OptionsError(
            f"scene people: got {shown(people)}; give a number from 0 to {MOST_PEOPLE}, or the least and the most"
        )
    return int(rng.integers(low, high + 1))


def _sample(scene: Scene, rng: np.random.Generator, skeleton: Skeleton, options: SceneOptions) -> Sample:
    painted = scene.paint()
    labels, ignore = scene.label(painted, skeleton, options.min_visible)
    return Sample(photograph(rng, painted.image, options.camera), labels, ignore if ignore.any() else None)
