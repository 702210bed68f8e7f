"""Completion of joints without a peak, along the fields of limbs."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.methods.paf.fields import Fields
from bupose.methods.paf.lengths import SLACK
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
    skeleton, absent = fields.skeleton, joint_score == 0
    size = scale[:, None] * skeleton.usual
    known = size > 0  # neither NaN nor 0
    longest = np.where(known, np.float32(options.max_limb_ratio) * size + np.float32(SLACK), np.float32(np.inf))
    shortest = np.where(known, np.float32(SHORTEST) * size, np.float32(0))
    trail = np.stack([shortest, longest], 2), LOST, STEP
    kernels.load().complete_people(fields.paf, fields.heat, skeleton.limb_joints, xy, joint_score, *trail)
    completed: np.ndarray = absent & (joint_score > 0)
    nonsense = completed & _on_its_mirror(xy, joint_score, skeleton.mirror_joints)
    xy[nonsense], joint_score[nonsense] = np.nan, 0
    completed &= ~nonsense
    joint_score[completed] = np.minimum(joint_score[completed], 1) * np.float32(TRUST)
    return completed


def _on_its_mirror(xy: np.ndarray, score: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """bool (P, K): joints in the same cell as their mirror image, which scores higher."""
    apart = np.abs(xy - xy[:, mirror]).max(2)
    weaker = (score < score[:, mirror]) | ((score == score[:, mirror]) & (np.arange(len(mirror)) > mirror))
    close: np.ndarray = (mirror != np.arange(len(mirror))) & (apart <= 0.5) & weaker
    return close
