"""Following part affinity fields: line integrals of candidate limbs, trails to missing joints."""

from __future__ import annotations

import numpy as np

from bupose.kernels.compiled.jit import jit


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
def complete_people(paf, heat, skeleton, xy, evidence, scale, span, trail):
    """Follow limbs' fields from known joints to those still missing; fills ``xy`` and ``evidence`` in place."""
    limb_joints, usual, mirror = skeleton
    least, most, slack = np.float32(span[0]), np.float32(span[1]), np.float32(span[2])
    threshold, step, trust = trail
    joints, h, w = heat.shape
    floor = np.float32(0.002)  # of heat: lets a clear field count where heat is silent
    near = np.float32(0.999)  # of places as good as each other the last: not rounding, the field's end decides
    best = np.empty(joints, np.float32)
    place = np.empty((joints, 2), np.float32)
    completed = np.zeros((len(xy), joints), np.bool_)
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
                    length = scale[p] * usual[limb]
                    shortest, longest = np.float32(0), np.float32(np.inf)
                    if length > 0:  # neither NaN nor 0: known
                        shortest, longest = least * length, most * length + slack
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
                        dx, dy = x - xy[p, known, 0], y - xy[p, known, 1]
                        away = np.sqrt(dx * dx + dy * dy)
                        if away > longest or away < np.float32(s) * np.float32(step) / 2 - 4:
                            break  # limbs are straight: a trail that comes back is lost
                        cx, cy = int(x + np.float32(0.5)), int(y + np.float32(0.5))
                        px, py, value = x, y, floor
                        for yy in range(max(cy - 1, 0), min(cy + 2, h)):
                            for xx in range(max(cx - 1, 0), min(cx + 2, w)):
                                if heat[missing, yy, xx] > value:
                                    value = heat[missing, yy, xx]
                                    px, py = np.float32(xx), np.float32(yy)
                        dx, dy = px - xy[p, known, 0], py - xy[p, known, 1]
                        if np.sqrt(dx * dx + dy * dy) < shortest:
                            continue
                        found = np.sqrt(min(value, np.float32(1))) * total / np.float32(s)
                        if found >= near * best[missing]:
                            best[missing], place[missing, 0], place[missing, 1] = found, px, py
            for k in range(joints):
                if best[k] > 0:
                    evidence[p, k] = best[k]
                    xy[p, k, 0], xy[p, k, 1] = place[k, 0], place[k, 1]
                    completed[p, k] = growing = True
        for k in range(joints):
            m = mirror[k]  # a joint found where its mirror image is, which there is clearer, is no joint
            dx, dy = abs(xy[p, k, 0] - xy[p, m, 0]), abs(xy[p, k, 1] - xy[p, m, 1])
            weaker = evidence[p, k] < evidence[p, m] or (evidence[p, k] == evidence[p, m] and k > m)
            if completed[p, k] and dx <= 0.5 and dy <= 0.5 and weaker:
                xy[p, k, 0] = xy[p, k, 1] = np.nan
                evidence[p, k], completed[p, k] = 0, False
        for k in range(joints):
            if completed[p, k]:
                evidence[p, k] = min(evidence[p, k], np.float32(1)) * np.float32(trust)
    return completed
