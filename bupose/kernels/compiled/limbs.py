"""Limb candidates: the reach of a limb's field from a joint, the joints within it, and their scores."""

from __future__ import annotations

import numpy as np

from bupose.kernels.compiled.jit import jit
from bupose.kernels.compiled.lines import project_line, sample_field
from bupose.kernels.compiled.peaks import grown


@jit
def score_limbs(paf, limb_joints, start, xy, strength, line, limits, crowd):
    """Candidate pairs of joints for each limb, with their line integrals."""
    samples, near, threshold = line[0], np.float32(line[1]), np.float32(line[2])
    least_score, least_share = np.float32(limits[0]), np.float32(limits[1])
    ids = np.empty((256, 3), np.int32)
    values = np.empty((256, 3), np.float32)
    ends = np.empty(4, np.float32)
    begin, seconds = np.zeros(1, np.int64), np.zeros(0, np.int32)
    n = 0
    for limb in range(len(limb_joints)):
        first, second = limb_joints[limb, 0], limb_joints[limb, 1]
        a0, b0 = start[first], start[second]
        firsts, count = start[first + 1] - a0, start[second + 1] - b0
        crowded = firsts * count >= crowd[0]
        if crowded:
            one, other = xy[a0 : a0 + firsts], xy[b0 : b0 + count]
            one_end, one_length = follow_field(paf, limb, one, threshold, np.float32(1))
            other_end, other_length = follow_field(paf, limb, other, threshold, np.float32(-1))
            trails = one_end, other_end, one_length, other_length
            begin, seconds = pair_joints(one, other, *trails, crowd[1], crowd[2])
        for i in range(firsts):
            a = a0 + i
            for e in range(begin[i] if crowded else 0, begin[i + 1] if crowded else count):
                b = b0 + (seconds[e] if crowded else e)
                ends[0], ends[1], ends[2], ends[3] = xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1]
                score, share = project_line(paf, limb, ends, samples, near, threshold)
                weight = score * strength[a] * strength[b]
                if score > least_score and share >= least_share and weight > 0:
                    if n == len(ids):
                        ids, values = grown(ids, n), grown(values, n)
                    ids[n, 0], ids[n, 1], ids[n, 2] = limb, a, b
                    values[n, 0], values[n, 1], values[n, 2] = score, share, weight
                    n += 1
    return ids[:n], values[:n]


@jit
def pair_joints(one, other, one_end, other_end, one_length, other_length, nearest, slack):
    """In a crowd, pairs of joints within reach of each other, or near the end of each other's trail."""
    pairs = np.empty(((len(one) + len(other)) * (nearest + max(nearest // 4, 1)), 2), np.int32)
    n = 0
    for side in range(2):
        points, others, end, length = one, other, one_end, one_length
        if side == 1:
            points, others, end, length = other, one, other_end, other_length
        for found in _nearest(points, others, end, length, nearest, np.float32(slack)):
            for p in range(len(found)):
                for i in range(found.shape[1]):
                    if found[p, i] < 0:
                        break
                    pairs[n, side], pairs[n, 1 - side] = p, found[p, i]
                    n += 1
    pairs = _sorted(_sorted(pairs[:n], 1, len(other)), 0, len(one))
    begin, seconds = np.zeros(len(one) + 1, np.int64), np.empty(n, np.int32)
    kept = 0
    for e in range(n):
        if e == 0 or pairs[e, 0] != pairs[e - 1, 0] or pairs[e, 1] != pairs[e - 1, 1]:
            seconds[kept] = pairs[e, 1]
            begin[pairs[e, 0] + 1] += 1
            kept += 1
    for a in range(len(one)):
        begin[a + 1] += begin[a]
    return begin, seconds[:kept]


@jit
def _sorted(pairs, column, count):
    """Pairs in stable order of one of their columns, 0 … count - 1."""
    place = np.zeros(count + 1, np.int64)
    for e in range(len(pairs)):
        place[pairs[e, column] + 1] += 1
    for i in range(count):
        place[i + 1] += place[i]
    ordered = np.empty((len(pairs), 2), np.int32)
    for e in range(len(pairs)):
        at = place[pairs[e, column]]
        ordered[at, 0], ordered[at, 1] = pairs[e, 0], pairs[e, 1]
        place[pairs[e, column]] += 1
    return ordered


@jit
def follow_field(paf, limb, xy, threshold, way):
    """Trails along a limb's field from joints: the furthest point of each, and its distance in cells."""
    h, w = paf.shape[2:]
    ends, length = xy.copy(), np.zeros(len(xy), np.float32)
    for n in range(len(xy)):
        x, y = xy[n, 0], xy[n, 1]
        cx, cy = int(np.floor(x + np.float32(0.5))), int(np.floor(y + np.float32(0.5)))
        strongest = np.float32(0)
        for yy in range(max(cy - 1, 0), min(cy + 2, h)):
            for xx in range(max(cx - 1, 0), min(cx + 2, w)):
                u, v = paf[limb, 0, yy, xx], paf[limb, 1, yy, xx]
                if u * u + v * v > strongest:
                    strongest, x, y = u * u + v * v, np.float32(xx), np.float32(yy)
        for step in range(h + w):
            u, v = sample_field(paf, limb, x, y)
            strength = np.sqrt(u * u + v * v)
            if not strength > threshold:
                break
            x += way * u / strength
            y += way * v / strength
            dx, dy = x - xy[n, 0], y - xy[n, 1]
            away = np.sqrt(dx * dx + dy * dy)
            if x < -0.5 or y < -0.5 or x > w - 0.5 or y > h - 0.5 or away < np.float32(step // 2 - 4):
                break
            if away > length[n]:
                length[n], ends[n, 0], ends[n, 1] = away, x, y
    return ends, length


@jit
def _nearest(points, others, ends, length, most, slack):
    """For each point the nearest others within reach, and, if some are left out, those near its trail's end.

    Rows are padded with -1.
    """
    near = np.full((len(points), most), -1, np.int32)
    far = np.full((len(points), max(most // 4, 1)), -1, np.int32)
    if len(points) == 0 or len(others) == 0:
        return near, far
    left, top, right, bottom = others[0, 0], others[0, 1], others[0, 0], others[0, 1]
    for i in range(len(others)):
        left, right = min(left, others[i, 0]), max(right, others[i, 0])
        top, bottom = min(top, others[i, 1]), max(bottom, others[i, 1])
    area = max(right - left, np.float32(1)) * max(bottom - top, np.float32(1))
    side = max(np.sqrt(2 * area / np.float32(len(others))), np.float32(1))  # about two of the others to a bin
    rows, cols = int((bottom - top) / side) + 1, int((right - left) / side) + 1
    first = np.zeros(rows * cols + 1, np.int64)
    for i in range(len(others)):
        first[int((others[i, 1] - top) / side) * cols + int((others[i, 0] - left) / side) + 1] += 1
    for i in range(rows * cols):
        first[i + 1] += first[i]
    filled, binned = first[:-1].copy(), np.empty(len(others), np.int64)
    for i in range(len(others)):
        at = int((others[i, 1] - top) / side) * cols + int((others[i, 0] - left) / side)
        binned[filled[at]] = i
        filled[at] += 1
    away = np.empty(most, np.float64)
    for p in range(len(points)):
        extra = np.float32(0.5) * length[p] + slack
        for n in range(2):
            place, found, radius = (points[p], near[p], length[p] + extra) if n == 0 else (ends[p], far[p], extra)
            x, y, reach = float(place[0]), float(place[1]), float(radius)
            cx, cy = int(np.floor((x - left) / side)), int(np.floor((y - top) / side))
            count, ring = 0, 0
            while True:
                for row in range(max(cy - ring, 0), min(cy + ring + 1, rows)):
                    across = 1 if abs(row - cy) == ring or ring == 0 else 2 * ring
                    for col in range(cx - ring, cx + ring + 1, across):
                        if col < 0 or col >= cols:
                            continue
                        for e in range(first[row * cols + col], first[row * cols + col + 1]):
                            i = binned[e]
                            dx, dy = others[i, 0] - x, others[i, 1] - y
                            square = dx * dx + dy * dy
                            if square > reach * reach:
                                continue
                            at = count  # of equally near ones the first
                            while at > 0 and (square < away[at - 1] or (square == away[at - 1] and i < found[at - 1])):
                                at -= 1
                            if at == len(found):
                                continue
                            count = min(count + 1, len(found))
                            for m in range(count - 1, at, -1):
                                away[m], found[m] = away[m - 1], found[m - 1]
                            away[at], found[at] = square, i
                sure = ring * float(side)  # no nearer one can follow
                if sure >= reach or (count == len(found) and away[count - 1] < sure * sure):
                    break
                if ring >= max(cx, cols - 1 - cx) and ring >= max(cy, rows - 1 - cy):
                    break
                ring += 1
            if count < len(found):  # none was left out
                break
    return near, far
