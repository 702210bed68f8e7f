"""MPII Human Pose (Andriluka et al. 2014), in the JSON form that HRNet's authors made of it: one entry a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bupose.data.coco import PhotosOptions, build_photos, read_json
from bupose.data.photos import Photos
from bupose.errors import LabelsError

JOINTS = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis", "thorax", "upper_neck",
    "head_top", "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist",
)  # fmt: skip
_ALIASES = {"upper_neck": "neck", "head_top": "top_head"}
_BODY = 200.0  # px: the size of a person of scale 1


@dataclass
class MpiiOptions(PhotosOptions):
    """MPII's people; ``images`` is the folder of photos.

    Parameters
    ----------
    complete : bool
        Say that nobody is left unlabelled. In MPII many are, so by default only the surroundings of labelled people
        count as known.
    """

    complete: bool = False


def read_mpii(options: MpiiOptions) -> Photos:
    """Photos of MPII. Pixels count from 1 there; joints that are not seen count as hidden.

    Raises
    ------
    LabelsError
        An entry is not of a person of 16 joints.
    """
    entries = read_json(options, ())
    try:
        names = sorted({e["image"] for e in entries})
        numbers = {name: n for n, name in enumerate(names)}
        images = [{"id": n, "file_name": name, "unlisted_people": not options.complete} for name, n in numbers.items()]
        annotations = [_annotation(numbers[e["image"]], e) for e in entries]
    except (KeyError, TypeError, ValueError) as problem:
        raise LabelsError(f"{options.annotations!r} is not MPII's list of people: {problem!r} is wrong") from None
    return build_photos(options, images, annotations, JOINTS, aliases=_ALIASES)


def _annotation(image: int, entry: dict) -> dict:
    xy = np.array(entry["joints"], float).reshape(len(JOINTS), 2) - 1
    seen = np.array(entry["joints_vis"], int).reshape(len(JOINTS))
    labelled = (xy > -1).all(1) & (seen >= 0)
    triples = np.where(labelled[:, None], np.column_stack([xy, 1 + (seen > 0)]), 0)
    low, high = xy[labelled].min(0, initial=1e9), xy[labelled].max(0, initial=-1e9)
    if labelled.any():  # joints end inside the body
        margin = 0.1 * _BODY * float(entry["scale"])
        box = [*(low - margin), *(high - low + 2 * margin)]
    else:
        side = _BODY * float(entry["scale"])
        box = [entry["center"][0] - side / 2, entry["center"][1] - side / 2, side, side]
    return {"image_id": image, "keypoints": triples.reshape(-1).tolist(), "bbox": box}
