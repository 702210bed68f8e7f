"""Completion of joints without a peak, along the fields of limbs."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.methods.paf.assembly import SLACK
from bupose.methods.paf.fields import Fields
from bupose.methods.paf.options import DecodeOptions

LOST = 0.0005  # strength of a field that leads nowhere; however faint above it, it leads better than nothing
STEP = 0.5  # step of a trail, cells
SHORTEST = 0.15  # of a limb's usual length: minimum distance of a completed joint
TRUST = 0.5  # factor of the score of a completed joint


def complete_people(
    fields: Fields, xy: np.ndarray, joint_score: np.ndarray, scale: np.ndarray, options: DecodeOptions
) -> np.ndarray:
    """Complete missing joints; updates ``xy`` and ``joint_score`` in place.

    Parameters
    ----------
    xy : float32 array (P, K, 2), cells
    joint_score : float32 array (P, K)
        0 where a joint is absent.
    scale : float32 array (P,), cells
        Length of a limb of usual length 1 in each person; NaN if unknown.

    Returns
    -------
    bool array (P, K)
        Completed joints.
    """
    s = fields.skeleton
    skeleton = s.limb_joints, s.usual, s.mirror_joints
    span, trail = (SHORTEST, float(options.max_limb_ratio), SLACK), (LOST, STEP, TRUST)
    complete = kernels.load().complete_people
    completed: np.ndarray = complete(fields.paf, fields.heat, skeleton, xy, joint_score, scale, span, trail)
    return completed
