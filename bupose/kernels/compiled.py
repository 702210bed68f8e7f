"""Decoding and painting in numba: arrays and scalars in, arrays out.

Arrays are C-contiguous and writable float32 / int32 / bool, finite; positions are in cells, (x, y). The slow and
obvious twin of each function, which is its specification, stands in ``reference.py``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_jit = njit(cache=True, nogil=True)


@_jit
def _grown(rows, n):
    """The first ``n`` rows with room for as many again."""
    more = np.empty((2 * n, 3), rows.dtype)
    for i in range(n):
        for j in range(3):
            more[i, j] = rows[i, j]
    return more


@_jit
def find_peaks(heat, threshold):
    """Cells above ``threshold`` that no neighbour exceeds; of a plateau the first in reading order."""
    joints, h, w = heat.shape
    threshold = np.float32(threshold)
    cells = np.empty((64, 3), np.int32)
    n = 0
    for k in range(joints):
        for y in range(h):
            for x in range(w):
                v = heat[k, y, x]
                if not v > threshold or (x > 0 and heat[k, y, x - 1] >= v) or (x < w - 1 and heat[k, y, x + 1] > v):
                    continue
                highest = True
                for yy in range(max(y - 1, 0), min(y + 2, h)):
                    for xx in range(max(x - 1, 0), min(x + 2, w)):
                        u = heat[k, yy, xx]
                        if u > v or (u == v and (yy < y or (yy == y and xx < x))):
                            highest = False
                if highest:
                    if n == len(cells):
                        cells = _grown(cells, n)
                    cells[n, 0] = k
                    cells[n, 1] = y
                    cells[n, 2] = x
                    n += 1
    return cells[:n]


@_jit
def _log(v):
    return np.log(max(v, np.float32(1e-3)))  # what lies below a thousandth is noise, and log 0 is no number


@_jit
def _summit(low, mid, high, curve):
    """Where a parabola through three values is highest, -0.5 … 0.5; one neighbour (the other NaN) needs a curvature."""
    if np.isnan(low) and np.isnan(high):  # a picture one cell wide
        return 0.0
    if np.isnan(low) or np.isnan(high):
        if not curve < -1e-6:
            return 0.0
        step = 0.5 - (high - mid) / curve if np.isnan(low) else (low - mid) / curve - 0.5
    else:
        curve = low - 2 * mid + high
        if not curve < -1e-6:
            return 0.0
        step = 0.5 * (low - high) / curve
    return min(max(step, -0.5), 0.5)


@_jit
def refine_peaks(heat, cells):
    """Sub-cell positions of peaks by parabolas through the logarithm (exact for a Gaussian), and their heights."""
    h, w = heat.shape[1:]
    xy = np.empty((len(cells), 2), np.float32)
    score = np.empty(len(cells), np.float32)
    for n in range(len(cells)):
        k, y, x = cells[n, 0], cells[n, 1], cells[n, 2]
        mid = _log(heat[k, y, x])
        left = _log(heat[k, y, x - 1]) if x > 0 else np.nan
        right = _log(heat[k, y, x + 1]) if x < w - 1 else np.nan
        up = _log(heat[k, y - 1, x]) if y > 0 else np.nan
        down = _log(heat[k, y + 1, x]) if y < h - 1 else np.nan
        xy[n, 0] = x + _summit(left, mid, right, up - 2 * mid + down)
        xy[n, 1] = y + _summit(up, mid, down, left - 2 * mid + right)
        score[n] = min(heat[k, y, x], np.float32(1))
    return xy, score


@_jit
def label_support(paf, limbs, threshold, block):
    """Number the connected patches of each chosen limb's field, in blocks of cells; 0 where there is none."""
    h, w = paf.shape[2:]
    rows, cols = (h + block - 1) // block, (w + block - 1) // block
    labels = np.zeros((len(limbs), rows, cols), np.int32)
    stack = np.empty((rows * cols, 2), np.int32)
    for n in range(len(limbs)):
        limb = limbs[n]
        for y in range(h):
            for x in range(w):
                u, v = paf[limb, 0, y, x], paf[limb, 1, y, x]
                if u * u + v * v > threshold * threshold:
                    labels[n, y // block, x // block] = -1
        patch = 0
        for r in range(rows):
            for c in range(cols):
                if labels[n, r, c] != -1:
                    continue
                patch += 1
                labels[n, r, c] = patch
                stack[0, 0], stack[0, 1] = r, c
                top = 1
                while top:
                    top -= 1
                    y, x = stack[top, 0], stack[top, 1]
                    for yy in range(max(y - 1, 0), min(y + 2, rows)):
                        for xx in range(max(x - 1, 0), min(x + 2, cols)):
                            if labels[n, yy, xx] == -1:
                                labels[n, yy, xx] = patch
                                stack[top, 0], stack[top, 1] = yy, xx
                                top += 1
    return labels


@_jit
def sample_field(paf, limb, x, y):
    """The field at a point between cells, bilinearly; beyond the outermost cells as on them."""
    h, w = paf.shape[2:]
    x = min(max(x, np.float32(0)), np.float32(w - 1))
    y = min(max(y, np.float32(0)), np.float32(h - 1))
    x0, y0 = min(int(x), max(w - 2, 0)), min(int(y), max(h - 2, 0))
    x1, y1 = min(x0 + 1, w - 1), min(y0 + 1, h - 1)
    fx, fy = x - np.float32(x0), y - np.float32(y0)
    one = np.float32(1)
    a, b, c, d = (one - fx) * (one - fy), fx * (one - fy), (one - fx) * fy, fx * fy
    u = a * paf[limb, 0, y0, x0] + b * paf[limb, 0, y0, x1] + c * paf[limb, 0, y1, x0] + d * paf[limb, 0, y1, x1]
    v = a * paf[limb, 1, y0, x0] + b * paf[limb, 1, y0, x1] + c * paf[limb, 1, y1, x0] + d * paf[limb, 1, y1, x1]
    return u, v


@_jit
def project_line(paf, limb, ends, samples, near, threshold):
    """Mean projection of the field along a line, and the share of its samples above ``threshold``."""
    h, w = paf.shape[2:]
    ax, ay = min(max(ends[0], np.float32(0)), np.float32(w - 1)), min(max(ends[1], np.float32(0)), np.float32(h - 1))
    bx, by = min(max(ends[2], np.float32(0)), np.float32(w - 1)), min(max(ends[3], np.float32(0)), np.float32(h - 1))
    dx, dy = bx - ax, by - ay
    length = np.sqrt(dx * dx + dy * dy)
    ux, uy = np.float32(0), np.float32(0)
    if length > 0:
        ux, uy = dx / length, dy / length
    if length >= near:
        silent = True
        for s in (samples // 6, samples // 2, samples - 1 - samples // 6):
            t = np.float32(s) / np.float32(samples - 1)
            u, v = sample_field(paf, limb, ax + t * dx, ay + t * dy)
            if u * ux + v * uy > 0:
                silent = False
                break
        if silent:
            return np.float32(0), np.float32(0)
    blind = max(np.float32(0), np.float32(1) - length / near)  # how little the direction of so short a line says
    total, above = np.float32(0), 0
    for s in range(samples):
        t = np.float32(s) / np.float32(samples - 1)
        u, v = sample_field(paf, limb, ax + t * dx, ay + t * dy)
        p = u * ux + v * uy
        if blind > 0:
            p = (1 - blind) * p + blind * np.sqrt(u * u + v * v)
        total += p
        if p > threshold:
            above += 1
    return total / np.float32(samples), np.float32(above) / np.float32(samples)


@_jit
def score_limbs(paf, limb_joints, start, xy, strength, patch, line, limits):
    """Every pair of joints that a limb could join, with its line integral."""
    samples, near, threshold = line[0], np.float32(line[1]), np.float32(line[2])
    least_score, least_share, partners = np.float32(limits[0]), np.float32(limits[1]), limits[2]
    ids = np.empty((256, 3), np.int32)
    values = np.empty((256, 3), np.float32)
    ends = np.empty(4, np.float32)
    following = np.empty(len(xy), np.int32)  # the next second joint in the same patch
    everywhere = np.zeros(len(xy), np.int32)
    n = 0
    for limb in range(len(limb_joints)):
        ja, jb = limb_joints[limb, 0], limb_joints[limb, 1]
        if start[ja] == start[ja + 1] or start[jb] == start[jb + 1]:
            continue
        patches = everywhere if len(patch) == 0 else patch[limb]
        count = 0
        for i in range(len(xy)):
            count = max(count, patches[i] + 1)
        heads = np.full(count + 1, -1, np.int32)  # patch -1 (no field here) falls on the last, unused one
        for b in range(start[jb + 1] - 1, start[jb] - 1, -1):
            if patches[b] >= 0:
                following[b] = heads[patches[b]]
                heads[patches[b]] = b
        for a in range(start[ja], start[ja + 1]):
            first = n
            b = heads[patches[a]]
            while b >= 0:
                ends[0], ends[1], ends[2], ends[3] = xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1]
                score, share = project_line(paf, limb, ends, samples, near, threshold)
                weight = score * strength[a] * strength[b]
                if score > least_score and share >= least_share and weight > 0:
                    if n - first == partners:  # full: the lightest makes room
                        lightest = n - 1
                        for i in range(n - 1, first - 1, -1):
                            if values[i, 2] < values[lightest, 2]:
                                lightest = i
                        if weight <= values[lightest, 2]:
                            b = following[b]
                            continue
                        for i in range(lightest, n - 1):
                            for j in range(3):
                                ids[i, j], values[i, j] = ids[i + 1, j], values[i + 1, j]
                        n -= 1
                    if n == len(ids):
                        ids, values = _grown(ids, n), _grown(values, n)
                    ids[n, 0], ids[n, 1], ids[n, 2] = limb, a, b
                    values[n, 0], values[n, 1], values[n, 2] = score, share, weight
                    n += 1
                b = following[b]
    return ids[:n], values[:n]


@_jit
def match_hungarian(ids, weight, peaks):
    """One-to-one choice of candidates with the largest total weight, for each limb: shortest augmenting paths.

    Only candidates are edges, so a search never leaves its connected component. Column ``peaks + a`` stands for
    leaving the first joint ``a`` alone, at no cost.
    """
    chosen = np.zeros(len(ids), np.bool_)
    infinity = 1e300
    u, v = np.zeros(peaks), np.zeros(2 * peaks)
    owner = np.full(2 * peaks, -1, np.int32)  # the first joint a column belongs to
    edge = np.full(2 * peaks, -1, np.int32)  # by which candidate
    least = np.full(2 * peaks, infinity)
    via = np.full(2 * peaks, -1, np.int32)  # the column before, on the way here
    via_edge = np.full(2 * peaks, -1, np.int32)
    done = np.zeros(2 * peaks, np.bool_)
    reached = np.empty(2 * peaks, np.int32)
    low = np.zeros(peaks, np.int32)
    high = np.zeros(peaks, np.int32)
    begin = 0
    while begin < len(ids):
        end = begin
        while end < len(ids) and ids[end, 0] == ids[begin, 0]:
            a = ids[end, 1]
            low[a] = end
            while end < len(ids) and ids[end, 0] == ids[begin, 0] and ids[end, 1] == a:
                end += 1
            high[a] = end
        row = begin
        while row < end:
            root = ids[row, 1]
            row = high[root]
            u[root] = 0.0
            for e in range(low[root], high[root]):  # the cheapest edge is tight, no reduced cost negative
                u[root] = min(u[root], -float(weight[e]) - v[ids[e, 2]])
            count, column, a, travelled = 0, -1, root, 0.0
            while True:
                for e in range(low[a], high[a] + 1):
                    alone = e == high[a]
                    j = peaks + a if alone else ids[e, 2]
                    if done[j]:
                        continue
                    cost = travelled + ((0.0 if alone else -float(weight[e])) - u[a] - v[j])
                    if least[j] == infinity:
                        reached[count] = j
                        count += 1
                    if cost < least[j]:
                        least[j], via[j], via_edge[j] = cost, column, (-1 if alone else e)
                column = -1
                for i in range(count):
                    j = reached[i]
                    if not done[j] and (column < 0 or least[j] < least[column]):
                        column = j
                travelled = least[column]
                if owner[column] < 0:
                    break
                done[column] = True
                a = owner[column]
            u[root] += travelled
            for i in range(count):  # potentials of what the search has settled
                j = reached[i]
                if done[j]:
                    v[j] -= travelled - least[j]
                    u[owner[j]] += travelled - least[j]
            j = column
            while True:
                before = via[j]
                owner[j] = root if before < 0 else owner[before]
                edge[j] = via_edge[j]
                if before < 0:
                    break
                j = before
            for i in range(count):
                j = reached[i]
                least[j], via[j], via_edge[j], done[j] = infinity, -1, -1, False
        for e in range(begin, end):
            for side in range(2):
                j = ids[e, 2] if side == 0 else peaks + ids[e, 1]
                if edge[j] >= 0:
                    chosen[edge[j]] = True
                owner[j], edge[j], v[j] = -1, -1, 0.0
        begin = end
    return chosen


@_jit
def match_greedy(ids, order, peaks):
    """One-to-one choice of candidates, for each limb in ``order``."""
    chosen = np.zeros(len(ids), np.bool_)
    limbs = 0 if len(ids) == 0 else ids[len(ids) - 1, 0] + 1
    taken = np.zeros((limbs, 2, peaks), np.bool_)
    for e in order:
        limb, a, b = ids[e, 0], ids[e, 1], ids[e, 2]
        if not (taken[limb, 0, a] or taken[limb, 1, b]):
            taken[limb, 0, a], taken[limb, 1, b], chosen[e] = True, True, True
    return chosen


@_jit
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


@_jit
def complete_people(paf, heat, limb_joints, xy, evidence, threshold, step):
    """Follow limbs' fields from known joints to those still missing; fills ``xy`` and ``evidence`` in place."""
    joints, h, w = heat.shape
    floor = np.float32(0.002)  # of heat: lets a clear field count where heat is silent
    best = np.empty(joints, np.float32)
    place = np.empty((joints, 2), np.float32)
    for p in range(len(xy)):
        growing = True
        while growing:
            growing = False
            for k in range(joints):
                best[k] = 0
            for limb in range(len(limb_joints)):
                for side in range(2):
                    known, missing = limb_joints[limb, side], limb_joints[limb, 1 - side]
                    if not evidence[p, known] > 0 or evidence[p, missing] > 0:
                        continue
                    forward = np.float32(step if side == 0 else -step)
                    x, y, total = xy[p, known, 0], xy[p, known, 1], np.float32(0)
                    for s in range(1, 2 * (h + w)):
                        u, v = sample_field(paf, limb, x, y)
                        strength = np.sqrt(u * u + v * v)
                        if not strength > threshold:
                            break
                        total += strength
                        x += forward * u / strength
                        y += forward * v / strength
                        if x < -0.5 or y < -0.5 or x > w - 0.5 or y > h - 0.5:
                            break
                        cx, cy = int(x + np.float32(0.5)), int(y + np.float32(0.5))
                        px, py, value = x, y, floor
                        for yy in range(max(cy - 1, 0), min(cy + 2, h)):
                            for xx in range(max(cx - 1, 0), min(cx + 2, w)):
                                if heat[missing, yy, xx] > value:
                                    value = heat[missing, yy, xx]
                                    px, py = np.float32(xx), np.float32(yy)
                        found = np.sqrt(min(value, np.float32(1))) * total / np.float32(s)
                        if found >= best[missing]:
                            best[missing], place[missing, 0], place[missing, 1] = found, px, py
            for k in range(joints):
                if best[k] > 0:
                    evidence[p, k] = best[k]
                    xy[p, k, 0], xy[p, k, 1] = place[k, 0], place[k, 1]
                    growing = True


@_jit
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


@_jit
def paint_heat(shape, xy, present, sigma):
    """Gaussians around joints, the maximum over people."""
    h, w = shape
    joints = xy.shape[1]
    heat = np.zeros((joints, h, w), np.float32)
    cut = 4.6052  # a hundredth of the height
    reach = np.sqrt(2 * cut) * sigma
    for p in range(len(xy)):
        for k in range(joints):
            if not present[p, k]:
                continue
            x, y = xy[p, k, 0], xy[p, k, 1]
            for v in range(max(int(np.ceil(y - reach)), 0), min(int(np.floor(y + reach)) + 1, h)):
                for u in range(max(int(np.ceil(x - reach)), 0), min(int(np.floor(x + reach)) + 1, w)):
                    exponent = ((u - x) ** 2 + (v - y) ** 2) / (2 * sigma * sigma)
                    if exponent <= cut:
                        heat[k, v, u] = max(heat[k, v, u], np.float32(np.exp(-exponent)))
    return heat


@_jit
def paint_limbs(shape, xy, present, limb_joints, width):
    """Unit vectors in the cells within ``width`` of a limb, averaged over the people who have one there."""
    h, w = shape
    limbs = len(limb_joints)
    paf = np.zeros((limbs, 2, h, w), np.float32)
    count = np.zeros((h, w), np.int32)
    for limb in range(limbs):
        ja, jb = limb_joints[limb, 0], limb_joints[limb, 1]
        count[:] = 0
        for p in range(len(xy)):
            if not (present[p, ja] and present[p, jb]):
                continue
            ax, ay, bx, by = xy[p, ja, 0], xy[p, ja, 1], xy[p, jb, 0], xy[p, jb, 1]
            length = np.sqrt((bx - ax) ** 2 + (by - ay) ** 2)
            if not length > 1e-6:
                continue
            ux, uy = (bx - ax) / length, (by - ay) / length
            top, bottom = max(int(np.ceil(min(ay, by) - width)), 0), min(int(np.floor(max(ay, by) + width)) + 1, h)
            left, right = max(int(np.ceil(min(ax, bx) - width)), 0), min(int(np.floor(max(ax, bx) + width)) + 1, w)
            for v in range(top, bottom):
                for u in range(left, right):
                    along = min(max((u - ax) * ux + (v - ay) * uy, 0.0), length)
                    dx, dy = u - ax - along * ux, v - ay - along * uy
                    if dx * dx + dy * dy <= width * width:
                        paf[limb, 0, v, u] += np.float32(ux)
                        paf[limb, 1, v, u] += np.float32(uy)
                        count[v, u] += 1
        for v in range(h):
            for u in range(w):
                if count[v, u] > 1:
                    paf[limb, 0, v, u] /= np.float32(count[v, u])
                    paf[limb, 1, v, u] /= np.float32(count[v, u])
    return paf
