"""The field's formats, each brought into the one form: COCO's keypoint format as a dict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bupose.annotations.names import spell
from bupose.annotations.values import kind_of, numbers_of, records
from bupose.errors import InputError, LabelsError
from bupose.skeletons import CROWDPOSE14

MPII_JOINTS = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis", "thorax", "upper_neck",
    "head_top", "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist",
)  # fmt: skip
AIC_JOINTS = (
    "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist", "right_hip",
    "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "head_top", "neck",
)  # fmt: skip
_MPII_BODY = 200.0  # px: the size of a person of scale 1
_AIC_VISIBILITY = np.array([np.nan, 2, 1, 0])  # its list counts 1 seen, 2 hidden, 3 not labelled


@dataclass(frozen=True)
class Format:
    """How a set's files differ from COCO's.

    Parameters
    ----------
    convert : function of a file's content and its name
        COCO's form of it.
    aliases : dict
        What the set calls a joint -> what we call it.
    own_middle : bool
        The set's neck is a point of its own, not the middle of the shoulders: a skeleton that derives it does so.
    only_seen : bool
        The set does not tell hidden joints from seen ones: all count as seen.
    """

    convert: Callable[[object, str], Mapping]
    aliases: Mapping[str, str] = field(default_factory=dict)
    own_middle: bool = False
    only_seen: bool = False


def _as_coco(data, name: str) -> Mapping:
    keys = ("images", "annotations", "categories")
    missing = [k for k in keys if not isinstance(data, Mapping) or k not in data]
    if missing:
        lacks = f"lacks {', '.join(missing)}" if isinstance(data, Mapping) else f"is {kind_of(data)}"
        raise InputError(f"{name} is not COCO annotations, it {lacks}; it must hold images, annotations and categories")
    return data


def _from_mpii(data, name: str) -> Mapping:
    """MPII (Andriluka et al. 2014), in the JSON form of HRNet's and SimpleBaselines' authors: one entry a person.

    Pixels count from 1. ``joints_vis`` is 1 for every labelled joint, hidden or not, and 0 for those that are not
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
        "annotations": [_mpii_person(e, n, number[e["image"]], name) for n, e in enumerate(entries)],
        "categories": [{"id": 1, "name": "person", "keypoints": list(MPII_JOINTS)}],
    }


def _mpii_person(entry: Mapping, n: int, image_id: int, name: str) -> dict:
    whose = f"entry {n} of MPII's list {name}"
    xy = numbers_of(entry.get("joints"), whose, "joints")
    flags = numbers_of(entry.get("joints_vis"), whose, "joints_vis")
    if xy.size != 2 * len(MPII_JOINTS) or flags.size != len(MPII_JOINTS):
        got = f"{xy.size} joint numbers and {flags.size} flags"
        raise LabelsError(f"{whose} has {got}; MPII's 16 joints need 32 and 16")
    xy, labelled = xy.reshape(-1, 2) - 1, flags.reshape(-1) > 0
    person = {"id": n, "image_id": image_id, "category_id": 1}
    person["keypoints"] = np.where(labelled[:, None], np.column_stack([xy, 2 * labelled]), 0).reshape(-1).tolist()
    size = numbers_of(entry.get("scale", 0) or 0, whose, "scale").reshape(-1)
    size = _MPII_BODY * float(size[0]) if size.size == 1 and np.isfinite(size[0]) else 0.0
    here = xy[labelled & np.isfinite(xy).all(1)]
    if len(here):  # joints end inside the body
        low, high = here.min(0) - 0.1 * size, here.max(0) + 0.1 * size
        person["bbox"] = [*low, *(high - low)]
    else:
        center = numbers_of(entry.get("center") or (0, 0), whose, "center").reshape(-1)
        person["bbox"] = [*(center[:2] - size / 2), size, size] if center.size == 2 else None
    return person | ({"head_box": entry["head_box"]} if "head_box" in entry else {})


def _from_aichallenger(data, name: str) -> Mapping:
    """AI Challenger (Wu et al. 2017): its own list of pictures, or the COCO-like file made of it."""
    if isinstance(data, Mapping):
        return _as_coco(data, name)
    if not isinstance(data, list) or not data:
        raise InputError(f"{name} is not AI Challenger's list of photos but {kind_of(data)}")
    images, annotations = [], []
    for n, entry in enumerate(records(data, "photos", name)):
        people, boxes = entry.get("keypoint_annotations"), entry.get("human_annotations")
        if not isinstance(entry.get("image_id"), str) or not all(isinstance(v, Mapping) for v in (people, boxes)):
            raise InputError(
                f"{name} is not AI Challenger's list of photos: entry {n} lacks image_id, keypoint_annotations or "
                f"human_annotations"
            )
        images.append({"id": n, "file_name": f"{entry['image_id']}.jpg"})
        annotations += [_aic_person(n, who, flat, boxes.get(who), name) for who, flat in people.items()]
    category = {"id": 1, "name": "person", "keypoints": list(AIC_JOINTS)}
    return {"images": images, "annotations": annotations, "categories": [category]}


def _aic_person(image_id: int, who: str, flat, corners, name: str) -> dict:
    whose = f"{who!r:.40} in photo {image_id} of {name}"
    triples = numbers_of(flat, whose).reshape(-1)
    if triples.size != 3 * len(AIC_JOINTS):
        raise LabelsError(f"{whose} has {triples.size} keypoint numbers; its 14 joints need 42")
    triples = triples.reshape(-1, 3)
    triples[:, 2] = _AIC_VISIBILITY[np.where(np.isin(triples[:, 2], (1, 2, 3)), triples[:, 2], 0).astype(int)]
    box = numbers_of(corners, whose, "human_annotations").reshape(-1) if corners is not None else np.zeros(0)
    box = [*box[:2], *(box[2:] - box[:2])] if box.size == 4 else None
    person = {"id": f"{image_id} {who}", "image_id": image_id, "category_id": 1, "bbox": box}
    return person | {"keypoints": triples.reshape(-1).tolist()}


FORMATS = {
    "coco": Format(_as_coco),
    "crowdpose": Format(_as_coco, {"head": "top_head"}, own_middle=True),
    "ochuman": Format(_as_coco),
    # The head's two ends are labelled; the ears, though listed, never are.
    "posetrack": Format(_as_coco, {"head_bottom": "neck", "head_top": "top_head"}, own_middle=True, only_seen=True),
    "mpii": Format(_from_mpii, {"upper_neck": "neck", "head_top": "top_head"}, own_middle=True),
    "aichallenger": Format(_from_aichallenger, {"head_top": "top_head"}, own_middle=True),
}


def guess_format(data) -> str:
    """Which of ``FORMATS`` a file's content is; what is none is left to ``coco`` to refuse."""
    if isinstance(data, list) and data and isinstance(data[0], Mapping):
        if {"joints", "image"} <= set(data[0]):
            return "mpii"
        return "aichallenger" if "keypoint_annotations" in data[0] else "coco"
    if not isinstance(data, Mapping):
        return "coco"
    images = data.get("images")
    if isinstance(images, list) and any(isinstance(i, Mapping) and {"is_labeled", "vid_id"} & set(i) for i in images):
        return "posetrack"
    for names in _joint_lists(data.get("categories")):
        if "head_bottom" in names:
            return "posetrack"
        if {FORMATS["crowdpose"].aliases.get(n, n) for n in names} == set(CROWDPOSE14.joints):
            return "crowdpose"
    return "coco"


def _joint_lists(categories) -> list[set[str]]:
    found = []
    for category in categories if isinstance(categories, list) else ():
        names: Sequence = category.get("keypoints") if isinstance(category, Mapping) else None
        if isinstance(names, list) and all(isinstance(n, str) for n in names):
            found.append(set(spell(names)))
    return found
