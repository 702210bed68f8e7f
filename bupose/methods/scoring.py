"""Scores and filtering of people, the last step of every grouping."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.maps import Grid
from bupose.methods.options import DecoderOptions
from bupose.people import People
from bupose.skeleton import Skeleton

COMPLETED = 0.5  # factor of the score of a joint without a peak, in methods other than the fields'


def expected_similarity(xy: np.ndarray, sigmas: tuple[float, ...], sigma: float) -> np.ndarray:
    """float64 (P, K): expected keypoint similarity of joints (P, K, 2) with a localization error of ``sigma`` cells.

    See :func:`bupose.kernels.reference.expected_similarity`.
    """
    if not sigma:
        return np.ones(xy.shape[:2])
    xy = np.ascontiguousarray(xy, np.float32)
    similar: np.ndarray = kernels.load().expected_similarity(xy, np.array(sigmas), sigma)
    return similar


def score_people(
    total: np.ndarray,
    count: np.ndarray,
    everything: np.ndarray,
    similar: np.ndarray,
    joint_score: np.ndarray,
    skeleton: Skeleton,
) -> np.ndarray:
    """float32 (P,): person scores, at most 1; see :func:`bupose.kernels.reference.score_people`.

    The first part always counts, and further parts only if they raise the score: a person without hands is complete.
    Exponents were chosen on COCO.
    """
    score = kernels.load().score_people
    scores: np.ndarray = score(total, count, everything, similar, joint_score, skeleton.joint_parts)
    return scores


def sum_by_part(values: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """float (P, parts): sums over each part's joints of (P, K)."""
    return np.stack([np.take(values, joints, 1).sum(1) for joints in skeleton.part_joints.values()], 1)


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
    """Drop duplicates, low-scoring joints, and people with too few joints; overwrites the arrays.

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
    limits = float(options.duplicate_similarity), float(options.min_joint_score), int(options.min_joints)
    body, cells = (skeleton.joint_parts, skeleton.joint_sigmas), (grid.stride, grid.offset)
    listed = kernels.load().list_people(xy, joint_score, score, similar, completed, body, limits, cells)
    kept, xy, joint_score, score, completed = listed
    return People(xy, joint_score, score, skeleton, completed), kept


def find_duplicates(xy: np.ndarray, skeleton: Skeleton, similarity: float) -> np.ndarray:
    """bool (P,): duplicates of a better person, of people sorted by score, judged on the first part."""
    order = np.argsort(np.fmin.reduce(xy[..., 0], 1), kind="stable")
    sigmas = np.array(skeleton.sigmas, np.float32)
    sigmas = np.maximum(sigmas, sigmas[skeleton.joint_parts == 0].min())
    found: np.ndarray = kernels.load().find_duplicates(xy, order, sigmas, float(similarity))
    return found
