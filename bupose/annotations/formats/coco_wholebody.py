"""COCO-WholeBody (Jin et al. 2020): COCO's people with their feet, faces and hands, 133 joints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bupose.annotations.formats.base import AnnotationReader, Source, first_keys
from bupose.annotations.formats.coco import ARCHIVES, check_coco
from bupose.annotations.values import flag_of, flat_keypoints, numbers_of, records
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO_WHOLEBODY

# What a file calls the part of a skeleton: an annotation's and a result's joints, a result's score, whether the part
# could be labelled (data_format.md of jin-s13/COCO-WholeBody).
KEYS = {
    "body": ("keypoints", "score", ""),
    "feet": ("foot_kpts", "foot_score", "foot_valid"),
    "face": ("face_kpts", "face_score", "face_valid"),
    "left_hand": ("lefthand_kpts", "lefthand_score", "lefthand_valid"),
    "right_hand": ("righthand_kpts", "righthand_score", "righthand_valid"),
}
MORE_KEYPOINTS = {keys[0] for part, keys in KEYS.items() if part != "body"}


def score_key(part: str) -> str:
    """The key of a part's score in a result."""
    return KEYS[part][1] if part in KEYS else f"{part}_score"


def write_parts(skeleton: Skeleton, numbers: list[float], scores: Sequence[float]) -> dict:
    """A result's joints and scores: in one list of joints, or for COCO-WholeBody's 133 joints in its lists.

    Parameters
    ----------
    skeleton : Skeleton
    numbers : list of 3K floats
    scores : sequence of floats
        Of each part.
    """
    result = {"keypoints": numbers, "score": scores[0]}
    if whole := skeleton.joints == COCO_WHOLEBODY.joints:
        triples = np.reshape(numbers, (-1, 3))
        lists = {KEYS[part][0]: triples[n].reshape(-1).tolist() for part, n in COCO_WHOLEBODY.part_joints.items()}
        result = lists | {"score": scores[0]}
    result |= {score_key(part): score for (part, _), score in zip(skeleton.parts[1:], scores[1:], strict=True)}
    return result | ({"wholebody_score": scores[0]} if whole else {})


def join_keypoints(result: Mapping[str, Any], whose: str = "a COCO result") -> Any:
    """The numbers of all 133 joints from the lists of a result, or only its ``keypoints`` if it has no others.

    Raises
    ------
    LabelsError
        A list has another length.
    """
    if not MORE_KEYPOINTS & set(result):
        return result.get("keypoints")
    parts = COCO_WHOLEBODY.part_joints.items()
    lists = [flat_keypoints(result.get(KEYS[part][0]), len(n), whose, KEYS[part][0]) for part, n in parts]
    return [number for numbers in lists for number in numbers]


def _recognises(data) -> bool:
    return isinstance(data, Mapping) and bool(MORE_KEYPOINTS & first_keys(data.get("annotations")))


def _convert(data, name: str) -> Mapping:
    """One list of keypoints per person.

    Elsewhere "v > 0 means that the keypoint is reliable", with any number: it counts as visible. Parts that are not
    valid have no labels.
    """
    data = check_coco(data, name)
    categories = []
    for category in records(data["categories"], "categories", name):
        joints = category.get("keypoints")
        if isinstance(joints, (list, tuple)) and len(joints) == len(COCO_WHOLEBODY.part_joints["body"]):
            category = {**category, "keypoints": list(COCO_WHOLEBODY.joints), "skeleton": None}
        categories.append(category)
    annotations = []
    for n, annotation in enumerate(records(data["annotations"], "annotations", name)):
        whose, flat = f"{name}: annotation {annotation.get('id', n)!r:.40}", []
        for part, joints in COCO_WHOLEBODY.part_joints.items():
            key, _, valid = KEYS[part]
            values = numbers_of(flat_keypoints(annotation.get(key), len(joints), whose, key), whose, key).reshape(-1)
            if valid:
                values[2::3] = np.where(values[2::3] > 0, 2, 0)
                if not flag_of(annotation.get(valid, True), whose, valid):
                    values[:] = 0
            flat.append(values)
        annotations.append({**annotation, "keypoints": np.concatenate(flat), "num_keypoints": None})
    return {**data, "categories": categories, "annotations": annotations}


COCO_WHOLEBODY_SET = AnnotationReader(
    _convert,
    _recognises,
    skeleton=COCO_WHOLEBODY.name,
    source=Source(
        "annotations for non-commercial research; photos under their own Flickr licences",
        {part: ARCHIVES[part] for part in ("val", "train")},
        "annotations: the Google Drive links at github.com/jin-s13/COCO-WholeBody (coco_wholebody_val_v1.0.json, …)",
    ),
)
