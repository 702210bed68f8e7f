"""Crowd index."""

from __future__ import annotations

import numpy as np

EASY, HARD = 0.1, 0.8  # limits of easy and hard crowd indices (Li et al. 2019)


def crowd_index(xy: np.ndarray, present: np.ndarray, box: np.ndarray) -> float:
    """Crowd index of a picture, in [0, 1]: how much people overlap each other's boxes.

    Parameters
    ----------
    xy : float array (P, K, 2), pixels
    present : bool array (P, K)
        Labelled joints.
    box : float array (P, 4), pixels
        x, y, width, height.

    Notes
    -----
    Li et al. 2019 (CrowdPose), section 4: the mean over people of the number of others' joints in a person's box over
    the number of that person's own joints, inside the box or not, which reproduces the indices in CrowdPose's files.
    The paper gives the range 0 to 1; larger means are clipped to 1.
    """
    xy, present, box = np.asarray(xy, np.float64), np.asarray(present, bool), np.asarray(box, np.float64)
    somebody = present.any(1)
    xy, present, box = xy[somebody], present[somebody], box[somebody]
    if len(xy) < 2:
        return 0.0
    owner = np.nonzero(present)[0]
    joints = xy[present]
    order = np.argsort(joints[:, 0])  # a box need only look at the joints between its sides
    owner, joints = owner[order], joints[order]
    low, high = box[:, :2], box[:, :2] + box[:, 2:]
    first = np.searchsorted(joints[:, 0], low[:, 0], "left")
    last = np.searchsorted(joints[:, 0], high[:, 0], "right")
    others = np.zeros(len(box))
    for p, (a, b) in enumerate(zip(first, last, strict=True)):
        inside = (joints[a:b, 1] >= low[p, 1]) & (joints[a:b, 1] <= high[p, 1])
        others[p] = (inside & (owner[a:b] != p)).sum()
    return float(min(1.0, (others / present.sum(1)).mean()))
