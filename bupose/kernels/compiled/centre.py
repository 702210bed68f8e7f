"""From person centres to joints: peaks within reach of the prediction, or the best cell of a map."""

from __future__ import annotations

import numpy as np

from bupose.kernels.compiled.jit import jit


@jit
def keep_highest(heat, cells, reach):
    """Peaks that are maxima within ``reach`` rows and columns; of equal peaks the first in row-major order."""
    h, w = heat.shape[1:]
    keep = np.ones(len(cells), np.bool_)
    for n in range(len(cells)):
        k, y, x = cells[n, 0], cells[n, 1], cells[n, 2]
        for yy in range(max(y - reach, 0), min(y + reach + 1, h)):
            for xx in range(max(x - reach, 0), min(x + reach + 1, w)):
                u, v = heat[k, yy, xx], heat[k, y, x]
                if u > v or (u == v and (yy < y or (yy == y and xx < x))):
                    keep[n] = False
    return keep


@jit
def pair_with_peaks(places, spread, start, xy, score, cut):
    """Pairs of predicted joints and peaks of their type, weighted by the peak's score and distance."""
    people, joints = places.shape[:2]
    most = np.float32(cut * cut)
    ids, weight = np.empty((0, 3), np.int32), np.empty(0, np.float32)
    for filling in range(2):  # count the pairs, then write them
        m = 0
        for k in range(joints):
            for p in range(people):
                s = spread[p, k]
                x, y = places[p, k, 0], places[p, k, 1]
                begin, end = start[k], start[k + 1]
                while begin < end:  # peaks of a joint are sorted by y: the first within reach
                    middle = (begin + end) // 2
                    if xy[middle, 1] < y - np.float32(cut) * s:
                        begin = middle + 1
                    else:
                        end = middle
                for n in range(begin, start[k + 1]):
                    dx, dy = xy[n, 0] - x, xy[n, 1] - y
                    if dy > np.float32(cut) * s:
                        break
                    far = (dx * dx + dy * dy) / (s * s)
                    if not far < most:
                        continue
                    if filling:
                        ids[m, 0], ids[m, 1], ids[m, 2] = k, p, n
                        weight[m] = score[n] * np.exp(np.float32(-0.5) * far)
                    m += 1
        if not filling:
            ids, weight = np.empty((m, 3), np.int32), np.empty(m, np.float32)
    return ids, weight


@jit
def search_heat(heat, places, box, variance):
    """For each predicted joint the cell of its heatmap with the largest weight inside the person's box."""
    joints, h, w = heat.shape
    people = len(places)
    cells = np.zeros((people, joints, 2), np.int32)
    weight = np.zeros((people, joints), np.float32)
    double = np.float32(2 * variance)
    for p in range(people):
        top, bottom = max(int(np.ceil(box[p, 1])), 0), min(int(np.ceil(box[p, 3])), h)
        left, right = max(int(np.ceil(box[p, 0])), 0), min(int(np.ceil(box[p, 2])), w)
        for k in range(joints):
            x, y = places[p, k, 0], places[p, k, 1]
            best, reach = np.float32(0), 104 * double  # squared; beyond, the weight underflows to 0 in 32 bits
            middle = int(np.floor(y))
            below, above = min(middle, bottom - 1), max(middle + 1, top)
            while below >= top or above < bottom:  # rows from the nearest outwards
                if below >= top and (above >= bottom or y - below <= above - y):
                    v = below
                    below -= 1
                else:
                    v = above
                    above += 1
                dy = np.float32(v) - y
                if dy * dy >= reach:
                    break
                half = np.sqrt(reach - dy * dy)
                for u in range(max(left, int(np.ceil(x - half))), min(right, int(np.floor(x + half)) + 1)):
                    if not heat[k, v, u] > best:
                        continue
                    dx = np.float32(u) - x
                    here = heat[k, v, u] * np.exp(-(dx * dx + dy * dy) / double)
                    if here > best:
                        best = here
                        cells[p, k, 0], cells[p, k, 1] = v, u
                        reach = -np.log(best) * double * np.float32(1.001)  # farther, no heat weighs more
            weight[p, k] = best
    return cells, weight
