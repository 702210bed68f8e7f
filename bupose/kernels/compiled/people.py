"""Assembly of people, and duplicates."""

from __future__ import annotations

import numpy as np

from bupose.kernels.compiled.jit import jit
from bupose.proportions import AREA_OF_BOX


@jit
def group_people(ids, order, joint, joints):
    """Assemble people from limbs taken in ``order``; limbs that would give a person a joint twice are left out."""
    peaks = len(joint)
    members = np.full((peaks, joints), -1, np.int32)
    person = np.arange(peaks).astype(np.int32)
    used = np.zeros(len(ids), np.bool_)
    for n in range(peaks):
        members[n, joint[n]] = n
    for e in order:
        p, q = person[ids[e, 1]], person[ids[e, 2]]
        if p == q:
            used[e] = True
            continue
        clash = False
        for k in range(joints):
            if members[p, k] >= 0 and members[q, k] >= 0:
                clash = True
                break
        if clash:
            continue
        used[e] = True
        for k in range(joints):
            if members[q, k] >= 0:
                members[p, k] = members[q, k]
                person[members[q, k]] = p
                members[q, k] = -1
    return members, person, used


@jit
def measure_people(ids, xy, usual, person, used, least):
    """Length of a limb of usual length 1 in each person: the median over its limbs; NaN for fewer than ``least``."""
    begin = np.zeros(len(person) + 1, np.int64)
    for e in range(len(ids)):
        if used[e] and usual[ids[e, 0]] > 0:
            begin[person[ids[e, 1]] + 1] += 1
    for n in range(len(person)):
        begin[n + 1] += begin[n]
    ratios, filled = np.empty(begin[-1], np.float32), begin[:-1].copy()
    for e in range(len(ids)):
        if used[e] and usual[ids[e, 0]] > 0:
            dx, dy = xy[ids[e, 2], 0] - xy[ids[e, 1], 0], xy[ids[e, 2], 1] - xy[ids[e, 1], 1]
            ratio, n = np.sqrt(dx * dx + dy * dy) / usual[ids[e, 0]], person[ids[e, 1]]
            at = filled[n]
            while at > begin[n] and ratios[at - 1] > ratio:
                ratios[at] = ratios[at - 1]
                at -= 1
            ratios[at] = ratio
            filled[n] += 1
    scale = np.full(len(person), np.nan, np.float32)
    for n in range(len(person)):
        count = begin[n + 1] - begin[n]
        if count >= least:
            scale[n] = (ratios[begin[n] + (count - 1) // 2] + ratios[begin[n] + count // 2]) / 2
    return scale


@jit
def find_overlong(ids, xy, usual, person, scale, most, slack):
    """Limbs longer than ``most`` times the usual length plus ``slack``, in the person of either joint."""
    overlong = np.zeros(len(ids), np.bool_)
    for e in range(len(ids)):
        a, b = ids[e, 1], ids[e, 2]
        dx, dy = xy[b, 0] - xy[a, 0], xy[b, 1] - xy[a, 1]
        length = np.sqrt(dx * dx + dy * dy)
        for n in (person[a], person[b]):
            longest = np.float32(most) * usual[ids[e, 0]] * scale[n]
            if longest > 0 and length > longest + np.float32(slack):  # unless the usual length or the scale is unknown
                overlong[e] = True
    return overlong


@jit
def box_joints(xy):
    """Left, top, right and bottom of each person's joints; NaN for a person without any."""
    people, joints = xy.shape[:2]
    box = np.full((people, 4), np.nan, np.float32)
    for p in range(people):
        for k in range(joints):
            for axis in range(2):
                v = xy[p, k, axis]
                if not (np.isnan(v) or box[p, axis] <= v):
                    box[p, axis] = v
                if not (np.isnan(v) or box[p, 2 + axis] >= v):
                    box[p, 2 + axis] = v
    return box


@jit
def find_duplicates(xy, order, sigmas, similarity):
    """Duplicates of better people, of people sorted by score."""
    people, joints = xy.shape[:2]
    box = box_joints(xy)
    duplicate = np.zeros(people, np.bool_)
    for i in range(people):
        for j in range(i + 1, people):
            p, q = order[i], order[j]
            if box[q, 0] > box[p, 2]:
                break  # all later ones start further right
            if box[q, 1] > box[p, 3] or box[p, 1] > box[q, 3]:
                continue
            if p > q:
                p, q = q, p
            area = AREA_OF_BOX * max((box[p, 2] - box[p, 0]) * (box[p, 3] - box[p, 1]), np.float32(1))
            alike, count = 0.0, 0
            for k in range(joints):
                if np.isnan(xy[q, k, 0]):
                    continue
                count += 1
                dx, dy = xy[q, k, 0] - xy[p, k, 0], xy[q, k, 1] - xy[p, k, 1]
                if not np.isnan(dx):
                    alike += np.exp(-(dx * dx + dy * dy) / (8 * area * sigmas[k] * sigmas[k]))
            if alike > similarity * count:
                duplicate[q] = True
    return duplicate
