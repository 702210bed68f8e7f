"""Sigmas of the object keypoint similarity: the annotation error of each joint.

COCO measured them on people annotated twice (sigma_i² = E[d_i²/s²], s² the person's area), which few data sets allow.
Without a published sigma it is estimated from the distance to neighbouring joints: joints close to others (an eye, a
knuckle) are annotated more exactly. ``sigma = 0.23 · mean distance to its two nearest joints / sqrt(area)``, medians
over people, clipped to COCO's range 0.025 to 0.107. The factor is fitted to COCO's 17 sigmas on its photos; the rule
reproduces them within a factor of 1.45 (correlation 0.88).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bupose import skeletons
from bupose.annotations.joint_names import SYNONYMS, match_names
from bupose.annotations.own_skeleton import find_known
from bupose.skeleton import DEFAULT_SIGMA, Skeleton

FACTOR = 0.23
RANGE = (0.025, 0.107)
ENOUGH = 5  # people with both joints of a pair needed to know its distance
KNOWN = {j: s for k in reversed(skeletons.SKELETONS.values()) for j, s in zip(k.joints, k.sigmas, strict=True)}


def choose_sigmas(
    joints: Sequence[str], xy: np.ndarray, present: np.ndarray, area: np.ndarray, skeleton: Skeleton | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """float64 (K,): the skeleton's, else built-in ones for these joints, else estimated, with a note."""
    skeleton = find_known(joints) if skeleton is None else skeleton
    known = {j: KNOWN[SYNONYMS.get(j, j)] for j in joints if SYNONYMS.get(j, j) in KNOWN}
    if skeleton is not None:
        places = match_names(joints, skeleton.joints)
        known |= {j: skeleton.sigmas[n] for j, n in zip(joints, places, strict=True) if n >= 0}
    if unknown := [j for j in joints if j not in known]:
        known = dict(zip(joints, estimate_sigmas(xy, present, area), strict=True)) | known
        listed = ", ".join(f"{j} {known[j]:.3f}" for j in unknown)
        note = f"Sigmas estimated from the annotations (give a skeleton with sigmas to fix them): {listed}."
    return np.array([known[j] for j in joints]), (note,) if unknown else ()


def estimate_sigmas(xy: np.ndarray, present: np.ndarray, area: np.ndarray) -> np.ndarray:
    """float64 (K,) from labelled joints (P, K, 2) of people of areas (P,) above 0; COCO's shoulder where it cannot."""
    joints, root = xy.shape[1], np.sqrt(area)
    apart = np.full((joints, joints), np.inf)
    for k in range(joints):
        for m in range(k + 1, joints):
            both = present[:, k] & present[:, m]
            if both.sum() >= ENOUGH:
                away = np.hypot(*(xy[both, k] - xy[both, m]).T) / root[both]
                apart[k, m] = apart[m, k] = np.median(away)
    nearest = np.sort(apart, 1)[:, :2]
    nearest = np.where(np.isfinite(nearest), nearest, nearest[:, :1]) if joints > 1 else np.full((joints, 1), np.inf)
    sigma = np.clip(FACTOR * nearest.mean(1), *RANGE)
    return np.where(np.isfinite(nearest).all(1), sigma, DEFAULT_SIGMA)
