"""From matched limbs to people: assembly, scores, completion, removal of duplicates."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.methods.paf.completion import complete_people
from bupose.methods.paf.fields import Fields
from bupose.methods.paf.lengths import limb_lengths, person_scales
from bupose.methods.paf.limbs import LimbCandidates
from bupose.methods.paf.options import DecodeOptions
from bupose.methods.peaks import Peaks
from bupose.methods.scoring import expected_similarity, list_people, score_people
from bupose.people import People
from bupose.skeleton import Skeleton

# Fitted to human-pose-estimation-0001's people in 1958 photos of COCO train, by logistic regression of the share of
# COCO's similarity thresholds that a person passes; the usual length keeps the scale of the scores.
SIZE = 1 / 3  # exponent of a person's size
WARMTH = 1.3  # factor of its heat
USUAL_LIMB = 18.0  # px


def group_people(
    fields: Fields, peaks: Peaks, candidates: LimbCandidates, matched: np.ndarray, options: DecodeOptions
) -> tuple[People, np.ndarray, np.ndarray]:
    """Assemble matched limbs into people.

    Parameters
    ----------
    matched : bool array (M,)

    Returns
    -------
    people : People
        Best first, in pixels of the grid.
    members : int32 array (P, K)
        Index of the peak of each person's joint, also if its score was too low to keep it; -1 for absent and completed
        joints.
    used : bool array (M,)
        Candidates whose two joints belong to one person.

    Notes
    -----
    Limbs of all types are processed in order of descending weight (Hidalgo et al. 2019), so that strong limbs precede
    weak ones, and redundant limbs count like any other. A person's score is :func:`bupose.methods.scoring.score_people`
    of its joints and limbs, weighed by :func:`weigh_people`.
    """
    k, joints = kernels.load(), len(fields.skeleton.joints)
    chosen = np.flatnonzero(matched)
    order = chosen[np.argsort(-candidates.weight[chosen], kind="stable")]
    members, person, used = k.group_people(candidates.ids, order, peaks.joint, joints)

    rows = np.flatnonzero((members[:, fields.skeleton.joint_parts == 0] >= 0).sum(1) >= options.min_joints)
    total, count, everything = _evidence_by_part(fields.skeleton, peaks, candidates, person, used)
    members = members[rows]
    here = members >= 0
    xy = np.where(here[..., None], peaks.xy[members], np.float32(np.nan)) if len(peaks) else np.zeros((0, joints, 2))
    sure = _joint_scores(peaks, candidates, used)
    joint_score = np.where(here, sure[members], np.float32(0)) if len(peaks) else np.zeros((0, joints))
    similar = expected_similarity(xy, fields.skeleton.sigmas, float(options.localization_sigma))
    score = score_people(total[rows], count[rows], everything, similar, joint_score, fields.skeleton)
    if len(peaks):
        length = limb_lengths(candidates, person, used, peaks, fields.skeleton)[rows] * fields.grid.stride
        score = weigh_people(score, length, np.where(here, peaks.score[members], 0), fields.skeleton)
    best = np.argsort(-score, kind="stable")
    best = best[score[best] >= options.min_person_score]
    scale = person_scales(candidates, person, used, peaks, fields.skeleton)[rows[best]] if len(peaks) else np.zeros(0)
    members, xy, joint_score, score, similar = (a[best] for a in (members, xy, joint_score, score, similar))
    xy, joint_score = np.ascontiguousarray(xy, np.float32), np.ascontiguousarray(joint_score, np.float32)
    completed = np.zeros(members.shape, bool)
    if options.completion and len(best):
        completed = complete_people(fields, xy, joint_score, scale, options)
    people, kept = list_people(xy, joint_score, score, similar, completed, fields.skeleton, fields.grid, options)
    return people, members[kept], used


def weigh_people(score: np.ndarray, length: np.ndarray, heat: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Person scores that know of people's sizes, and of how many joints are how clear.

    Parameters
    ----------
    score : float array (P,), at most 1
        From :func:`bupose.methods.scoring.score_people`.
    length : float array (P,), pixels
        Of each person's median limb.
    heat : float array (P, K)
        Of the peaks of its joints, 0 where there is none.
    skeleton : Skeleton

    Returns
    -------
    float32 array (P,), below 1

    Notes
    -----
    The odds of the new score are the old one, times (length / ``USUAL_LIMB``)^``SIZE``, times exp(``WARMTH`` · h). h is
    the mean heat of the first part's joints, weighed by their sigmas: how much a joint says of where its person is
    grows with its size.
    """
    sigmas = np.array(skeleton.sigmas) * (skeleton.joint_parts == 0)
    odds = score * (length / USUAL_LIMB) ** SIZE * np.exp(WARMTH * (heat @ sigmas) / sigmas.sum())
    weighed: np.ndarray = (odds / (1 + odds)).astype(np.float32)
    return weighed


def _evidence_by_part(
    skeleton: Skeleton, peaks: Peaks, candidates: LimbCandidates, person: np.ndarray, used: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """float64 (N, parts): squared scores of each person's joints and limbs; int (N, parts): how many there are; and
    int (parts,): how many there can be."""
    n, parts = len(peaks), len(skeleton.parts)
    joint = person * parts + skeleton.joint_parts[peaks.joint]
    limb = person[candidates.first[used]] * parts + skeleton.limb_parts[candidates.limb[used]]
    total = np.bincount(joint, peaks.score.astype(np.float64) ** 2, n * parts)
    total += np.bincount(limb, candidates.score[used].astype(np.float64) ** 2, n * parts)
    count = np.bincount(joint, minlength=n * parts) + np.bincount(limb, minlength=n * parts)
    everything = np.bincount(np.concatenate([skeleton.joint_parts, skeleton.limb_parts]), minlength=parts)
    return total.reshape(n, parts), count.reshape(n, parts), everything


def _joint_scores(peaks: Peaks, candidates: LimbCandidates, used: np.ndarray) -> np.ndarray:
    """float32 (N,): geometric mean of a peak's heat and the best limb that holds it; the heat alone where none does.

    On COCO this separates right from wrong joints better than heat alone (area under the curve 0.84 against 0.82).
    """
    best = np.zeros(len(peaks), np.float32)
    np.maximum.at(best, candidates.ids[used, 1:], candidates.score[used][:, None])
    mean: np.ndarray = np.sqrt(peaks.score * np.where(best > 0, np.minimum(best, 1), peaks.score))
    return mean
