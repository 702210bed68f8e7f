"""Grouping joints by their tags (associative embedding)."""

from __future__ import annotations

import numpy as np

from bupose.kernels.reference.matching import match_hungarian


def group_tags(start, tags, score, order, limits):
    """People from tagged peaks, joint by joint: one-to-one assignment of peaks to people by mean tag.

    Parameters
    ----------
    start : int32 array (K + 1,)
        Peaks of joint k are rows ``start[k]:start[k + 1]``.
    tags : float32 array (N, T)
        Of each peak.
    score : float32 array (N,), at most 1
    order : int32 array (K,)
        Order of the joints.
    limits : (float, float, int)
        Distance from which a peak does not belong to a person; up to which a link is listed; and how many people, the
        nearest, a peak is linked with.

    Returns
    -------
    members : int32 array (P, K)
        Each person's peak of each joint, -1 for none; people in order of creation.
    ids : int32 array (M, 3)
        Links: joint, the person's first peak, and the peak; in order of grouping.
    values : float32 array (M, 2)
        Distance between the peak's tag and the mean of the person's so far, and the matching's weight; 0 where too far.
    matched : bool array (M,)

    Notes
    -----
    Newell et al. 2017, section 3.2: the largest total weight, here score · √(sum of the person's scores so far) ·
    (1 - (distance / gate)²), so that a stray peak does not draw joints away from a person. HigherHRNet's cost,
    100 · round(distance) - score (lib/core/group.py), knows neither; with the same small network on drawn pictures of
    two to four people it gives AP 37.7, score and distance alone 49.3, all three 55.3. A peak that nobody takes begins
    a person.
    """
    gate, reach, nearest = limits
    people, links = [], []  # one dict of joint to peak a person
    for k in order:
        rows = range(start[k], start[k + 1])
        mean = [_mean([tags[n] for n in person.values()]) for person in people]
        strength = [np.sqrt(sum(float(score[n]) for n in person.values())) for person in people]
        here = []
        for n in rows:
            distance = [_distance(tags[n], m) for m in mean]
            within = sorted((d, g) for g, d in enumerate(distance) if d <= reach)[:nearest]
            for d, g in sorted(within, key=lambda pair: pair[1]):
                here.append((n, g, d, float(score[n]) * strength[g] * (1 - (d / gate) ** 2) if d < gate else 0))
        candidates = [link for link in here if link[2] < gate]
        edges = np.array([(0, n, g) for n, g, _, _ in candidates], np.int32).reshape(-1, 3)
        weight = np.array([w for *_, w in candidates], np.float32)
        chosen = {(n, g) for _, n, g in edges[match_hungarian(edges, weight, len(tags))].tolist()}
        links += [((k, next(iter(people[g].values())), n), (d, w), (n, g) in chosen) for n, g, d, w in here]
        for n, g in chosen:
            people[g][k] = n
        people += [{k: n} for n in rows if n not in {n for n, _ in chosen}]
    members = np.full((len(people), len(order)), -1, np.int32)
    for p, person in enumerate(people):
        members[p, list(person)] = list(person.values())
    ids = np.array([i for i, _, _ in links], np.int32).reshape(-1, 3)
    values = np.array([v for _, v, _ in links], np.float32).reshape(-1, 2)
    return members, ids, values, np.array([m for *_, m in links], bool)


def find_tagged(heat, tags, mean, absent):
    """For each absent joint the cell with the largest heat minus rounded tag distance to the person's mean.

    Parameters
    ----------
    heat : float32 array (K, h, w)
    tags : float32 array (K, T, h, w)
    mean : float64 array (P, T)
        Of each person's tags.
    absent : bool array (P, K)

    Returns
    -------
    int32 array (P, K)
        Number of the cell, in reading order; -1 where the joint is not absent, or nothing is above 0.

    Notes
    -----
    Cheng et al. 2020 (HigherHRNet, lib/core/group.py, ``refine``).
    """
    cells = np.full(absent.shape, -1, np.int32)
    for p, k in np.argwhere(absent):
        distance = np.zeros(heat[k].shape)
        for t in range(tags.shape[1]):
            distance += (tags[k, t] - mean[p, t]) ** 2
        value = heat[k] - np.floor(np.sqrt(distance) + 0.5)
        if (value > 0).any():
            cells[p, k] = value.argmax()
    return cells


def _mean(tags):
    total = np.zeros(len(tags[0]))
    for tag in tags:
        total += tag
    return total / len(tags)


def _distance(tag, mean):
    total = 0.0
    for a, b in zip(tag, mean, strict=True):
        total += (float(a) - b) ** 2
    return np.sqrt(total)
