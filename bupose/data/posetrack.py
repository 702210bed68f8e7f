"""PoseTrack18 (Andriluka et al. 2018): frames of videos, a JSON file each or one for many, with regions to ignore."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from bupose.data.coco import PhotosOptions, build_photos, find_category, read_json
from bupose.data.photos import Photos
from bupose.errors import InputError

# The head's two ends are labelled; the ears, though listed, never are.
_ALIASES = {"head_bottom": "neck", "head_top": "top_head"}


@dataclass
class PoseTrackOptions(PhotosOptions):
    """PoseTrack18: ``annotations`` is a JSON file or a folder of them; ``images`` the folder that holds ``images/``."""


def read_posetrack(options: PoseTrackOptions) -> Photos:
    """Labelled frames; what the annotators marked to be ignored is.

    PoseTrack does not tell hidden joints from seen ones: all labelled joints count as seen.

    Raises
    ------
    InputError
        No annotation file there.
    """
    path = Path(options.annotations).expanduser()
    files = sorted(path.glob("*.json")) if options.annotations and path.is_dir() else [path]
    if not files:
        raise InputError(f"there is no .json file in {str(path)!r}; give the folder of PoseTrack18's annotations")
    images, annotations, category = [], [], {}
    for file in files:
        data = read_json(replace(options, annotations=str(file) if options.annotations else ""))
        category = find_category(data, options)
        labelled = [i for i in data["images"] if i.get("is_labeled", True)]
        images += labelled
        annotations += [a | {"keypoints": _seen(a["keypoints"])} for a in data["annotations"] if "keypoints" in a]
        annotations += [region for i in labelled for region in _ignored(i)]
    return build_photos(options, images, annotations, category["keypoints"], category, _ALIASES)


def _seen(keypoints: list) -> list:
    return [2 * (v > 0) if n % 3 == 2 else v for n, v in enumerate(keypoints)]


def _ignored(image: dict) -> list[dict]:
    """A frame's regions to ignore as crowds; their coordinates come as lists of x and of y, one each a region."""
    regions = zip(image.get("ignore_regions_x", ()), image.get("ignore_regions_y", ()), strict=True)
    found = []
    for x, y in regions:
        if isinstance(x, list) and len(x) > 2:
            outline = [v for point in zip(x, y, strict=True) for v in point]
            box = [min(x), min(y), max(x) - min(x), max(y) - min(y)]
            found.append({"image_id": image["id"], "iscrowd": 1, "segmentation": [outline], "bbox": box})
    return found
