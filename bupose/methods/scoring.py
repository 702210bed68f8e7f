"""Who is listed, and how sure: what every grouping ends with."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.fields import Grid
from bupose.people import People
from bupose.proportions import AREA_OF_BOX
from bupose.skeleton import Skeleton


def expected_similarity(xy: np.ndarray, sigmas: tuple[float, ...], sigma: float) -> np.ndarray:
    """float64 (P, K): keypoint similarity to be expected of joints (P, K, 2) that lie ``sigma`` cells off.

    Notes
    -----
    The mean of COCO's exp(-d² / 2 s² κ²) over Gaussian errors of deviation σ along x and y is 1 / (1 + σ² / s² κ²).
    κ is two of COCO's sigmas, s² the joints' box times ``AREA_OF_BOX``; nobody is taken for smaller than ten times σ.
    """
    if not sigma or not len(xy):
        return np.ones(xy.shape[:2])
    sides = np.fmax.reduce(xy, 1) - np.fmin.reduce(xy, 1)
    area = np.maximum(AREA_OF_BOX * sides.prod(1, dtype=np.float64), 100 * sigma**2)
    return 1 / (1 + sigma**2 / (area[:, None] * (2 * np.array(sigmas)) ** 2))


def weighted_mean(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Of each row."""
    return (values * weight).sum(1) / weight.sum(1)


def list_people(
    xy: np.ndarray,
    joint_score: np.ndarray,
    score: np.ndarray,
    similar: np.ndarray,
    completed: np.ndarray,
    skeleton: Skeleton,
    grid: Grid,
    options,
) -> tuple[People, np.ndarray]:
    """People without duplicates, unsure joints and those who have too few.

    Parameters
    ----------
    xy : float32 array (P, K, 2), cells
        NaN where absent; best first.
    joint_score : float32 array (P, K)
    score : float32 array (P,)
    similar : float array (P, K)
        As :func:`expected_similarity` gives it: unsure places lower a joint's score.
    completed : bool array (P, K)
    options
        Decode options with ``duplicate_similarity``, ``min_joint_score`` and ``min_joints``.

    Returns
    -------
    people : People
        In pixels of the grid.
    kept : bool array (P,)
    """
    kept = np.ones(len(xy), bool)
    if options.duplicate_similarity < 1 and len(xy) > 1:
        kept = ~find_duplicates(xy, skeleton.sigmas, options.duplicate_similarity)
    joint_score = joint_score * np.sqrt(similar, dtype=np.float32)
    unsure = joint_score < options.min_joint_score
    joint_score[unsure] = 0
    xy = np.where(unsure[..., None], np.float32(np.nan), xy)
    kept &= (joint_score > 0).sum(1) >= options.min_joints
    completed = completed & ~unsure
    people = People(grid.to_pixels(xy[kept]), joint_score[kept], score[kept], skeleton, completed[kept])
    return people, kept


def find_duplicates(xy: np.ndarray, sigmas: tuple[float, ...], similarity: float) -> np.ndarray:
    """bool (P,): people, listed best first, who lie on a better one."""
    low, high = np.fmin.reduce(xy, 1), np.fmax.reduce(xy, 1)
    box = np.ascontiguousarray(np.concatenate([low, high], 1), np.float32)
    order = np.argsort(box[:, 0], kind="stable")
    return kernels.load().find_duplicates(xy, box, order, np.array(sigmas, np.float32), float(similarity))
