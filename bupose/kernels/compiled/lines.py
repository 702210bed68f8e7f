"""Following part affinity fields: line integrals of candidate limbs, trails to missing joints, connected patches."""

from __future__ import annotations

import numpy as np

from bupose.kernels.compiled.jit import jit
from bupose.kernels.compiled.peaks import grown


@jit
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


@jit
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


@jit
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
        silent, early = True, np.float32(samples // 6) / np.float32(samples - 1)
        for t in (early, np.float32(0.5), np.float32(1) - early):
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


@jit
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
                        ids, values = grown(ids, n), grown(values, n)
                    ids[n, 0], ids[n, 1], ids[n, 2] = limb, a, b
                    values[n, 0], values[n, 1], values[n, 2] = score, share, weight
                    n += 1
                b = following[b]
    return ids[:n], values[:n]


@jit
def complete_people(paf, heat, limb_joints, xy, evidence, threshold, step):
    """Follow limbs' fields from known joints to those still missing; fills ``xy`` and ``evidence`` in place."""
    joints, h, w = heat.shape
    floor = np.float32(0.002)  # of heat: lets a clear field count where heat is silent
    near = np.float32(0.999)  # of places as good as each other the last: not rounding, the field's end decides
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
                        if found >= near * best[missing]:
                            best[missing], place[missing, 0], place[missing, 1] = found, px, py
            for k in range(joints):
                if best[k] > 0:
                    evidence[p, k] = best[k]
                    xy[p, k, 0], xy[p, k, 1] = place[k, 0], place[k, 1]
                    growing = True
