"""From matched limbs to people: assembly, scores, completion, removal of duplicates."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.fields import Fields
from bupose.methods.paf.completion import complete_people
from bupose.methods.paf.lengths import person_scales
from bupose.methods.paf.limbs import LimbCandidates
from bupose.methods.paf.options import DecodeOptions
from bupose.methods.peaks import Peaks
from bupose.people import People
from bupose.proportions import AREA_OF_BOX


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
        Row of the peak that each person's joint came from, also where its score was too low to show it; -1 for absent
        and completed joints.
    used : bool array (M,)
        Candidates whose two joints one person has.

    Notes
    -----
    All limb types are taken in one order of descending weight (Hidalgo et al. 2019), so a sure limb is never spoilt
    by an unsure one, and redundant limbs complete or confirm like any other. A person's score is the root of three
    factors: the mean square of its joint and limb scores, squares because sure evidence says more than the sum of faint
    traces; the root of its completeness; and how similar to the truth such joints can be in somebody of its size. They
    were weighed on COCO.
    """
    k, joints = kernels.load(), len(fields.skeleton.joints)
    chosen = np.flatnonzero(matched)
    order = chosen[np.argsort(-candidates.weight[chosen], kind="stable")]
    members, person, used = k.group_people(candidates.ids, order, peaks.joint, joints)

    rows = np.flatnonzero((members >= 0).sum(1) >= options.min_joints)
    total = np.bincount(person, peaks.score.astype(np.float64) ** 2, len(peaks))
    total += np.bincount(person[candidates.first[used]], candidates.score[used].astype(np.float64) ** 2, len(peaks))
    parts = np.bincount(person, minlength=len(peaks)) + np.bincount(
        person[candidates.first[used]], minlength=len(peaks)
    )
    everything = joints + len(fields.skeleton.limbs)
    members, evidence = members[rows], total[rows] / np.sqrt(parts[rows] * everything)
    here = members >= 0
    xy = np.where(here[..., None], peaks.xy[members], np.float32(np.nan)) if len(peaks) else np.zeros((0, joints, 2))
    sure = _joint_scores(peaks, candidates, used)
    joint_score = np.where(here, sure[members], np.float32(0)) if len(peaks) else np.zeros((0, joints))
    similar = _expected_similarity(xy, fields.skeleton.sigmas, float(options.localization_sigma))
    score = np.minimum(np.sqrt(evidence * _mean(similar, joint_score)), 1).astype(np.float32)
    best = np.argsort(-score, kind="stable")
    best = best[score[best] >= options.min_person_score]
    scale = person_scales(candidates, person, used, peaks, fields.skeleton)[rows[best]] if len(peaks) else np.zeros(0)
    members, xy, joint_score, score, similar = (a[best] for a in (members, xy, joint_score, score, similar))
    xy, joint_score = np.ascontiguousarray(xy, np.float32), np.ascontiguousarray(joint_score, np.float32)
    completed = np.zeros(members.shape, bool)
    if options.completion and len(best):
        completed = complete_people(fields, xy, joint_score, scale, options)
    keep = np.ones(len(best), bool)
    if options.duplicate_similarity < 1 and len(best) > 1:
        keep = ~_duplicates(xy, fields.skeleton.sigmas, options.duplicate_similarity)
    joint_score *= np.sqrt(similar, dtype=np.float32)
    unsure = joint_score < options.min_joint_score
    xy[unsure], joint_score[unsure], completed[unsure] = np.nan, 0, False
    keep &= (joint_score > 0).sum(1) >= options.min_joints
    pixels = fields.grid.to_pixels(xy[keep])
    people = People(pixels, joint_score[keep], score[keep], fields.skeleton, completed[keep])
    return people, members[keep], used


def _joint_scores(peaks: Peaks, candidates: LimbCandidates, used: np.ndarray) -> np.ndarray:
    """float32 (N,): geometric mean of a peak's heat and the best limb that holds it; the heat alone where none does.

    On COCO this tells right joints from wrong ones better than the heat does (area under the curve 0.84 against 0.82).
    """
    best = np.zeros(len(peaks), np.float32)
    np.maximum.at(best, candidates.ids[used, 1:], candidates.score[used][:, None])
    return np.sqrt(peaks.score * np.where(best > 0, np.minimum(best, 1), peaks.score))


def _expected_similarity(xy: np.ndarray, sigmas: tuple[float, ...], sigma: float) -> np.ndarray:
    """float64 (P, K): keypoint similarity to be expected of joints (P, K, 2) that lie ``sigma`` cells off.

    Notes
    -----
    The mean of COCO's exp(-d² / 2 s² κ²) over Gaussian errors of deviation σ along x and y is 1 / (1 + σ² / s² κ²).
    κ is two of COCO's sigmas, s² the joints' box times ``AREA_OF_BOX``; nobody is taken for
    smaller than ten times σ.
    """
    if not sigma or not len(xy):
        return np.ones(xy.shape[:2])
    sides = np.fmax.reduce(xy, 1) - np.fmin.reduce(xy, 1)
    area = np.maximum(AREA_OF_BOX * sides.prod(1, dtype=np.float64), 100 * sigma**2)
    return 1 / (1 + sigma**2 / (area[:, None] * (2 * np.array(sigmas)) ** 2))


def _mean(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return (values * weight).sum(1) / weight.sum(1)


def _duplicates(xy: np.ndarray, sigmas: tuple[float, ...], similarity: float) -> np.ndarray:
    """bool (P,): people, listed best first, who lie on a better one."""
    low, high = np.fmin.reduce(xy, 1), np.fmax.reduce(xy, 1)
    box = np.ascontiguousarray(np.concatenate([low, high], 1), np.float32)
    order = np.argsort(box[:, 0], kind="stable")
    return kernels.load().find_duplicates(xy, box, order, np.array(sigmas, np.float32), float(similarity))
