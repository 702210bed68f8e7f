"""Augmentation: options, presets, and their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bupose.data.affine import move_labels, people_near, plan_crop
from bupose.data.color import change_colors, color_matrix
from bupose.data.mosaic import compose_mosaic
from bupose.data.occlusion import hide_people
from bupose.data.paste import paste_people
from bupose.data.picture import Picture, crop_image, picture_of
from bupose.images.sample import Sample
from bupose.options import check, choose, from_dict, option
from bupose.synthetic.camera import photograph


@dataclass
class AugmentOptions:
    """Augmentation options; by default pictures are only fitted into the crop.

    Parameters
    ----------
    person : float in [0, 1]
        Probability of a crop around a person, scaled by that person's size; else it is scaled by the picture, and
        placed on a person if it cannot show all.
    person_height : float
        Height of that person as a share of the crop's, before ``person_scale``.
    person_scale : (low, high)
        Range of the factor on that person's size.
    picture_scale : (low, high)
        1 fits the picture into the crop, larger values crop it.
    max_zoom : float
        Maximum enlargement of photos; 0 is no limit.
    min_joints, min_side : int, px
        People with fewer joints or a smaller box are not chosen as the centre of a crop, if there are others.
    rotation : float, degrees
        Maximum rotation, either way.
    shift : float
        Maximum shift off the centre, relative to the crop.
    mirror : float in [0, 1]
        Probability of mirroring.
    color : float in [0, 1]
        Strength of changes in brightness, contrast, saturation and tint.
    camera : float in [0, 1]
        Strength of uneven light, blur, grain and compression.
    occlusions : (low, high)
        Number of patches that cover parts of people.
    paste : float in [0, 1]
        Probability of pasting people of other pictures.
    pasted : (low, high)
        Number of pasted people.
    mosaic : float in [0, 1]
        Probability of a mosaic of four pictures.
    """

    person: float = option(0.0, 0, 1)
    person_height: float = option(0.6, 0.01, 10)
    person_scale: tuple[float, float] = option((0.5, 1.1), 0.01, 100, rising=True)
    picture_scale: tuple[float, float] = option((1.0, 1.0), 0.01, 100, rising=True)
    max_zoom: float = option(0.0, 0, 1000)
    min_joints: int = option(5, 0, 1000)
    min_side: float = option(32.0, 0, 100_000)
    rotation: float = option(0.0, 0, 180)
    shift: float = option(0.0, 0, 1)
    mirror: float = option(0.0, 0, 1)
    color: float = option(0.0, 0, 1)
    camera: float = option(0.0, 0, 1)
    occlusions: tuple[int, int] = option((0, 0), 0, 100, rising=True)
    paste: float = option(0.0, 0, 1)
    pasted: tuple[int, int] = option((1, 3), 0, 100, rising=True)
    mosaic: float = option(0.0, 0, 1)

    def __post_init__(self) -> None:
        check(self, "augment")


# openpose: zhec/training/example_proto of the 2017 system, its crop of 368 px: shift 40 of them.
PRESETS: dict[str, dict[str, Any]] = {
    "none": {},
    "light": {"picture_scale": (0.9, 1.8), "rotation": 15.0, "shift": 0.05, "mirror": 0.5, "color": 0.4},
    "openpose": {
        "person": 1.0, "person_height": 0.6, "person_scale": (0.5, 1.1), "rotation": 40.0, "shift": 40 / 368,
        "mirror": 0.5,
    },
    "strong": {
        "person": 0.6, "person_scale": (0.4, 1.4), "picture_scale": (0.7, 2.2), "max_zoom": 4.0, "rotation": 45.0,
        "shift": 0.12, "mirror": 0.5, "color": 0.6, "camera": 0.5, "occlusions": (0, 2), "paste": 0.3, "mosaic": 0.15,
    },
}  # fmt: skip


def augment_options(chosen: AugmentOptions | str | Mapping) -> AugmentOptions:
    """Options as given, a preset of ``PRESETS`` by name, or a dict of changes to the defaults.

    Raises
    ------
    OptionsError
        An unknown preset or option, or a value out of range.
    """
    if isinstance(chosen, AugmentOptions):
        return chosen
    if isinstance(chosen, str):
        return AugmentOptions(**choose(chosen, PRESETS, "augment"))
    return from_dict(AugmentOptions, chosen, "augment")


def augment(
    rng: np.random.Generator, samples, i: int, size: tuple[int, int], options: AugmentOptions
) -> tuple[Sample, np.ndarray]:
    """Augmented picture ``i`` of a data set.

    Parameters
    ----------
    samples : sequence of samples
        Others may be mixed in.
    size : (width, height), px

    Returns
    -------
    Sample
        Joints may lie outside; people far from the crop are dropped.
    matrix : float64 array (2, 3)
        From the picture's pixels to the crop's; of a mosaic's first picture.
    """
    picture = picture_of(samples, i)
    if rng.random() < options.mosaic:
        sample, matrix = _mosaic(rng, samples, picture, size, options)
    else:
        sample, matrix = crop_picture(rng, picture, size, options)
    if rng.random() < options.paste:
        low, high = options.pasted
        sample = paste_people(rng, sample, samples, int(rng.integers(low, high + 1)))
    if options.occlusions[1]:
        low, high = options.occlusions
        sample = hide_people(rng, sample, int(rng.integers(low, high + 1)))
    return replace(sample, image=_recolor(rng, sample.image, options)), matrix


def crop_picture(
    rng: np.random.Generator, picture: Picture, size: tuple[int, int], options: AugmentOptions
) -> tuple[Sample, np.ndarray]:
    """One picture's crop and the matrix that made it."""
    matrix = plan_crop(rng, picture.labels, picture.size, size, options)
    image, ignore = crop_image(picture, matrix, size), picture.ignore(matrix, size)
    labels = people_near(move_labels(picture.labels, matrix), size)
    return Sample(image, labels, ignore, picture.name, picture.image_id), matrix


def _mosaic(rng, samples, first: Picture, size: tuple[int, int], options) -> tuple[Sample, np.ndarray]:
    matrices = []

    def crop(n: int, part: tuple[int, int]) -> Sample:
        picture = first if n == 0 else picture_of(samples, int(rng.integers(len(samples))))
        sample, matrix = crop_picture(rng, picture, part, options)
        matrices.append(matrix)
        return sample

    sample = compose_mosaic(rng, size, crop)
    return replace(sample, name=first.name, image_id=first.image_id), matrices[0]


def _recolor(rng: np.random.Generator, image: np.ndarray, options: AugmentOptions) -> np.ndarray:
    if options.color:
        image = change_colors(image, color_matrix(rng, options.color))
    return photograph(rng, image, options.camera) if options.camera else image
