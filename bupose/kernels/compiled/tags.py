"""Grouping joints by their tags (associative embedding)."""

from __future__ import annotations

import numpy as np

from bupose.kernels.compiled.jit import jit
from bupose.kernels.compiled.matching import match_hungarian


@jit
def group_tags(start, tags, score, order, limits):
    """People from tagged peaks, joint by joint: one-to-one assignment of peaks to people by mean tag."""
    gate, reach, nearest = limits
    peaks, size = tags.shape
    members = np.full((peaks, len(order)), -1, np.int32)
    ids = np.empty((peaks * nearest, 3), np.int32)
    values = np.empty((peaks * nearest, 2), np.float32)
    matched = np.zeros(peaks * nearest, np.bool_)
    anchor = np.empty(peaks, np.int32)
    total, count = np.zeros((peaks, size)), np.zeros(peaks, np.int64)
    mean, strength = np.zeros((peaks, size)), np.zeros(peaks)
    near, group = np.empty(nearest), np.empty(nearest, np.int32)
    groups, links = 0, 0
    for k in order:
        first = start[k]
        edges = np.empty(((start[k + 1] - first) * nearest, 3), np.int32)
        weight = np.empty(len(edges), np.float32)
        row = np.empty(len(edges), np.int64)
        edge = 0
        for n in range(first, start[k + 1]):
            filled = 0
            for g in range(groups):
                distance = 0.0
                for t in range(size):
                    distance += (tags[n, t] - mean[g, t]) ** 2
                distance = np.sqrt(distance)
                if not distance <= reach or (filled == nearest and distance >= near[nearest - 1]):
                    continue
                filled = min(filled + 1, nearest)
                i = filled - 1
                while i > 0 and near[i - 1] > distance:
                    near[i], group[i] = near[i - 1], group[i - 1]
                    i -= 1
                near[i], group[i] = distance, g
            for g in np.sort(group[:filled]):
                i = 0
                while group[i] != g:
                    i += 1
                ids[links, 0], ids[links, 1], ids[links, 2] = k, anchor[g], n
                values[links, 0], values[links, 1] = near[i], 0
                if near[i] < gate:
                    values[links, 1] = score[n] * np.sqrt(strength[g]) * (1 - (near[i] / gate) ** 2)
                    edges[edge, 0], edges[edge, 1], edges[edge, 2] = 0, n, g
                    weight[edge], row[edge] = values[links, 1], links
                    edge += 1
                links += 1
        chosen = match_hungarian(edges[:edge], weight[:edge], peaks)
        taken = np.zeros(start[k + 1] - first, np.bool_)
        for e in range(edge):
            if chosen[e]:
                n, g = edges[e, 1], edges[e, 2]
                matched[row[e]], taken[n - first], members[g, k] = True, True, n
        for n in range(first, start[k + 1]):
            if not taken[n - first]:
                members[groups, k], anchor[groups] = n, n
                groups += 1
        for g in range(groups):
            n = members[g, k]
            if n >= 0:
                count[g] += 1
                strength[g] += score[n]
                for t in range(size):
                    total[g, t] += tags[n, t]
                    mean[g, t] = total[g, t] / count[g]
    return members[:groups], ids[:links], values[:links], matched[:links]


@jit
def find_tagged(heat, tags, mean, absent):
    """For each absent joint the cell with the largest heat minus rounded tag distance to the person's mean."""
    joints, h, w = heat.shape
    cells = np.full(absent.shape, -1, np.int32)
    for p in range(len(absent)):
        for k in range(joints):
            if not absent[p, k]:
                continue
            best = 0.0
            for y in range(h):
                for x in range(w):
                    if not heat[k, y, x] > best:
                        continue
                    distance = 0.0
                    for t in range(tags.shape[1]):
                        distance += (tags[k, t, y, x] - mean[p, t]) ** 2
                    value = heat[k, y, x] - np.floor(np.sqrt(distance) + 0.5)
                    if value > best:
                        best = value
                        cells[p, k] = y * w + x
    return cells
