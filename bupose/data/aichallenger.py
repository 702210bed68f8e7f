"""AI Challenger human keypoints (Wu et al. 2017): its own list format, and the COCO-like one made of it."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.data.coco import PhotosOptions, build_photos, find_category, read_json
from bupose.data.photos import Photos
from bupose.errors import InputError

JOINTS = (
    "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist", "right_hip",
    "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "head_top", "neck",
)  # fmt: skip
_ALIASES = {"head_top": "top_head"}
_VISIBILITY = {1: 2, 2: 1, 3: 0}  # its list counts 1 seen, 2 hidden, 3 not labelled


@dataclass
class AIChallengerOptions(PhotosOptions):
    """``keypoint_train_annotations_….json`` as published, or a COCO-like file with the same 14 joints."""


def read_aichallenger(options: AIChallengerOptions) -> Photos:
    """Photos of AI Challenger.

    Raises
    ------
    InputError
        The file is neither of the two.
    """
    data = read_json(options, ())
    if isinstance(data, dict):
        data = read_json(options)
        category = find_category(data, options)
        return build_photos(options, data["images"], data["annotations"], category["keypoints"], category, _ALIASES)
    try:
        images = [{"id": n, "file_name": f"{entry['image_id']}.jpg"} for n, entry in enumerate(data)]
        annotations = [a for n, entry in enumerate(data) for a in _people(n, entry)]
    except (KeyError, TypeError) as problem:
        raise InputError(f"{options.annotations!r} is not AI Challenger's list of photos: {problem!r}") from None
    return build_photos(options, images, annotations, JOINTS, aliases=_ALIASES)


def _people(image: int, entry: dict) -> list[dict]:
    found = []
    for who, flat in entry["keypoint_annotations"].items():
        keypoints = [_VISIBILITY.get(int(v), 0) if n % 3 == 2 else v for n, v in enumerate(flat)]
        left, top, right, bottom = entry["human_annotations"][who]
        found.append({"image_id": image, "keypoints": keypoints, "bbox": [left, top, right - left, bottom - top]})
    return found
