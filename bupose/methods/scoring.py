"""Who is listed, and how sure: what every grouping ends with."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.maps import Grid
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


def score_people(
    total: np.ndarray,
    count: np.ndarray,
    everything: np.ndarray,
    similar: np.ndarray,
    joint_score: np.ndarray,
    skeleton: Skeleton,
) -> np.ndarray:
    """How sure each person is.

    Parameters
    ----------
    total : float array (P, parts)
        Sum of squared scores of what was found of each part.
    count, everything : int arrays (P, parts) and (parts,)
        How much was found, and how much there is.
    similar : float array (P, K)
        As :func:`expected_similarity` gives it.
    joint_score : float array (P, K)
        0 where absent.
    skeleton : Skeleton

    Returns
    -------
    float32 array (P,), at most 1

    Notes
    -----
    The root of three factors: the mean of the squares, as sure evidence says more than the sum of faint traces; the
    root of the completeness; and how similar to the truth such joints can be in somebody of that size. They were
    weighed on COCO. The first part and those others count that make the score largest: a person without hands is a
    whole person, and no joint that is found makes anybody less of one.
    """
    parts = len(skeleton.parts)
    others = np.arange(2 ** (parts - 1)) >> np.arange(parts - 1)[:, None] & 1
    sets = np.concatenate([np.ones((1, others.shape[1]), int), others])
    weighted, weight = (sum_by_part(a, skeleton) @ sets for a in (similar * joint_score, joint_score))
    evidence = _ratio(total @ sets, np.sqrt((count @ sets) * (everything @ sets)))
    score = np.sqrt((evidence * _ratio(weighted, weight)).max(1, initial=0))
    return np.minimum(score, 1).astype(np.float32)


def sum_by_part(values: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """float (P, parts): sums over each part's joints of (P, K)."""
    return np.stack([np.take(values, joints, 1).sum(1) for joints in skeleton.part_joints.values()], 1)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """``part / whole``, 0 where there is nothing."""
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)


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
        kept = ~find_duplicates(xy, skeleton, options.duplicate_similarity)
    joint_score = joint_score * np.sqrt(similar, dtype=np.float32)
    unsure = joint_score < options.min_joint_score
    joint_score[unsure] = 0
    xy = np.where(unsure[..., None], np.float32(np.nan), xy)
    kept &= (joint_score[:, skeleton.joint_parts == 0] > 0).sum(1) >= options.min_joints
    completed = completed & ~unsure
    people = People(grid.to_pixels(xy[kept]), joint_score[kept], score[kept], skeleton, completed[kept])
    return people, kept


def find_duplicates(xy: np.ndarray, skeleton: Skeleton, similarity: float) -> np.ndarray:
    """bool (P,): people, listed best first, who lie on a better one; no joint need lie closer than the first part's."""
    low, high = np.fmin.reduce(xy, 1), np.fmax.reduce(xy, 1)
    box = np.ascontiguousarray(np.concatenate([low, high], 1), np.float32)
    order = np.argsort(box[:, 0], kind="stable")
    sigmas = np.array(skeleton.sigmas, np.float32)
    sigmas = np.maximum(sigmas, sigmas[skeleton.joint_parts == 0].min())
    return kernels.load().find_duplicates(xy, box, order, sigmas, float(similarity))
