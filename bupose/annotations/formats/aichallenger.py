"""AI Challenger (Wu et al. 2017): its own list of pictures, or the COCO-like file made of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bupose.annotations.formats.base import MMPOSE_SERVER, AnnotationReader, Archive, Source, first_keys
from bupose.annotations.formats.coco import check_coco
from bupose.annotations.values import kind_of, numbers_of, records
from bupose.errors import InputError, LabelsError

JOINTS = (
    "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist", "right_hip",
    "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "head_top", "neck",
)  # fmt: skip
_VISIBILITY = np.array([np.nan, 2, 1, 0])  # the list counts 1 seen, 2 hidden, 3 not labelled


def _convert(data, name: str) -> Mapping:
    if isinstance(data, Mapping):
        return check_coco(data, name)
    if not isinstance(data, list) or not data:
        raise InputError(f"{name} is not AI Challenger's list of photos but {kind_of(data)}")
    images, annotations = [], []
    for n, entry in enumerate(records(data, "photos", name)):
        people, boxes = entry.get("keypoint_annotations"), entry.get("human_annotations")
        named = isinstance(entry.get("image_id"), str)
        if not named or not isinstance(people, Mapping) or not isinstance(boxes, Mapping):
            raise InputError(
                f"{name} is not AI Challenger's list of photos: entry {n} lacks image_id, keypoint_annotations or "
                f"human_annotations"
            )
        images.append({"id": n, "file_name": f"{entry['image_id']}.jpg"})
        annotations += [_person(n, who, flat, boxes.get(who), name) for who, flat in people.items()]
    category = {"id": 1, "name": "person", "keypoints": list(JOINTS)}
    return {"images": images, "annotations": annotations, "categories": [category]}


def _person(image_id: int, who: str, flat, corners, name: str) -> dict:
    whose = f"{who!r:.40} in photo {image_id} of {name}"
    numbers = numbers_of(flat, whose)
    if numbers.size != 3 * len(JOINTS):
        raise LabelsError(f"{whose} has {numbers.size} keypoint numbers; its 14 joints need 42")
    triples = numbers.reshape(-1, 3)
    triples[:, 2] = _VISIBILITY[np.where(np.isin(triples[:, 2], (1, 2, 3)), triples[:, 2], 0).astype(int)]
    ends = numbers_of(corners, whose, "human_annotations").reshape(-1) if corners is not None else np.zeros(0)
    box = [*ends[:2], *(ends[2:] - ends[:2])] if ends.size == 4 else None
    person = {"id": f"{image_id} {who}", "image_id": image_id, "category_id": 1, "bbox": box}
    return person | {"keypoints": triples.reshape(-1).tolist()}


AICHALLENGER = AnnotationReader(
    _convert,
    lambda data: "keypoint_annotations" in first_keys(data),
    aliases={"head_top": "top_head"},
    own_middle=True,
    source=Source(
        "research only; the challenge's own site is gone",
        {"annotations": Archive(MMPOSE_SERVER + "aic_annotations.tar")},
        "photos: github.com/AIChallenger/AI_Challenger_2017 names where they are kept (about 18 GB)",
    ),
)
