"""Scores and filtering of people, the last step of every grouping."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.maps import Grid
from bupose.methods.options import DecoderOptions
from bupose.people import People
from bupose.proportions import AREA_OF_BOX
from bupose.skeleton import Skeleton

COMPLETED = 0.5  # factor of the score of a joint without a peak, in methods other than the fields'


def expected_similarity(xy: np.ndarray, sigmas: tuple[float, ...], sigma: float) -> np.ndarray:
    """float64 (P, K): expected keypoint similarity of joints (P, K, 2) with a localization error of ``sigma`` cells.

    Notes
    -----
    The mean of COCO's exp(-d² / 2 s² κ²) over Gaussian errors of deviation σ along x and y is 1 / (1 + σ² / s² κ²). κ
    is two of COCO's sigmas, s² the joints' box times ``AREA_OF_BOX``; s is bounded below by ten times σ.
    """
    if not sigma or not len(xy):
        return np.ones(xy.shape[:2])
    sides = np.fmax.reduce(xy, 1) - np.fmin.reduce(xy, 1)
    area = np.maximum(AREA_OF_BOX * sides.prod(1, dtype=np.float64), 100 * sigma**2)
    similar: np.ndarray = 1 / (1 + sigma**2 / (area[:, None] * (2 * np.array(sigmas)) ** 2))
    return similar


def score_people(
    total: np.ndarray,
    count: np.ndarray,
    everything: np.ndarray,
    similar: np.ndarray,
    joint_score: np.ndarray,
    skeleton: Skeleton,
) -> np.ndarray:
    """Person scores.

    Parameters
    ----------
    total : float array (P, parts)
        Sum of squared scores of the joints and limbs found of each part.
    count, everything : int arrays (P, parts) and (parts,)
        Number of joints and limbs found, and of all.
    similar : float array (P, K)
        From :func:`expected_similarity`.
    joint_score : float array (P, K)
        0 where absent.
    skeleton : Skeleton

    Returns
    -------
    float32 array (P,), at most 1

    Notes
    -----
    The square root of three factors: the mean squared score, which favours strong evidence over many weak traces; the
    square root of the completeness; and the expected similarity for the person's size. Exponents were chosen on COCO.
    The first part always counts, and further parts only if they raise the score: a person without hands is complete.
    """
    parts = len(skeleton.parts)
    others = np.arange(2 ** (parts - 1)) >> np.arange(parts - 1)[:, None] & 1
    sets = np.concatenate([np.ones((1, others.shape[1]), int), others])
    weighted, weight = (sum_by_part(a, skeleton) @ sets for a in (similar * joint_score, joint_score))
    evidence = _ratio(total @ sets, np.sqrt((count @ sets) * (everything @ sets)))
    score = np.sqrt((evidence * _ratio(weighted, weight)).max(1, initial=0))
    sure: np.ndarray = np.minimum(score, 1).astype(np.float32)
    return sure


def sum_by_part(values: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """float (P, parts): sums over each part's joints of (P, K)."""
    return np.stack([np.take(values, joints, 1).sum(1) for joints in skeleton.part_joints.values()], 1)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """``part / whole``, 0 where there is nothing."""
    ratio: np.ndarray = np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)
    return ratio


def list_people(
    xy: np.ndarray,
    joint_score: np.ndarray,
    score: np.ndarray,
    similar: np.ndarray,
    completed: np.ndarray,
    skeleton: Skeleton,
    grid: Grid,
    options: DecoderOptions,
) -> tuple[People, np.ndarray]:
    """Drop duplicates, low-scoring joints, and people with too few joints.

    Parameters
    ----------
    xy : float32 array (P, K, 2), cells
        NaN where absent; best first.
    joint_score : float32 array (P, K)
    score : float32 array (P,)
    similar : float array (P, K)
        From :func:`expected_similarity`; lowers joint scores.
    completed : bool array (P, K)
    options : DecoderOptions

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
    """bool (P,): duplicates of a better person, of people sorted by score, judged on the first part."""
    low, high = np.fmin.reduce(xy, 1), np.fmax.reduce(xy, 1)
    box = np.ascontiguousarray(np.concatenate([low, high], 1), np.float32)
    order = np.argsort(box[:, 0], kind="stable")
    sigmas = np.array(skeleton.sigmas, np.float32)
    sigmas = np.maximum(sigmas, sigmas[skeleton.joint_parts == 0].min())
    found: np.ndarray = kernels.load().find_duplicates(xy, box, order, sigmas, float(similarity))
    return found
