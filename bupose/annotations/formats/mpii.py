"""MPII (Andriluka et al. 2014), in the JSON form of HRNet's and SimpleBaselines' authors: one entry a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bupose.annotations.formats.base import MMPOSE_SERVER, MPII_SERVER, AnnotationReader, Archive, Source, first_keys
from bupose.annotations.values import kind_of, numbers_of, records
from bupose.errors import LabelsError

JOINTS = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis", "thorax", "upper_neck",
    "head_top", "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist",
)  # fmt: skip
_BODY = 200.0  # px: the size of a person of scale 1


def _convert(data, name: str) -> Mapping:
    """Pixels count from 1. ``joints_vis`` is 1 for every labelled joint, hidden or not, and 0 for those that are not
    labelled (microsoft/human-pose-estimation.pytorch, issue 7, by the form's author). Pictures are numbered by sorted
    file name. A ``head_box`` (x, y, width, height) may be added to an entry.
    """
    if not isinstance(data, list) or not data:
        raise LabelsError(
            f"{name} is not MPII's list of people but {kind_of(data)}; give the list HRNet's authors made"
        )
    entries = records(data, "people", name)
    for n, e in enumerate(entries):
        if not isinstance(e.get("image"), str):
            raise LabelsError(f"{name} is not MPII's list of people: entry {n} has no file name as its image")
    number = {image: n for n, image in enumerate(sorted({e["image"] for e in entries}))}
    return {
        "images": [{"id": n, "file_name": image} for image, n in number.items()],
        "annotations": [_person(e, n, number[e["image"]], name) for n, e in enumerate(entries)],
        "categories": [{"id": 1, "name": "person", "keypoints": list(JOINTS)}],
    }


def _person(entry: Mapping, n: int, image_id: int, name: str) -> dict:
    whose = f"entry {n} of MPII's list {name}"
    xy = numbers_of(entry.get("joints"), whose, "joints")
    flags = numbers_of(entry.get("joints_vis"), whose, "joints_vis")
    if xy.size != 2 * len(JOINTS) or flags.size != len(JOINTS):
        got = f"{xy.size} joint numbers and {flags.size} flags"
        raise LabelsError(f"{whose} has {got}; MPII's 16 joints need 32 and 16")
    xy, labelled = xy.reshape(-1, 2) - 1, flags.reshape(-1) > 0
    person: dict[str, Any] = {"id": n, "image_id": image_id, "category_id": 1}
    person["keypoints"] = np.where(labelled[:, None], np.column_stack([xy, 2 * labelled]), 0).reshape(-1).tolist()
    scale = numbers_of(entry.get("scale", 0) or 0, whose, "scale").reshape(-1)
    size = _BODY * float(scale[0]) if scale.size == 1 and np.isfinite(scale[0]) else 0.0
    here = xy[labelled & np.isfinite(xy).all(1)]
    if len(here):  # joints end inside the body
        low, high = here.min(0) - 0.1 * size, here.max(0) + 0.1 * size
        person["bbox"] = [*low, *(high - low)]
    else:
        center = numbers_of(entry.get("center") or (0, 0), whose, "center").reshape(-1)
        person["bbox"] = [*(center[:2] - size / 2), size, size] if center.size == 2 else None
    return person | ({"head_box": entry["head_box"]} if "head_box" in entry else {})


MPII = AnnotationReader(
    _convert,
    lambda data: {"joints", "image"} <= first_keys(data),
    aliases={"upper_neck": "neck", "head_top": "top_head"},
    own_middle=True,
    complete=False,
    source=Source(
        "simplified BSD for the annotations; photos from YouTube, for research",
        {
            "annotations": Archive(MMPOSE_SERVER + "mpii_annotations.tar"),
            "images": Archive(MPII_SERVER + "mpii_human_pose_v1.tar.gz", 12900),
        },
    ),
)
