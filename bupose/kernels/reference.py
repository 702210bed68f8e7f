"""The specification of ``compiled.py``: the same names and signatures in NumPy and plain loops, slow and obvious.

It also runs where numba is missing, or when ``BUPOSE_KERNELS=reference`` asks for it.
"""

from __future__ import annotations

import numpy as np


def find_peaks(heat, threshold):
    """Cells above ``threshold`` that no neighbour exceeds; of a plateau the first in reading order.

    Parameters
    ----------
    heat : float32 array (K, h, w)
    threshold : float

    Returns
    -------
    int32 array (N, 3)
        Joint, row, column; in that order.
    """
    h, w = heat.shape[1:]
    padded = np.pad(heat, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    highest = heat > threshold
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            neighbour = padded[:, 1 + dy : 1 + dy + h, 1 + dx : 1 + dx + w]
            if (dy, dx) < (0, 0):
                highest &= heat > neighbour
            elif (dy, dx) > (0, 0):
                highest &= heat >= neighbour
    return np.argwhere(highest).astype(np.int32)


def _summit(low, mid, high, curve):
    if np.isnan(low) and np.isnan(high):  # a picture one cell wide
        return 0.0
    if np.isnan(low) or np.isnan(high):  # at the border: one neighbour, the curvature of the other axis
        if not curve < -1e-6:
            return 0.0
        step = 0.5 - (high - mid) / curve if np.isnan(low) else (low - mid) / curve - 0.5
    else:
        curve = low - 2 * mid + high
        if not curve < -1e-6:
            return 0.0
        step = 0.5 * (low - high) / curve
    return min(max(step, -0.5), 0.5)


def refine_peaks(heat, cells):
    """Sub-cell positions of peaks by parabolas through the logarithm (exact for a Gaussian), and their heights.

    Parameters
    ----------
    heat : float32 array (K, h, w)
    cells : int32 array (N, 3)
        Joint, row, column of each peak.

    Returns
    -------
    xy : float32 array (N, 2), cells
    score : float32 array (N,), at most 1
    """
    xy, score = np.empty((len(cells), 2), np.float32), np.empty(len(cells), np.float32)
    for n, (k, y, x) in enumerate(cells):
        log = np.pad(np.log(np.maximum(heat[k], 1e-3)), 1, constant_values=np.nan)
        row, column = log[y + 1, x : x + 3], log[y : y + 3, x + 1]
        xy[n, 0] = x + _summit(*row, np.diff(column, 2)[0])
        xy[n, 1] = y + _summit(*column, np.diff(row, 2)[0])
        score[n] = min(heat[k, y, x], 1)
    return xy, score


def label_support(paf, limbs, threshold, block):
    """Number the connected patches of each chosen limb's field, in blocks of cells; 0 where there is none.

    Parameters
    ----------
    paf : float32 array (L, 2, h, w)
    limbs : int32 array (M,)
        Which limbs.
    threshold : float
        Strength above which a cell counts.
    block : int
        Cells to a block's side: gaps narrower than a block are bridged.

    Returns
    -------
    int32 array (M, ceil(h/block), ceil(w/block))
        1, 2, … in reading order of each patch's first block; blocks touch also at corners.
    """
    h, w = paf.shape[2:]
    padded = np.pad(np.hypot(paf[limbs, 0], paf[limbs, 1]), ((0, 0), (0, -h % block), (0, -w % block)))
    rows, cols = padded.shape[1] // block, padded.shape[2] // block
    strong = padded.reshape(len(limbs), rows, block, cols, block).max((2, 4), initial=0) > threshold
    labels = np.zeros(strong.shape, np.int32)
    for n in range(len(limbs)):
        for seed in np.argwhere(strong[n]):
            if labels[n, seed[0], seed[1]]:
                continue
            patch, todo = labels[n].max() + 1, [tuple(seed)]
            while todo:
                y, x = todo.pop()
                if 0 <= y < rows and 0 <= x < cols and strong[n, y, x] and not labels[n, y, x]:
                    labels[n, y, x] = patch
                    todo += [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return labels


def sample_field(paf, limb, x, y):
    """The field at a point between cells, bilinearly; beyond the outermost cells as on them.

    Parameters
    ----------
    paf : float32 array (L, 2, h, w)
    limb : int
    x, y : float or array, cells

    Returns
    -------
    u, v : the field's x and y component
    """
    h, w = paf.shape[2:]
    x, y = np.clip(x, 0, w - 1), np.clip(y, 0, h - 1)
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    x1, y1 = np.minimum(x0 + 1, w - 1), np.minimum(y0 + 1, h - 1)
    fx, fy = x - x0, y - y0
    f = paf[limb].astype(np.float64)
    upper = f[:, y0, x0] * (1 - fx) + f[:, y0, x1] * fx
    lower = f[:, y1, x0] * (1 - fx) + f[:, y1, x1] * fx
    return tuple(upper * (1 - fy) + lower * fy)


def project_line(paf, limb, ends, samples, near, threshold):
    """Mean projection of the field along a line, and the share of its samples above ``threshold``.

    Parameters
    ----------
    paf : float32 array (L, 2, h, w)
    limb : int
    ends : float32 array (4,), cells
        x, y of the first and of the second end; moved onto the outermost cells if beyond.
    samples : int
        Points on the line, both ends included.
    near : float, cells
        Length from which a line's direction is trusted; the part that is not is made up by the field's strength
        whatever its direction.
    threshold : float

    Returns
    -------
    mean, share : float
        Both 0 for a line that the field does not follow at any of three points: most pairs in a crowd.

    Notes
    -----
    Cao et al. 2017, eq. 10, by bilinear samples.
    """
    projection = project_samples(paf, limb, ends, samples, near)
    length = np.hypot(*_way(paf, ends)[1])
    if length >= near and (projection[[samples // 6, samples // 2, samples - 1 - samples // 6]] <= 0).all():
        return 0.0, 0.0
    return projection.mean(), (projection > threshold).mean()


def project_samples(paf, limb, ends, samples, near):
    """float64 (samples,): the projections of which :func:`project_line` gives the mean."""
    start, way = _way(paf, ends)
    length = np.hypot(*way)
    direction = way / length if length > 0 else np.zeros(2)
    points = start + np.linspace(0, 1, samples)[:, None] * way
    u, v = sample_field(paf, limb, points[:, 0], points[:, 1])
    blind = max(0.0, 1 - length / near)
    return (1 - blind) * (u * direction[0] + v * direction[1]) + blind * np.hypot(u, v)


def _way(paf, ends):
    """Start and vector of a line whose ends are moved onto the cells."""
    last = np.array(paf.shape[:1:-1], np.float64) - 1
    start, end = np.clip(np.reshape(ends, (2, 2)).astype(np.float64), 0, last)
    return start, end - start


def score_limbs(paf, limb_joints, start, xy, strength, patch, line, limits):
    """Every pair of joints that a limb could join, with its line integral.

    Parameters
    ----------
    paf : float32 array (L, 2, h, w)
    limb_joints : int32 array (L, 2)
    start : int32 array (K+1,)
        Peaks of joint k are rows ``start[k]:start[k+1]``.
    xy : float32 array (N, 2), cells
    strength : float32 array (N,)
        What a peak contributes to a candidate's weight, a factor.
    patch : int32 array (L, N), or (0, 0)
        Only peaks of the same patch are paired; -1 with none. Empty: all are.
    line : (samples, near, threshold)
        See :func:`project_line`.
    limits : (score, share, partners)
        A candidate's score must exceed the first and its share reach the second; of a first joint's candidates
        the heaviest ``partners`` are kept.

    Returns
    -------
    ids : int32 array (M, 3)
        Limb, first and second peak; in that order.
    values : float32 array (M, 3)
        Score, share, weight.
    """
    ids, values = [], []
    for limb, (ja, jb) in enumerate(limb_joints):
        for a in range(start[ja], start[ja + 1]):
            rows = []
            for b in range(start[jb], start[jb + 1]):
                if len(patch) and (patch[limb, a] < 0 or patch[limb, a] != patch[limb, b]):
                    continue
                score, share = project_line(paf, limb, np.concatenate([xy[a], xy[b]]), *line)
                weight = score * strength[a] * strength[b]
                if score > limits[0] and share >= np.float32(limits[1]) and weight > 0:
                    rows.append(((limb, a, b), (score, share, weight)))
            best = sorted(range(len(rows)), key=lambda r: -rows[r][1][2])[: limits[2]]
            for r in sorted(best):
                ids.append(rows[r][0])
                values.append(rows[r][1])
    return np.array(ids, np.int32).reshape(-1, 3), np.array(values, np.float32).reshape(-1, 3)


def match_hungarian(ids, weight, peaks):
    """One-to-one choice of candidates with the largest total weight, for each limb.

    Parameters
    ----------
    ids : int32 array (M, 3)
        Limb, first and second peak; sorted.
    weight : float32 array (M,), positive
    peaks : int
        How many peaks there are.

    Returns
    -------
    bool array (M,)

    Notes
    -----
    Cao et al. 2017, eqs. 13-15. The Hungarian algorithm by shortest augmenting paths (Jonker & Volgenant 1987) on the
    full matrix, with a column for each row to stay alone.
    """
    chosen = np.zeros(len(ids), bool)
    for limb in np.unique(ids[:, 0]):
        rows = np.flatnonzero(ids[:, 0] == limb)
        firsts, i = np.unique(ids[rows, 1], return_inverse=True)
        seconds, j = np.unique(ids[rows, 2], return_inverse=True)
        cost = np.zeros((len(firsts), len(seconds) + len(firsts)))
        cost[i, j] = -weight[rows].astype(np.float64)
        column = _assign(cost)
        chosen[rows[column[i] == j]] = True
    return chosen


def _assign(cost):
    """The column of each row in a cheapest assignment of all rows."""
    n, m = cost.shape
    u, v, owner = np.zeros(n), np.zeros(m + 1), np.full(m + 1, -1)
    for root in range(n):
        owner[m], j = root, m  # a virtual column from which the search starts
        least, via, done = np.full(m, np.inf), np.full(m, -1), np.zeros(m + 1, bool)
        while owner[j] >= 0:
            done[j] = True
            reduced = cost[owner[j]] - u[owner[j]] - v[:m]
            closer = ~done[:m] & (reduced < least)
            least[closer], via[closer] = reduced[closer], j
            free = np.where(done[:m], np.inf, least)
            nearest = int(free.argmin())
            delta = free[nearest]
            u[owner[done]] += delta
            v[done] -= delta
            least[~done[:m]] -= delta
            j = nearest
        while j != m:
            owner[j] = owner[via[j]]
            j = via[j]
    column = np.empty(n, int)
    for j in range(m):
        if owner[j] >= 0:
            column[owner[j]] = j
    return column


def match_greedy(ids, order, peaks):
    """One-to-one choice of candidates, for each limb in ``order`` (the heaviest first: OpenPose's way).

    Parameters
    ----------
    ids : int32 array (M, 3)
        Limb, first and second peak; sorted.
    order : int array (M,)
        All rows of ``ids``.
    peaks : int
        How many peaks there are.

    Returns
    -------
    bool array (M,)
    """
    chosen = np.zeros(len(ids), bool)
    taken = set()
    for e in order:
        limb, a, b = ids[e]
        if (limb, "first", a) not in taken and (limb, "second", b) not in taken:
            taken |= {(limb, "first", a), (limb, "second", b)}
            chosen[e] = True
    return chosen


def group_people(ids, order, joint, joints):
    """Assemble people from limbs taken in ``order``; a limb that would give a person two of a joint is left out.

    Parameters
    ----------
    ids : int32 array (M, 3)
        Limb, first and second peak.
    order : int array
        Rows of ``ids``, the surest first.
    joint : int32 array (N,)
        Of each peak.
    joints : int
        K

    Returns
    -------
    members : int32 array (N, K)
        For the person of a row its peak of each joint, -1 for none; rows without any peak are merged ones.
    person : int32 array (N,)
        Row of each peak.
    used : bool array (M,)
        Limbs both ends of which are one person's, by joining them or by confirming it.

    Notes
    -----
    All limb types in one list by confidence, as in Hidalgo et al. 2019 (BODY_25B), spanning and redundant limbs alike.
    """
    person = np.arange(len(joint)).astype(np.int32)
    used = np.zeros(len(ids), bool)
    for e in order:
        p, q = person[ids[e, 1]], person[ids[e, 2]]
        both = joint[(person == p) | (person == q)]
        if p == q:
            used[e] = True
        elif len(set(both)) == len(both):
            used[e] = True
            person[person == q] = p
    members = np.full((len(joint), joints), -1, np.int32)
    members[person, joint] = np.arange(len(joint))
    return members, person, used


def complete_people(paf, heat, limb_joints, xy, evidence, threshold, step):
    """Follow limbs' fields from known joints to those still missing; fills ``xy`` and ``evidence`` in place.

    Parameters
    ----------
    paf : float32 array (L, 2, h, w)
    heat : float32 array (K, h, w)
    limb_joints : int32 array (L, 2)
    xy : float32 array (P, K, 2), cells
    evidence : float32 array (P, K)
        Positive where a joint is known. A joint found gets the root of its heat times the mean strength of the
        field on the way.
    threshold : float
        Strength at which a trail is lost.
    step : float, cells
    """
    for p in range(len(xy)):
        while True:
            best = {}
            for limb, ends in enumerate(limb_joints):
                for side in (0, 1):
                    known, missing = ends[side], ends[1 - side]
                    if evidence[p, known] > 0 and not evidence[p, missing] > 0:
                        trail = _follow(paf, limb, xy[p, known], threshold, step if side == 0 else -step)
                        for place, strength in trail:
                            value, place = _warmest(heat[missing], place)
                            found = np.sqrt(min(value, 1)) * strength
                            if found >= best.get(missing, (0, None))[0]:
                                best[missing] = found, place
            if not best:
                break
            for k, (found, place) in best.items():
                evidence[p, k], xy[p, k] = found, place


def _follow(paf, limb, xy, threshold, step):
    """Positions along the field from ``xy``, each with the mean strength of the field so far."""
    h, w = paf.shape[2:]
    place, total, trail = np.array(xy, np.float64), 0.0, []
    for s in range(1, 2 * (h + w)):
        u, v = sample_field(paf, limb, *place)
        strength = np.hypot(u, v)
        if not strength > threshold:
            break
        total += strength
        place = place + step * np.array([u, v]) / strength
        if not (-0.5 <= place[0] <= w - 0.5 and -0.5 <= place[1] <= h - 0.5):
            break
        trail.append((place, total / s))
    return trail


def _warmest(heat, place):
    """The largest heat in the 3x3 cells about a place, and where; the place itself if there is next to none."""
    value, best = 0.002, place
    x, y = int(place[0] + 0.5), int(place[1] + 0.5)
    for yy in range(max(y - 1, 0), min(y + 2, heat.shape[0])):
        for xx in range(max(x - 1, 0), min(x + 2, heat.shape[1])):
            if heat[yy, xx] > np.float32(value):
                value, best = heat[yy, xx], np.array([xx, yy], np.float64)
    return value, best


def find_duplicates(xy, box, order, sigmas, similarity):
    """People, best first, most of whose joints lie on those of a better one.

    Parameters
    ----------
    xy : float32 array (P, K, 2)
        NaN where absent.
    box : float32 array (P, 4)
        left, top, right, bottom of each person's joints.
    order : int array (P,)
        People by the left of their boxes.
    sigmas : float32 array (K,)
    similarity : float
        Object keypoint similarity (mean over the weaker person's joints) above which it is a duplicate.

    Returns
    -------
    bool array (P,)
    """
    duplicate = np.zeros(len(xy), bool)
    for q in range(len(xy)):
        for p in range(q):
            apart = (box[q, :2] > box[p, 2:]) | (box[p, :2] > box[q, 2:])
            if apart.any():
                continue
            area = 0.53 * max(np.prod(box[p, 2:] - box[p, :2]), 1)
            distance = ((xy[q] - xy[p]) ** 2).sum(1)
            alike = np.exp(-distance / (8 * area * sigmas.astype(np.float64) ** 2))
            if np.nansum(alike) > similarity * (~np.isnan(xy[q, :, 0])).sum():
                duplicate[q] = True
    return duplicate


def paint_heat(shape, xy, present, sigma):
    """Gaussians around joints, the maximum over people.

    Parameters
    ----------
    shape : (h, w)
    xy : float64 array (P, K, 2), cells
    present : bool array (P, K)
    sigma : float, cells

    Returns
    -------
    float32 array (K, h, w)

    Notes
    -----
    Cao et al. 2017, eqs. 7-8; cut off at a hundredth, as OpenPose's training code does.
    """
    heat = np.zeros((xy.shape[1], *shape), np.float32)
    v, u = np.mgrid[: shape[0], : shape[1]]
    for p, k in np.argwhere(present):
        exponent = ((u - xy[p, k, 0]) ** 2 + (v - xy[p, k, 1]) ** 2) / (2 * sigma**2)
        heat[k] = np.maximum(heat[k], np.where(exponent <= 4.6052, np.exp(-exponent), 0))
    return heat


def paint_limbs(shape, xy, present, limb_joints, width):
    """Unit vectors in the cells within ``width`` of a limb, averaged over the people who have one there.

    Parameters
    ----------
    shape : (h, w)
    xy : float64 array (P, K, 2), cells
    present : bool array (P, K)
    limb_joints : int32 array (L, 2)
    width : float, cells
        Half the painted width.

    Returns
    -------
    float32 array (L, 2, h, w)

    Notes
    -----
    Cao et al. 2017, eqs. 8-9, with round ends, so that samples at the joints see the full vector.
    """
    paf = np.zeros((len(limb_joints), 2, *shape), np.float32)
    v, u = np.mgrid[: shape[0], : shape[1]]
    for limb, (ja, jb) in enumerate(limb_joints):
        count = np.zeros(shape, np.int32)
        for p in range(len(xy)):
            way = xy[p, jb] - xy[p, ja]
            length = np.hypot(*way)
            if not (present[p, ja] and present[p, jb] and length > 1e-6):
                continue
            direction = way / length
            dx, dy = u - xy[p, ja, 0], v - xy[p, ja, 1]
            along = np.clip(dx * direction[0] + dy * direction[1], 0, length)
            inside = (dx - along * direction[0]) ** 2 + (dy - along * direction[1]) ** 2 <= width**2
            paf[limb, 0] += inside * direction[0]
            paf[limb, 1] += inside * direction[1]
            count += inside
        paf[limb] /= np.maximum(count, 1)
    return paf
