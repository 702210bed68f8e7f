"""MPII's list of people, as COCO annotations.

The form is the one HRNet's authors gave MPII's labels: a list with an entry for each person. Head boxes are not part of
it; the length of a head is then the distance from its top to the upper neck, which 0.6 of the box's diagonal stands
for. A ``head_box`` (x, y, width, height) added to an entry is used instead. Pictures are numbered by sorted file name,
joints and boxes count pixels from 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bupose.data.mpii import JOINTS
from bupose.errors import LabelsError
from bupose.people import joint_boxes

NAMES = {"upper_neck": "neck", "head_top": "top_head"}


def is_mpii(data) -> bool:
    """Whether a JSON file's content is MPII's list."""
    return (
        isinstance(data, list) and bool(data) and isinstance(data[0], Mapping) and {"joints", "image"} <= set(data[0])
    )


def mpii_to_coco(entries: Sequence[Mapping]) -> dict:
    """COCO keypoint annotations of MPII's people.

    Raises
    ------
    LabelsError
        An entry is not of a person of 16 joints.
    """
    try:
        number = {name: n for n, name in enumerate(sorted({e["image"] for e in entries}))}
        annotations = [_annotation(e, n, number[e["image"]]) for n, e in enumerate(entries, 1)]
    except (KeyError, TypeError, ValueError) as problem:
        raise LabelsError(f"this is not MPII's list of people: {problem!r} is wrong") from None
    joints = [NAMES.get(j, j) for j in JOINTS]
    return {
        "images": [{"id": n, "file_name": name} for name, n in number.items()],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "person", "keypoints": joints}],
    }


def _annotation(entry: Mapping, number: int, image_id: int) -> dict:
    xy = np.array(entry["joints"], np.float64).reshape(len(JOINTS), 2) - 1  # Matlab counts from 1
    seen = np.array(entry["joints_vis"], int).reshape(len(JOINTS)) > 0
    box = joint_boxes(xy[None], seen[None])[0].tolist()
    annotation = {"id": number, "image_id": image_id, "category_id": 1, "iscrowd": 0, "bbox": box}
    annotation["keypoints"] = np.where(seen[:, None], np.column_stack([xy, 2 * seen]), 0).reshape(-1).tolist()
    return annotation | ({"head_box": entry["head_box"]} if "head_box" in entry else {})
