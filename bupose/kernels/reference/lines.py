"""Following part affinity fields: line integrals of candidate limbs, trails to missing joints."""

from __future__ import annotations

import numpy as np


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


def project_samples(
    paf: np.ndarray, limb: int, ends: np.ndarray, samples: int, near: float
) -> tuple[np.ndarray, np.ndarray]:
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


def complete_people(paf, heat, skeleton, xy, evidence, scale, span, trail):
    """Follow limbs' fields from known joints to those still missing; fills ``xy`` and ``evidence`` in place.

    Parameters
    ----------
    paf : float32 array (L, 2, h, w)
    heat : float32 array (K, h, w)
    skeleton : (int32 array (L, 2), float32 array (L,), int32 array (K,))
        Joints of each limb, usual lengths of limbs (0 if unknown), and the mirror image of each joint.
    xy : float32 array (P, K, 2), cells
    evidence : float32 array (P, K)
        Positive where a joint is known. A joint found gets the root of its heat times the mean strength of the
        field on the way, at the place where this is most; of places as good to a thousandth, at the last.
    scale : float32 array (P,), cells
        Length of a limb of usual length 1 in each person; NaN if unknown.
    span : (least, most, slack)
        How near to the joint that a trail starts from, and how far from it, a joint may be, relative to the limb's
        usual length in that person; and by how many cells farther.
    trail : (threshold, step, trust)
        Strength at which a trail is lost; its step in cells; and the factor of what a joint found gets, at most 1.

    Returns
    -------
    bool array (P, K)
        Joints found. One in the cell where its mirror image has more evidence is not.
    """
    limb_joints, usual, mirror = skeleton
    known, completed = evidence > 0, np.zeros(evidence.shape, bool)
    for p in range(len(xy)):
        _complete(paf, heat, limb_joints, xy[p], evidence[p], _spans(scale[p] * usual, *span), *trail[:2])
        found = ~known[p] & (evidence[p] > 0)
        apart = np.abs(xy[p] - xy[p, mirror]).max(1)
        weaker = [(evidence[p, k], -k) < (evidence[p, m], -m) for k, m in enumerate(mirror)]
        nonsense = found & (apart <= 0.5) & weaker
        xy[p, nonsense], evidence[p, nonsense] = np.nan, 0
        completed[p] = found & ~nonsense
    evidence[completed] = np.minimum(evidence[completed], 1) * np.float32(trail[2])
    return completed


def _spans(length, least, most, slack):
    """How near and how far along limbs of these lengths a joint may be; anywhere where the length is unknown."""
    known = length > 0  # neither NaN nor 0
    shortest = np.where(known, np.float32(least) * length, 0)
    return np.stack([shortest, np.where(known, np.float32(most) * length + np.float32(slack), np.inf)], 1)


def _complete(paf, heat, limb_joints, xy, evidence, span, threshold, step):
    """Complete one person."""
    while True:
        best = {}
        for limb, ends in enumerate(limb_joints):
            for side in (0, 1):
                known, missing = ends[side], ends[1 - side]
                if evidence[known] > 0 and not evidence[missing] > 0:
                    way = step if side == 0 else -step
                    for place, strength in _follow(paf, limb, xy[known], threshold, way, span[limb, 1]):
                        value, place = _warmest(heat[missing], place)
                        if np.hypot(*(place - xy[known])) < span[limb, 0]:
                            continue
                        found = np.sqrt(min(value, 1)) * strength
                        if found >= 0.999 * best.get(missing, (0, None))[0]:
                            best[missing] = found, place
        if not best:
            break
        for k, (found, place) in best.items():
            evidence[k], xy[k] = found, place


def _follow(paf, limb, xy, threshold, step, longest):
    """Positions along the field from ``xy``, each with the mean strength of the field so far.

    The trail is lost where it has come back so far that it is nearer than half the way it went, less four cells: limbs
    are straight.
    """
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
        if not s * abs(step) / 2 - 4 <= np.hypot(*(place - xy)) <= longest:
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
