"""From matched limbs to people: assembly, scores, completion, removal of duplicates."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.methods.paf.assembly import Assembly
from bupose.methods.paf.completion import complete_people
from bupose.methods.paf.fields import Fields
from bupose.methods.paf.limbs import LimbCandidates
from bupose.methods.paf.options import DecodeOptions
from bupose.methods.peaks import Peaks
from bupose.methods.scoring import list_people
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
    A person's score is :func:`bupose.kernels.reference.score_people` of its joints and limbs, weighed by
    :func:`bupose.kernels.reference.weigh_people` by the length of its median limb, of those whose usual length is
    known, or where none is, of all. A joint's is the geometric mean of its heat and the best limb that
    holds it: on COCO this separates right from wrong joints better than heat alone (area under the curve 0.84 against
    0.82).
    """
    s, a = fields.skeleton, assembly
    found = candidates.ids, candidates.values, peaks.joint, peaks.xy, peaks.score
    assembled = a.members, a.person, a.used, a.scale
    lengths = (s.usual, s.usual_limb) if s.usual_limb else (np.ones_like(s.usual), 1.0)
    skeleton = s.joint_parts, s.limb_parts, s.joint_sigmas, *lengths
    limits = int(options.min_joints), float(options.localization_sigma), float(options.min_person_score)
    ranked = kernels.load().rank_people(found, assembled, skeleton, limits, (USUAL_LIMB, SIZE, WARMTH))
    members, xy, joint_score, score, similar, scale = ranked
    completed = np.zeros(members.shape, bool)
    if options.completion:
        completed = complete_people(fields, xy, joint_score, scale, options)
    people, kept = list_people(xy, joint_score, score, similar, completed, s, fields.grid, options)
    return people, members[kept]
