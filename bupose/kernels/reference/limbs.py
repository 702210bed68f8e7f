"""Limb candidates: the reach of a limb's field from a joint, the joints within it, and their scores."""

from __future__ import annotations

import numpy as np

from bupose.kernels.reference.lines import project_line, sample_field


def score_limbs(paf, limb_joints, start, xy, strength, line, limits, crowd):
    """Candidate pairs of joints for each limb, with their line integrals.

    Parameters
    ----------
    paf : float32 array (L, 2, h, w)
    limb_joints : int32 array (L, 2)
    start : int32 array (K+1,)
        Peaks of joint k are rows ``start[k]:start[k+1]``.
    xy : float32 array (N, 2), cells
    strength : float32 array (N,)
        Factor of each peak in a candidate's weight.
    line : (samples, near, threshold)
        See :func:`project_line`.
    limits : (score, share)
        Thresholds: a candidate's score must exceed the first, its share reach the second.
    crowd : (pairs, nearest, slack)
        For limbs with at least that many pairs of joints, only those of :func:`pair_joints` are scored.

    Returns
    -------
    ids : int32 array (M, 3)
        Limb, first and second peak; in that order.
    values : float32 array (M, 3)
        Score, share, weight.
    """
    ids, values = [], []
    for limb, (first, second) in enumerate(limb_joints):
        a0, b0 = start[first], start[second]
        one, other = xy[a0 : start[first + 1]], xy[b0 : start[second + 1]]
        if not len(one) or not len(other):
            continue
        begin, seconds = np.arange(len(one) + 1) * len(other), np.tile(np.arange(len(other)), len(one))
        if len(one) * len(other) >= crowd[0]:
            one_end, one_length = follow_field(paf, limb, one, line[2], 1)
            other_end, other_length = follow_field(paf, limb, other, line[2], -1)
            begin, seconds = pair_joints(one, other, one_end, other_end, one_length, other_length, *crowd[1:])
        for i in range(len(one)):
            for j in seconds[begin[i] : begin[i + 1]]:
                score, share = project_line(paf, limb, np.concatenate([one[i], other[j]]), *line)
                weight = score * strength[a0 + i] * strength[b0 + j]
                if score > limits[0] and share >= np.float32(limits[1]) and weight > 0:
                    ids.append((limb, a0 + i, b0 + j))
                    values.append((score, share, weight))
    return np.array(ids, np.int32).reshape(-1, 3), np.array(values, np.float32).reshape(-1, 3)


def follow_field(paf, limb, xy, threshold, way):
    """Trails along a limb's field from joints, in steps of one cell.

    Parameters
    ----------
    paf : float32 array (L, 2, h, w)
    limb : int
    xy : float32 array (N, 2), cells
        A trail starts from the strongest of the 3x3 cells about the joint, if the field is anywhere there.
    threshold : float
        Strength at which a trail is lost.
    way : 1 or -1
        1 along the field, from a limb's first joint, or -1 against it, from its second.

    Returns
    -------
    ends : float32 array (N, 2), cells
        Each trail's furthest point from the joint. A trail also ends where it leaves the grid, or has turned back to
        less than half its length, less four cells: limbs are straight.
    length : float32 array (N,), cells
        How far that is.
    """
    h, w = paf.shape[2:]
    ends, length = np.array(xy, np.float32), np.zeros(len(xy), np.float32)
    for n, joint in enumerate(np.asarray(xy, np.float64)):
        x, y = np.floor(joint + 0.5).astype(int)
        place, strongest = joint, 0.0
        for yy in range(max(y - 1, 0), min(y + 2, h)):
            for xx in range(max(x - 1, 0), min(x + 2, w)):
                square = paf[limb, 0, yy, xx] ** 2 + paf[limb, 1, yy, xx] ** 2
                if square > strongest:
                    place, strongest = np.array([xx, yy], np.float64), square
        for step in range(h + w):
            field = np.array(sample_field(paf, limb, *place))
            strength = np.hypot(*field)
            if not strength > threshold:
                break
            place = place + way * field / strength
            away = np.hypot(*(place - joint))
            if not ((place >= -0.5) & (place <= (w - 0.5, h - 0.5))).all() or away < step // 2 - 4:
                break
            if away > length[n]:
                ends[n], length[n] = place, away
    return ends, length


def pair_joints(one, other, one_end, other_end, one_length, other_length, nearest, slack):
    """In a crowd, pairs of joints within reach of each other, or near the end of each other's trail.

    Keeps the work linear in the number of people: a joint is paired with the ``nearest`` within reach, and, if some are
    left out, with a quarter as many nearest to its trail's end, so that a large person in front of a crowd of small
    ones keeps their joints.

    Parameters
    ----------
    one, other : float32 arrays (A, 2), (B, 2), cells
        First and second joints.
    one_end, other_end : float32 arrays (A, 2), (B, 2), cells
    one_length, other_length : float32 arrays (A,), (B,), cells
        See :func:`follow_field`. The reach is 1.5 times the trail's length, plus ``slack``.
    nearest : int
    slack : float, cells

    Returns
    -------
    begin : int64 array (A+1,)
    seconds : int32 array
        Rows of the second joints of first joint a are ``seconds[begin[a]:begin[a+1]]``, ascending.
    """
    pairs = [set() for _ in one]
    sides = (one, other, one_end, one_length, False), (other, one, other_end, other_length, True)
    for points, others, ends, length, swapped in sides:
        for n in range(len(points)):
            extra = np.float32(0.5) * length[n] + np.float32(slack)
            found = _within(points[n], others, length[n] + extra, nearest)
            if len(found) == nearest:
                found += _within(ends[n], others, extra, max(nearest // 4, 1))
            for i in found:
                pairs[i if swapped else n].add(n if swapped else i)
    begin = np.concatenate([[0], np.cumsum([len(row) for row in pairs])]).astype(np.int64)
    return begin, np.array([b for row in pairs for b in sorted(row)], np.int32)


def _within(point, others, radius, most):
    """The rows within a radius, the nearest first, of equally near ones the first; at most ``most``."""
    square = ((others.astype(np.float64) - point.astype(np.float64)) ** 2).sum(1)
    rows = np.argsort(square, kind="stable")
    return [int(i) for i in rows if square[i] <= np.float64(radius) ** 2][:most]
