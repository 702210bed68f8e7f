"""Assembling people, and finding those that are there twice."""

from __future__ import annotations

import numpy as np

from bupose.kernels.compiled.jit import jit


@jit
def group_people(ids, order, joint, joints):
    """Assemble people from limbs taken in ``order``; a limb that would give a person two of a joint is left out."""
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
def find_duplicates(xy, box, order, sigmas, similarity):
    """People, best first, most of whose joints lie on those of a better one."""
    people, joints = xy.shape[:2]
    duplicate = np.zeros(people, np.bool_)
    for i in range(people):
        for j in range(i + 1, people):
            p, q = order[i], order[j]
            if box[q, 0] > box[p, 2]:
                break  # all later ones begin further right
            if box[q, 1] > box[p, 3] or box[p, 1] > box[q, 3]:
                continue
            if p > q:
                p, q = q, p
            area = 0.53 * max((box[p, 2] - box[p, 0]) * (box[p, 3] - box[p, 1]), np.float32(1))
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
