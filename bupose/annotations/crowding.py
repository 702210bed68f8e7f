"""How crowded a picture is."""

from __future__ import annotations

import numpy as np


def crowd_index(xy: np.ndarray, present: np.ndarray, box: np.ndarray) -> float:
    """How much the people of a picture stand in each other's boxes, in [0, 1].

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
    the number of that person's own joints, all of them, in the box or not: so counted, the indices in CrowdPose's own
    files come out. The paper gives the range 0 to 1; where people stand so close that the mean is above, it is 1.
    """
    xy, present, box = np.asarray(xy, np.float64), np.asarray(present, bool), np.asarray(box, np.float64)
    somebody = present.any(1)
    xy, present, box = xy[somebody], present[somebody], box[somebody]
    if len(xy) < 2:
        return 0.0
    low, high = box[:, None, None, :2], box[:, None, None, :2] + box[:, None, None, 2:]
    inside = ((xy[None] >= low) & (xy[None] <= high)).all(3) & present[None]  # (boxes, people, joints)
    count = inside.sum(2)
    others = count.sum(1) - np.diagonal(count)
    return float(min(1.0, (others / present.sum(1)).mean()))
