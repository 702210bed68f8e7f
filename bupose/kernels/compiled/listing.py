"""From assembled people to those who are listed: the steps of scoring, one after the other."""

from __future__ import annotations

import numpy as np

from bupose.kernels.compiled.jit import jit
from bupose.kernels.compiled.order import heaviest_first
from bupose.kernels.compiled.people import box_joints, find_duplicates, measure_people
from bupose.kernels.compiled.scoring import (
    collect_evidence,
    drop_joints,
    expected_similarity,
    score_people,
    weigh_people,
)


@jit
def rank_people(found, assembled, skeleton, limits, factors):
    """Score assembled people, and list those with enough joints and score, best first."""
    ids, values, joint, peaks, heat = found
    everybody, person, used, scale = assembled
    joint_parts, limb_parts, sigmas, usual, unit = skeleton
    min_joints, sigma, min_score = limits
    joints, of_body = len(joint_parts), np.zeros(len(peaks), np.int64)
    for n in range(len(peaks)):
        of_body[person[n]] += joint_parts[joint[n]] == 0
    people, rows = 0, np.empty(len(peaks), np.int64)
    for n in range(len(peaks)):
        if of_body[n] >= min_joints:
            rows[people] = n
            people += 1
    members = np.empty((people, joints), np.int32)
    for p in range(people):
        for k in range(joints):
            members[p, k] = everybody[rows[p], k]
    xy, height, joint_score, total, count = collect_evidence(
        members, ids, values, used, peaks, heat, joint_parts, limb_parts
    )
    everything = np.zeros(total.shape[1], np.int64)
    for part in joint_parts:
        everything[part] += 1
    for part in limb_parts:
        everything[part] += 1
    similar = np.ones((people, joints))
    if sigma > 0:
        similar = expected_similarity(xy, sigmas, sigma)
    lengths, length = measure_people(ids, peaks, usual, person, used, np.int64(1)), np.ones(people, np.float32)
    for p in range(people):
        longer = lengths[rows[p]] * np.float32(unit)
        if longer > 1:  # neither NaN nor less
            length[p] = longer
    score = score_people(total, count, everything, similar, joint_score, joint_parts)
    score = weigh_people(score, length, height, sigmas, joint_parts, factors)
    best, listed = heaviest_first(score), 0
    while listed < people and score[best[listed]] >= np.float32(min_score):
        listed += 1
    return _chosen(best[:listed], members, xy, joint_score, score, similar, scale, rows)


@jit
def _chosen(best, members, xy, joint_score, score, similar, scale, rows):
    """Some people, in their order."""
    people, joints = len(best), members.shape[1]
    of_best, places = np.empty((people, joints), np.int32), np.empty((people, joints, 2), np.float32)
    joint, alike = np.empty((people, joints), np.float32), np.empty((people, joints))
    whole, size = np.empty(people, np.float32), np.empty(people, np.float32)
    for n in range(people):
        p = best[n]
        whole[n], size[n] = score[p], scale[rows[p]]
        for k in range(joints):
            of_best[n, k], joint[n, k], alike[n, k] = members[p, k], joint_score[p, k], similar[p, k]
            places[n, k, 0], places[n, k, 1] = xy[p, k, 0], xy[p, k, 1]
    return of_best, places, joint, whole, alike, size


@jit
def list_people(xy, joint_score, score, similar, completed, skeleton, limits, grid):
    """Drop low-scoring joints, duplicates, and people with too few joints; places become pixels."""
    joint_parts, sigmas = skeleton
    alike, least, min_joints = limits
    kept = np.ones(len(xy), np.bool_)
    if alike < 1 and len(xy) > 1:
        box, left = box_joints(xy), np.full(len(xy), -np.inf, np.float32)
        for p in range(len(xy)):
            if not np.isnan(box[p, 0]):
                left[p] = -box[p, 0]
        least_sigma, sure = np.inf, np.empty(len(sigmas), np.float32)
        for k in range(len(sigmas)):
            if joint_parts[k] == 0:
                least_sigma = min(least_sigma, sigmas[k])
        for k in range(len(sigmas)):
            sure[k] = max(sigmas[k], least_sigma)
        duplicate = find_duplicates(xy, heaviest_first(left), sure, alike)
        for p in range(len(xy)):
            kept[p] = not duplicate[p]
    left_over, listed = drop_joints(xy, joint_score, similar, completed, joint_parts, least), 0
    stride, offset = np.float32(grid[0]), np.float32(grid[1])
    for p in range(len(xy)):
        kept[p] &= left_over[p] >= min_joints
        if kept[p]:
            score[listed] = score[p]
            for k in range(len(joint_parts)):
                xy[listed, k, 0], xy[listed, k, 1] = xy[p, k, 0] * stride + offset, xy[p, k, 1] * stride + offset
                joint_score[listed, k], completed[listed, k] = joint_score[p, k], completed[p, k]
            listed += 1
    return kept, xy[:listed], joint_score[:listed], score[:listed], completed[:listed]
