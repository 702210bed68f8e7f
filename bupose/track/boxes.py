"""Boxes of whole bodies, from their joints."""

from __future__ import annotations

import numpy as np

from bupose.people import People
from bupose.proportions import usual_length
from bupose.skeleton import Skeleton

# How far the body reaches beyond its outermost joint, in thighs: medians over 680 people of COCO's training labels who
# show all their limbs, of the joint that lies at a side of the annotated box. It hardly depends on the side.
_FLESH = {
    "nose": 0.2, "eye": 0.4, "ear": 0.4, "neck": 0.2, "shoulder": 0.25, "elbow": 0.17, "wrist": 0.27, "hip": 0.38,
    "mid_hip": 0.2, "knee": 0.21, "ankle": 0.33, "heel": 0.15, "big_toe": 0.1, "small_toe": 0.1, "top_head": 0.05,
}  # fmt: skip
_OTHER = 0.1  # of the joints' box: skeletons without such joints
# Width of a pedestrian's box as a share of its height, to which Caltech's evaluation brings all boxes: Dollar, Wojek,
# Schiele and Perona 2012, Pedestrian Detection: An Evaluation of the State of the Art, section 3.1.
_UPRIGHT = 0.41


def body_boxes(people: People, upright: bool = False) -> np.ndarray:
    """Boxes around whole bodies: head, hands and feet too, which lie beyond the outermost joints.

    Parameters
    ----------
    people : People
    upright : bool
        Boxes as pedestrians are annotated (Caltech, MOTChallenge), whose width hardly changes with the stride: those
        taller than wide are 0.41 times as wide as high, about the same centre.

    Returns
    -------
    float32 array (P, 4), pixels
        x, y, width, height; 0 where a person has no joint.
    """
    xy = people.xy.astype(np.float64)
    reach = _reach(xy, people.skeleton)[..., None]
    low, high = np.fmin.reduce(xy - reach, 1), np.fmax.reduce(xy + reach, 1)
    box = np.nan_to_num(np.concatenate([low, high - low], 1))
    if upright:
        wider = np.where(box[:, 3] > box[:, 2], _UPRIGHT * box[:, 3] - box[:, 2], 0)
        box[:, 0] -= wider / 2
        box[:, 2] += wider
    boxes: np.ndarray = box.astype(np.float32)
    return boxes


def _reach(xy: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """float64 (P, K), pixels: how far the body reaches beyond each joint."""
    flesh = np.array([_FLESH.get(j.removeprefix("left_").removeprefix("right_"), np.nan) for j in skeleton.joints])
    usual = np.array([usual_length(limb) for limb in skeleton.limbs])
    first, second = (np.array([skeleton.index[limb[i]] for limb in skeleton.limbs], int) for i in (0, 1))
    known = usual > 0
    length = np.hypot(*np.moveaxis(xy[:, first[known]] - xy[:, second[known]], 2, 0)) / usual[known]
    here = np.isfinite(length).any(1)
    thigh = np.full(len(xy), np.nan)
    thigh[here] = np.nanmedian(length[here], 1)
    side = (np.fmax.reduce(xy, 1) - np.fmin.reduce(xy, 1)).max(1, initial=0)
    reach: np.ndarray = np.where(np.isnan(thigh[:, None] * flesh), _OTHER * side[:, None], thigh[:, None] * flesh)
    return reach
