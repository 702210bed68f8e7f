"""Assembly of people, and duplicates."""

from __future__ import annotations

import numpy as np

from bupose.proportions import AREA_OF_BOX


def group_people(ids, order, joint, joints):
    """Assemble people from limbs taken in ``order``; limbs that would give a person a joint twice are left out.

    Parameters
    ----------
    ids : int32 array (M, 3)
        Limb, first and second peak.
    order : int array
        Rows of ``ids``, heaviest first.
    joint : int32 array (N,)
        Of each peak.
    joints : int
        K

    Returns
    -------
    members : int32 array (N, K)
        For each person its peak of each joint, -1 for none; rows without peaks were merged.
    person : int32 array (N,)
        Row of each peak.
    used : bool array (M,)
        Limbs with both ends in one person.

    Notes
    -----
    All limb types in one list by weight, as in Hidalgo et al. 2019 (BODY_25B), spanning and redundant limbs alike.
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


def measure_people(ids, xy, usual, person, used, least):
    """Length of a limb of usual length 1 in each person.

    Parameters
    ----------
    ids : int32 array (M, 3)
        Limb, first and second peak.
    xy : float32 array (N, 2), cells
    usual : float32 array (L,)
        Usual relative lengths of limbs, 0 if unknown.
    person, used
        From :func:`group_people`.
    least : int
        Minimum number of limbs with known usual length.

    Returns
    -------
    float32 array (N,), cells
        The median of length / usual length over a person's limbs; NaN if there are too few.
    """
    scale = np.full(len(person), np.nan, np.float32)
    for n in range(len(person)):
        mine = [e for e in np.flatnonzero(used) if person[ids[e, 1]] == n and usual[ids[e, 0]] > 0]
        if len(mine) >= least:
            scale[n] = np.median([np.hypot(*(xy[ids[e, 2]] - xy[ids[e, 1]])) / usual[ids[e, 0]] for e in mine])
    return scale


def find_overlong(ids, xy, usual, person, scale, most, slack):
    """Limbs that are too long for the person of either joint.

    Parameters
    ----------
    ids, xy, usual, person
        As for :func:`measure_people`.
    scale : float32 array (N,), cells
        From :func:`measure_people`.
    most : float
        Maximum length relative to the usual one.
    slack : float, cells
        Additional tolerance.

    Returns
    -------
    bool array (M,)
        False if the usual length or both people's scales are unknown.
    """
    length = np.hypot(*(xy[ids[:, 2]] - xy[ids[:, 1]]).T)
    longest = most * usual[ids[:, 0]] * np.fmin(scale[person[ids[:, 1]]], scale[person[ids[:, 2]]])
    return (longest > 0) & (length > longest + slack)


def box_joints(xy):
    """The boxes about people's joints.

    Parameters
    ----------
    xy : float32 array (P, K, 2)
        NaN where absent.

    Returns
    -------
    float32 array (P, 4)
        Left, top, right, bottom; NaN for a person without joints.
    """
    return np.concatenate([np.fmin.reduce(xy, 1), np.fmax.reduce(xy, 1)], 1)


def find_duplicates(xy, order, sigmas, similarity):
    """Duplicates of better people, of people sorted by score.

    Parameters
    ----------
    xy : float32 array (P, K, 2)
        NaN where absent.
    order : int array (P,)
        People sorted by the left of their boxes (:func:`box_joints`).
    sigmas : float32 array (K,)
    similarity : float
        Object keypoint similarity (mean over the weaker person's joints) above which it is a duplicate.

    Returns
    -------
    bool array (P,)
    """
    box, duplicate = box_joints(xy), np.zeros(len(xy), bool)
    for q in range(len(xy)):
        for p in range(q):
            apart = (box[q, :2] > box[p, 2:]) | (box[p, :2] > box[q, 2:])
            if apart.any():
                continue
            area = AREA_OF_BOX * max(np.prod(box[p, 2:] - box[p, :2]), 1)
            distance = ((xy[q] - xy[p]) ** 2).sum(1)
            alike = np.exp(-distance / (8 * area * sigmas.astype(np.float64) ** 2))
            if np.nansum(alike) > similarity * (~np.isnan(xy[q, :, 0])).sum():
                duplicate[q] = True
    return duplicate
