"""Scores of people, and the evidence that they rest on."""

from __future__ import annotations

import numpy as np

from bupose.kernels.reference.people import box_joints
from bupose.proportions import AREA_OF_BOX


def collect_evidence(members, ids, values, used, xy, heat, joint_parts, limb_parts):
    """What people's joints and limbs say.

    Parameters
    ----------
    members : int32 array (P, K)
        Peak of each person's joint, -1 for none.
    ids : int32 array (M, 3)
        Limb, first and second peak.
    values : float32 array (M, 3)
        Score first.
    used : bool array (M,)
        Limbs with both ends in one person.
    xy : float32 array (N, 2), cells
    heat : float32 array (N,)
        Of each peak.
    joint_parts, limb_parts : int32 arrays (K,), (L,)

    Returns
    -------
    places : float32 array (P, K, 2), cells
        NaN where a joint is absent.
    height : float32 array (P, K)
        Heat of each joint, 0 where absent.
    score : float32 array (P, K)
        The geometric mean of a joint's heat and the best limb that holds it; the heat alone where none does.
    total : float64 array (P, parts)
        Sum of the squared heat of joints and scores of limbs.
    count : int64 array (P, parts)
        How many there are.
    """
    people, parts = len(members), joint_parts.max() + 1
    here = members >= 0
    best, total, count = np.zeros(len(heat)), np.zeros((people, parts)), np.zeros((people, parts), np.int64)
    for p in range(people):
        for limb, a, b, value in ((*i, v) for i, v in zip(ids[used], values[used, 0], strict=True)):
            if a in members[p]:
                best[a], best[b] = max(best[a], value), max(best[b], value)
                total[p, limb_parts[limb]] += float(value) ** 2
                count[p, limb_parts[limb]] += 1
        for k in np.flatnonzero(here[p]):
            total[p, joint_parts[k]] += float(heat[members[p, k]]) ** 2
            count[p, joint_parts[k]] += 1
    places, height = np.full((*here.shape, 2), np.nan, np.float32), np.zeros(here.shape, np.float32)
    score = np.zeros(here.shape, np.float32)
    places[here], height[here] = xy[members[here]], heat[members[here]]
    sure = np.sqrt(heat * np.where(best > 0, np.minimum(best, 1), heat))
    score[here] = sure[members[here]]
    return places, height, score, total, count


def expected_similarity(xy, sigmas, sigma):
    """Expected keypoint similarity of joints with a localization error of ``sigma`` cells.

    Parameters
    ----------
    xy : float32 array (P, K, 2), cells
        NaN where absent.
    sigmas : float64 array (K,)
        COCO's.
    sigma : float, cells

    Returns
    -------
    float64 array (P, K)

    Notes
    -----
    The mean of COCO's exp(-d² / 2 s² κ²) over Gaussian errors of deviation σ along x and y is 1 / (1 + σ² / s² κ²). κ
    is two of COCO's sigmas, s² the joints' box times ``AREA_OF_BOX``; s is bounded below by ten times σ.
    """
    left, top, right, bottom = box_joints(xy).astype(np.float64).T
    area = np.maximum(AREA_OF_BOX * (right - left) * (bottom - top), 100 * sigma**2)
    return 1 / (1 + sigma**2 / (area[:, None] * (2 * sigmas) ** 2))


def score_people(total, count, everything, similar, joint_score, joint_parts):
    """Person scores: the most that the first part, with any of the others, gives.

    Parameters
    ----------
    total : float64 array (P, parts)
        Sum of squared scores of the joints and limbs found of each part.
    count, everything : int64 arrays (P, parts) and (parts,)
        Number of joints and limbs found, and of all.
    similar : float64 array (P, K)
        From :func:`expected_similarity`.
    joint_score : float32 array (P, K)
        0 where absent.
    joint_parts : int32 array (K,)

    Returns
    -------
    float32 array (P,), at most 1
        The square root of three factors: the mean squared score, the square root of the completeness, and the mean
        expected similarity, weighed by joint scores.
    """
    parts = len(everything)
    others = np.arange(2 ** (parts - 1)) >> np.arange(parts - 1)[:, None] & 1
    sets = np.concatenate([np.ones((1, others.shape[1]), int), others])
    of_part = np.eye(parts)[joint_parts]
    weighted, weight = (a.astype(np.float64) @ of_part @ sets for a in (similar * joint_score, joint_score))
    evidence = _ratio(total @ sets, np.sqrt((count @ sets) * (everything @ sets)))
    score = np.sqrt((evidence * _ratio(weighted, weight)).max(1, initial=0))
    return np.minimum(score, 1).astype(np.float32)


def weigh_people(score, length, heat, sigmas, joint_parts, factors):
    """Person scores that know of people's sizes, and of how many joints are how clear.

    Parameters
    ----------
    score : float32 array (P,), at most 1
        From :func:`score_people`.
    length : float32 array (P,)
        Of each person's median limb.
    heat : float32 array (P, K)
        Of the peaks of its joints, 0 where there is none.
    sigmas : float64 array (K,)
        COCO's.
    joint_parts : int32 array (K,)
    factors : (usual, size, warmth)

    Returns
    -------
    float32 array (P,), below 1

    Notes
    -----
    The odds of the new score are the old one, times (length / usual)^size, times exp(warmth · h). h is the mean heat of
    the first part's joints, weighed by their sigmas: how much a joint says of where its person is grows with its size.
    """
    usual, size, warmth = factors
    weights = sigmas * (joint_parts == 0)
    odds = score * (length / usual) ** size * np.exp(warmth * (heat @ weights) / weights.sum())
    return (odds / (1 + odds)).astype(np.float32)


def drop_joints(xy, joint_score, similar, completed, joint_parts, least):
    """Lower joint scores by the similarity to be expected, and drop joints below ``least``; all in place.

    Parameters
    ----------
    xy : float32 array (P, K, 2)
    joint_score : float32 array (P, K)
    similar : float64 array (P, K)
        From :func:`expected_similarity`; scores are multiplied by its root.
    completed : bool array (P, K)
    joint_parts : int32 array (K,)
    least : float

    Returns
    -------
    int64 array (P,)
        Number of joints of the first part that are left.
    """
    joint_score *= np.sqrt(similar, dtype=np.float32)
    unsure = joint_score < least
    joint_score[unsure], xy[unsure], completed[unsure] = 0, np.nan, False
    return (joint_score[:, joint_parts == 0] > 0).sum(1)


def _ratio(part, whole):
    """``part / whole``, 0 where there is nothing."""
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)
