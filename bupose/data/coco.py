"""Annotations in COCO's keypoint format: anybody's own, of any category and any list of joints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bupose import skeletons
from bupose.data.photos import Photos
from bupose.errors import InputError, LabelsError, OptionsError
from bupose.skeleton import Skeleton


@dataclass
class PhotosOptions:
    """A set of annotated photos.

    Parameters
    ----------
    annotations : str
        The JSON file.
    images : str
        The folder that the file names in it start from; by default the JSON file's own.
    skeleton : str, Skeleton or dict
        Whose joints to give, as ``bupose.skeletons.get`` takes it. Empty: the file's own joints and limbs.
    with_people : bool
        Leave out photos without labelled people.
    limit : int
        Use only the first so many photos; 0 is all.
    max_box : float in [0, 1]
        Of a photo, the largest share that one box without an outline may have ignored.
    """

    annotations: str = ""
    images: str = ""
    skeleton: Any = "coco17"
    with_people: bool = True
    limit: int = 0
    max_box: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.max_box <= 1 or self.limit < 0:
            raise OptionsError(f"photos: got max_box {self.max_box}, limit {self.limit}; give 0 to 1, and 0 or more")


@dataclass
class CocoOptions(PhotosOptions):
    """A file in COCO's keypoint format.

    Parameters
    ----------
    category : str
        The category to take, by name; by default the only one with keypoints.
    """

    category: str = ""


def read_coco(options: CocoOptions, unlisted_people: bool = False) -> Photos:
    """Photos annotated as in COCO keypoints (cocodataset.org/#format-data).

    ``unlisted_people`` says that all photos may hold people who are not annotated; a photo's own key says it of one.

    Raises
    ------
    InputError
        The file is missing or is no such JSON.
    LabelsError
        It lacks the category, its joints, or all joints of the skeleton.
    """
    data = read_json(options)
    category = find_category(data, options)
    annotations = [a for a in data["annotations"] if a.get("category_id", category["id"]) == category["id"]]
    images = [{"unlisted_people": unlisted_people} | i for i in data["images"]]
    return build_photos(options, images, annotations, category["keypoints"], category)


def read_json(options: PhotosOptions, keys: Sequence[str] = ("images", "annotations", "categories")) -> Any:
    """The content of an annotation file; with ``keys``, a dict that must have them.

    Raises
    ------
    InputError
        No such file, no JSON, or a key is missing.
    """
    path = Path(options.annotations).expanduser()
    if not options.annotations:
        raise InputError("no annotation file is given; set annotations=FILE.json")
    try:
        data = json.loads(path.read_bytes())
    except OSError as problem:
        raise InputError(f"cannot read the annotations {str(path)!r}: {problem.strerror}") from None
    except ValueError as problem:
        raise InputError(f"the annotations {str(path)!r} are no JSON: {problem}") from None
    missing = [k for k in keys if not isinstance(data, dict) or k not in data]
    if missing:
        raise InputError(
            f"the annotations {str(path)!r} lack {', '.join(missing)}: another format? choose another data="
        )
    return data


def find_category(data: Mapping, options: PhotosOptions) -> dict:
    """The category to read, which must name its keypoints.

    Raises
    ------
    LabelsError
        There is none, or there are several and none was chosen.
    """
    named = {str(c.get("name", c["id"])): c for c in data["categories"] if c.get("keypoints")}
    wanted = getattr(options, "category", "") or (next(iter(named)) if len(named) == 1 else "")
    if wanted not in named:
        got = f"category {wanted!r}" if wanted else "no category chosen"
        raise LabelsError(f"{got}; with keypoints {options.annotations!r} has: {', '.join(named) or 'none'}")
    return named[wanted]


def build_photos(
    options: PhotosOptions,
    images: Sequence[Mapping],
    annotations: Sequence[Mapping],
    names: Sequence[str],
    category: Mapping | None = None,
    aliases: Mapping[str, str] | None = None,
) -> Photos:
    """Index photos for the options' skeleton.

    Parameters
    ----------
    options : PhotosOptions
    images, annotations : sequences of dicts
        As in COCO's format.
    names : sequence of names
        The annotations' joints; ``Left Knee`` is read as ``left_knee``.
    category : dict, optional
        Whose ``skeleton`` gives the limbs where no skeleton is chosen.
    aliases : dict, optional
        What joints are called here: a set's own name -> ours.
    """
    names = [str(n).strip().lower().replace(" ", "_").replace("-", "_") for n in names]
    names = [(aliases or {}).get(n, n) for n in names]
    skeleton = skeletons.get(options.skeleton) if options.skeleton else declared_skeleton(names, category or {})
    if aliases is not None:  # where this set's joint is not the mean that the skeleton wants, let that be computed
        derived = {joint for joint, parts in skeleton.derived if set(parts) <= set(names)}
        names = [f"{n} of the set" if n in derived else n for n in names]
    if (skeleton.mapping(names) < 0).all():
        raise LabelsError(
            f"{options.annotations!r} has none of the joints of {skeleton.name!r}; it has {', '.join(names)}"
        )
    if options.with_people:
        wanted = {
            a["image_id"]
            for a in annotations
            if not a.get("iscrowd", 0) and any(v > 0 for v in a.get("keypoints", ())[2::3])
        }
        images = [i for i in images if i["id"] in wanted]
    images = images[: options.limit] if options.limit else images
    if not len(images):
        raise LabelsError(f"{options.annotations!r} has no photo with labelled people; with_people=false takes all")
    folder = Path(options.images or Path(options.annotations).parent).expanduser()
    return Photos(folder, images, annotations, skeleton, names, options.max_box)


def declared_skeleton(names: Sequence[str], category: Mapping) -> Skeleton:
    """The skeleton that a COCO category declares: its joints, and its pairs of joint numbers from 1 as limbs.

    Raises
    ------
    SkeletonError
        The limbs do not connect the joints, or a left or right joint has no counterpart.
    """
    limbs = [(names[a - 1], names[b - 1]) for a, b in category.get("skeleton", ())]
    return Skeleton(str(category.get("name", "own")), tuple(names), tuple(limbs))
