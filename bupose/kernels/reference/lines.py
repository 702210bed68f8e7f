"""Following part affinity fields: line integrals of candidate limbs, trails to missing joints, connected patches."""

from __future__ import annotations

import numpy as np


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
    points, projection = project_samples(paf, limb, ends, samples, near)
    early = samples // 6 / (samples - 1)
    _, probes = _project(paf, limb, ends, np.array([early, 0.5, 1 - early]), near)
    if np.hypot(*(points[-1] - points[0])) >= near and (probes <= 0).all():
        return 0.0, 0.0
    return projection.mean(), (projection > threshold).mean()


def project_samples(paf, limb, ends, samples, near):
    """The points of a line, float64 (samples, 2), and the projections of which :func:`project_line` gives the mean."""
    return _project(paf, limb, ends, np.linspace(0, 1, samples), near)


def _project(paf, limb, ends, parts, near):
    """Points and projections at some parts of a line: 0 at its first end, 1 at its second."""
    last = np.array(paf.shape[:1:-1], np.float64) - 1
    start, end = np.clip(np.reshape(ends, (2, 2)).astype(np.float64), 0, last)
    length = np.hypot(*(end - start))
    direction = (end - start) / length if length > 0 else np.zeros(2)
    points = start + parts[:, None] * (end - start)
    u, v = sample_field(paf, limb, points[:, 0], points[:, 1])
    blind = max(0.0, 1 - length / near)
    return points, (1 - blind) * (u * direction[0] + v * direction[1]) + blind * np.hypot(u, v)


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
        field on the way, at the place where this is most; of places as good to a thousandth, at the last.
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
                            if found >= 0.999 * best.get(missing, (0, None))[0]:
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
