"""Grouping: joint by joint, peaks are assigned to people by tag distance."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from bupose import kernels
from bupose.maps import Grid
from bupose.methods.peaks import Peaks
from bupose.methods.scoring import COMPLETED, expected_similarity, list_people, score_people, sum_by_part
from bupose.methods.tags.options import TagDecodeOptions
from bupose.methods.trace import Links
from bupose.people import People
from bupose.skeleton import Skeleton

REACH = 2.0  # multiple of the threshold within which a trace lists links
NEAREST = 16  # candidates for a peak: the nearest people by tag


@lru_cache
def joint_order(skeleton: Skeleton) -> np.ndarray:
    """int32 (K,): joints from the torso outwards, so that people are started by reliable joints.

    By graph distance from the joint with most limbs (or its mirror image), then by number of limbs. HigherHRNet's order
    (head, torso, arms, legs) is a table for COCO.
    """
    joints, limbs = len(skeleton.joints), skeleton.limb_joints
    count = np.bincount(limbs.ravel(), minlength=joints)
    centre = int(np.bincount(limbs[skeleton.limb_parts == 0].ravel(), minlength=joints).argmax())
    far = np.full(joints, joints)
    far[[centre, skeleton.mirror_joints[centre]]] = 0
    for _ in range(joints):
        for a, b in (*limbs, *limbs[:, ::-1]):
            far[b] = min(far[b], far[a] + 1)
    return np.lexsort((np.arange(joints), -count, far)).astype(np.int32)


def read_tags(peaks: Peaks, tags: np.ndarray) -> np.ndarray:
    """float32 (N, T): tags (K, T, h, w) in the cell of each peak."""
    row, column = peaks.cell.T
    return np.ascontiguousarray(tags[peaks.joint, :, row, column])


def group_peaks(
    peaks: Peaks, tag: np.ndarray, skeleton: Skeleton, options: TagDecodeOptions
) -> tuple[np.ndarray, Links]:
    """Assign each peak to a person.

    Parameters
    ----------
    tag : float32 array (N, T)
        Of each peak.

    Returns
    -------
    members : int32 array (P, K)
        Index of each person's peak of each joint, -1 for none; people in order of creation.
    links : Links
        From the first peak of a person to one that might have joined it; ``score`` is the tag distance.
    """
    gate = float(options.tag_threshold)
    limits = (gate, REACH * gate, NEAREST)
    group = kernels.load("tags").group_tags
    members, ids, values, matched = group(peaks.start, tag, peaks.score, joint_order(skeleton), limits)
    kind, first, second = ids.T
    distance, weight = values.T
    return members, Links(first, second, kind, distance, weight, matched)


def make_people(
    heat: np.ndarray,
    tags: np.ndarray,
    peaks: Peaks,
    members: np.ndarray,
    skeleton: Skeleton,
    grid: Grid,
    options: TagDecodeOptions,
) -> tuple[People, np.ndarray]:
    """Scoring, completion and filtering of people.

    Parameters
    ----------
    heat : float32 array (K, h, w)
    tags : float32 array (K, T, h, w)
    members : int32 array (P, K)
        Index of each person's peak of each joint, -1 for none.

    Returns
    -------
    people : People
        Best first, in pixels of the grid.
    members : int32 array (P, K)
        Of the returned people.

    Notes
    -----
    A joint's score is its heat, a person's is :func:`bupose.methods.scoring.score_people` of its joints. HigherHRNet
    takes the mean of the joints' scores, with 0 for absent ones.
    """
    here = members >= 0
    enough = here.sum(1) >= options.min_joints
    members, here = members[enough], here[enough]
    if not len(members):
        return People.nobody(skeleton), members
    xy = np.where(here[..., None], peaks.xy[members], np.float32(np.nan))
    joint_score = np.where(here, peaks.score[members], np.float32(0))
    similar = expected_similarity(xy, skeleton.sigmas, float(options.localization_sigma))
    total, count = (sum_by_part(a, skeleton) for a in (joint_score.astype(np.float64) ** 2, here))
    score = score_people(total, count, np.bincount(skeleton.joint_parts), similar, joint_score, skeleton)
    best = np.argsort(-score, kind="stable")
    best = best[score[best] >= options.min_person_score]
    members, xy, joint_score, score, similar = (a[best] for a in (members, xy, joint_score, score, similar))
    completed = np.zeros(members.shape, bool)
    if options.completion:
        completed = _complete(heat, tags, read_tags(peaks, tags), members, xy, joint_score)
    people, kept = list_people(xy, joint_score, score, similar, completed, skeleton, grid, options)
    return people, members[kept]


def _complete(
    heat: np.ndarray,
    tags: np.ndarray,
    tag: np.ndarray,
    members: np.ndarray,
    xy: np.ndarray,
    joint_score: np.ndarray,
) -> np.ndarray:
    """bool (P, K): absent joints found by their tags; updates ``xy`` and ``joint_score`` in place."""
    here = members >= 0
    mean = (tag[members] * here[..., None]).sum(1, dtype=np.float64) / here.sum(1, keepdims=True)
    cells = kernels.load("tags").find_tagged(heat, tags, mean, ~here)
    found: np.ndarray = cells >= 0
    joint, (row, column) = np.nonzero(found)[1], np.unravel_index(cells[found], heat.shape[1:])
    where = np.stack([joint, row, column], 1).astype(np.int32)
    xy[found], height = kernels.load().refine_peaks(heat, where)
    joint_score[found] = np.float32(COMPLETED) * height
    return found
