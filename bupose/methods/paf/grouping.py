"""From matched limbs to people: assembly, scores, completion, removal of duplicates."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.methods.paf.assembly import Assembly, limb_lengths
from bupose.methods.paf.completion import complete_people
from bupose.methods.paf.fields import Fields
from bupose.methods.paf.limbs import LimbCandidates
from bupose.methods.paf.options import DecodeOptions
from bupose.methods.peaks import Peaks
from bupose.methods.scoring import expected_similarity, list_people, score_people
from bupose.people import People

# Fitted to human-pose-estimation-0001's people in 1958 photos of COCO train, by logistic regression of the share of
# COCO's similarity thresholds that a person passes; the usual length keeps the scale of the scores.
SIZE = 1 / 3  # exponent of a person's size
WARMTH = 1.3  # factor of its heat
USUAL_LIMB = 4.5  # cells


def group_people(
    fields: Fields, peaks: Peaks, candidates: LimbCandidates, assembly: Assembly, options: DecodeOptions
) -> tuple[People, np.ndarray]:
    """Score, complete and list assembled people.

    Returns
    -------
    people : People
        Best first, in pixels of the grid.
    members : int32 array (P, K)
        Index of the peak of each person's joint, also if its score was too low to keep it; -1 for absent and completed
        joints.

    Notes
    -----
    A person's score is :func:`bupose.methods.scoring.score_people` of its joints and limbs, weighed by
    :func:`bupose.kernels.reference.weigh_people`. A joint's is the geometric mean of its heat and the best limb that
    holds it: on COCO this separates right from wrong joints better than heat alone (area under the curve 0.84 against
    0.82).
    """
    k, s = kernels.load(), fields.skeleton
    of_body = assembly.person[s.joint_parts[peaks.joint] == 0]
    rows = np.flatnonzero(np.bincount(of_body, minlength=len(peaks)) >= options.min_joints)
    members = assembly.members[rows]
    found = candidates.ids, candidates.values, assembly.used, peaks.xy, peaks.score
    xy, heat, joint_score, total, count = k.collect_evidence(members, *found, s.joint_parts, s.limb_parts)
    everything = np.bincount(s.joint_parts, minlength=len(s.parts)) + np.bincount(s.limb_parts, minlength=len(s.parts))
    similar = expected_similarity(xy, s.sigmas, float(options.localization_sigma))
    score = score_people(total, count, everything, similar, joint_score, s)
    length = limb_lengths(assembly, candidates, peaks, s)[rows]
    score = k.weigh_people(score, length, heat, np.array(s.sigmas), s.joint_parts, (USUAL_LIMB, SIZE, WARMTH))
    best = np.argsort(-score, kind="stable")
    best = best[score[best] >= options.min_person_score]
    members, xy, joint_score, score, similar = (a[best] for a in (members, xy, joint_score, score, similar))
    completed = np.zeros(members.shape, bool)
    if options.completion:
        completed = complete_people(fields, xy, joint_score, assembly.scale[rows[best]], options)
    people, kept = list_people(xy, joint_score, score, similar, completed, s, fields.grid, options)
    return people, members[kept]
