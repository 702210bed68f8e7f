"""Scores of people, and the evidence that they rest on."""

from __future__ import annotations

import numpy as np

from bupose.kernels.compiled.jit import jit
from bupose.kernels.compiled.people import box_joints
from bupose.proportions import AREA_OF_BOX


@jit
def collect_evidence(members, ids, values, used, xy, heat, joint_parts, limb_parts):
    """Places, heat and scores of people's joints; and of each part the squared scores, and how many there are."""
    people, joints = members.shape
    parts = joint_parts.max() + 1
    places = np.full((people, joints, 2), np.nan, np.float32)
    height, score = np.zeros((people, joints), np.float32), np.zeros((people, joints), np.float32)
    total, count = np.zeros((people, parts)), np.zeros((people, parts), np.int64)
    person, best = np.full(len(heat), -1, np.int64), np.zeros(len(heat), np.float32)  # limb, of each peak
    for p in range(people):
        for k in range(joints):
            if members[p, k] >= 0:
                person[members[p, k]] = p
    for e in range(len(ids)):
        limb, a, b = ids[e, 0], ids[e, 1], ids[e, 2]
        if used[e] and person[a] >= 0:
            best[a], best[b] = max(best[a], values[e, 0]), max(best[b], values[e, 0])
            total[person[a], limb_parts[limb]] += np.float64(values[e, 0]) ** 2
            count[person[a], limb_parts[limb]] += 1
    for p in range(people):
        for k in range(joints):
            n = members[p, k]
            if n < 0:
                continue
            places[p, k, 0], places[p, k, 1], height[p, k] = xy[n, 0], xy[n, 1], heat[n]
            score[p, k] = np.sqrt(heat[n] * (min(best[n], np.float32(1)) if best[n] > 0 else heat[n]))
            total[p, joint_parts[k]] += np.float64(heat[n]) ** 2
            count[p, joint_parts[k]] += 1
    return places, height, score, total, count


@jit
def expected_similarity(xy, sigmas, sigma):
    """Expected keypoint similarity of joints with a localization error of ``sigma`` cells."""
    people, joints = xy.shape[:2]
    box, similar = box_joints(xy), np.empty((people, joints))
    for p in range(people):
        area = AREA_OF_BOX * np.float64(box[p, 2] - box[p, 0]) * np.float64(box[p, 3] - box[p, 1])
        if area < 100 * sigma * sigma:
            area = 100 * sigma * sigma
        for k in range(joints):
            similar[p, k] = 1 / (1 + sigma * sigma / (area * 4 * sigmas[k] * sigmas[k]))
    return similar


@jit
def score_people(total, count, everything, similar, joint_score, joint_parts):
    """Person scores: the most that the first part, with any of the others, gives."""
    people, parts = total.shape
    score = np.empty(people, np.float32)
    weighted, weight = np.empty(parts), np.empty(parts)
    for p in range(people):
        weighted[:], weight[:] = 0, 0
        for k in range(len(joint_parts)):
            weighted[joint_parts[k]] += similar[p, k] * joint_score[p, k]
            weight[joint_parts[k]] += joint_score[p, k]
        best = 0.0
        for others in range(2 ** (parts - 1)):  # its bits are the parts beside the first
            squares, found, possible, alike, scores = 0.0, 0, 0, 0.0, 0.0
            for part in range(parts):
                if part == 0 or others >> (part - 1) & 1:
                    squares += total[p, part]
                    found += count[p, part]
                    possible += everything[part]
                    alike += weighted[part]
                    scores += weight[part]
            if found > 0 and scores > 0:
                best = max(best, squares / np.sqrt(np.float64(found * possible)) * alike / scores)
        score[p] = min(np.sqrt(best), 1.0)
    return score


@jit
def weigh_people(score, length, heat, sigmas, joint_parts, factors):
    """Person scores that know of people's sizes, and of how many joints are how clear."""
    usual, size, warmth = factors
    weighed = np.empty(len(score), np.float32)
    for p in range(len(score)):
        total, most = 0.0, 0.0
        for k in range(len(joint_parts)):
            if joint_parts[k] == 0:
                total += heat[p, k] * sigmas[k]
                most += sigmas[k]
        odds = score[p] * (length[p] / usual) ** size * np.exp(warmth * total / most)
        weighed[p] = odds / (1 + odds)
    return weighed


@jit
def drop_joints(xy, joint_score, similar, completed, joint_parts, least):
    """Lower joint scores by the similarity to be expected, drop those below, and count those left."""
    people, joints = joint_score.shape
    left = np.zeros(people, np.int64)
    for p in range(people):
        for k in range(joints):
            joint_score[p, k] *= np.sqrt(np.float32(similar[p, k]))
            if joint_score[p, k] < np.float32(least):
                joint_score[p, k], completed[p, k] = 0, False
                xy[p, k, 0] = xy[p, k, 1] = np.nan
            if joint_score[p, k] > 0 and joint_parts[k] == 0:
                left[p] += 1
    return left
