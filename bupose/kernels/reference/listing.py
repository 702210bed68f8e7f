"""From assembled people to those who are listed: the steps of scoring, one after the other."""

from __future__ import annotations

import numpy as np

from bupose.kernels.reference.order import heaviest_first
from bupose.kernels.reference.people import box_joints, find_duplicates, measure_people
from bupose.kernels.reference.scoring import (
    collect_evidence,
    drop_joints,
    expected_similarity,
    score_people,
    weigh_people,
)


def rank_people(found, assembled, skeleton, limits, factors):
    """Score assembled people, and list those with enough joints and score, best first.

    Parameters
    ----------
    found : (ids, values, joint, xy, heat)
        The candidate limbs of :func:`score_limbs`; and of each peak its joint, place and heat.
    assembled : (members, person, used, scale)
        From :func:`assemble_people`.
    skeleton : (joint_parts, limb_parts, sigmas, usual, unit)
        ``usual`` are the relative lengths of its limbs, 0 if unknown, and ``unit`` is their median.
    limits : (joints, sigma, score)
        Least number of peaks of the first part; cells of :func:`expected_similarity`; least score.
    factors : (usual, size, warmth)
        Of :func:`weigh_people`.

    Returns
    -------
    members : int32 array (P, K)
    xy : float32 array (P, K, 2), cells
        NaN where absent.
    joint_score : float32 array (P, K)
    score : float32 array (P,)
    similar : float64 array (P, K)
    scale : float32 array (P,), cells
    """
    ids, values, joint, peaks, heat = found
    everybody, person, used, scale = assembled
    joint_parts, limb_parts, sigmas, usual, unit = skeleton
    min_joints, sigma, min_score = limits
    of_body = np.bincount(person[joint_parts[joint] == 0], minlength=len(peaks))
    rows = np.flatnonzero(of_body >= min_joints)
    members = everybody[rows]
    xy, height, joint_score, total, count = collect_evidence(
        members, ids, values, used, peaks, heat, joint_parts, limb_parts
    )
    parts = total.shape[1]
    everything = np.bincount(joint_parts, minlength=parts) + np.bincount(limb_parts, minlength=parts)
    similar = expected_similarity(xy, sigmas, sigma) if sigma else np.ones(xy.shape[:2])
    length = np.fmax(measure_people(ids, peaks, usual, person, used, 1)[rows] * np.float32(unit), np.float32(1))
    score = score_people(total, count, everything, similar, joint_score, joint_parts)
    score = weigh_people(score, length, height, sigmas, joint_parts, factors)
    best = heaviest_first(score)
    best = best[score[best] >= np.float32(min_score)]
    return members[best], xy[best], joint_score[best], score[best], similar[best], scale[rows[best]]


def list_people(xy, joint_score, score, similar, completed, skeleton, limits, grid):
    """Drop low-scoring joints, duplicates, and people with too few joints; overwrites the arrays.

    Parameters
    ----------
    xy, joint_score, similar, completed
        As for :func:`drop_joints`; best first.
    score : float32 array (P,)
    skeleton : (joint_parts, sigmas)
    limits : (similarity, score, joints)
        Of :func:`find_duplicates`, from 1 on for none; of :func:`drop_joints`; and least number of joints of the first
        part that are left.
    grid : (stride, offset), pixels

    Returns
    -------
    kept : bool array (P,)
    xy : float32 array (Q, K, 2), pixels
    joint_score, score, completed
        Of the people that are kept.
    """
    joint_parts, sigmas = skeleton
    similarity, least, min_joints = limits
    kept = np.ones(len(xy), bool)
    if similarity < 1:
        order = np.argsort(box_joints(xy)[:, 0], kind="stable")
        sigmas = np.maximum(sigmas, sigmas[joint_parts == 0].min()).astype(np.float32)
        kept = ~find_duplicates(xy, order, sigmas, similarity)
    kept &= drop_joints(xy, joint_score, similar, completed, joint_parts, least) >= min_joints
    return kept, xy[kept] * np.float32(grid[0]) + np.float32(grid[1]), joint_score[kept], score[kept], completed[kept]
