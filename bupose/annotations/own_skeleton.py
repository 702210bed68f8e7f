"""Skeletons declared by a data set: its joints, its pairs as limbs, and their completion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bupose import skeletons
from bupose.annotations.joint_names import match_names
from bupose.errors import LabelsError
from bupose.skeleton import Skeleton, mirror_name

ENOUGH = 3  # annotations with both joints of a pair needed to know its distance


def find_known(joints: Sequence[str]) -> Skeleton | None:
    """The built-in skeleton with the same joints, in any spelling and order."""
    for known in skeletons.SKELETONS.values():
        if len(known.joints) == len(joints) and min(match_names(known.joints, joints)) >= 0:
            return known
    return None


def spelt_as(skeleton: Skeleton, joints: Sequence[str], names: Sequence[str]) -> Skeleton:
    """The skeleton with the names that a project gives its joints; ``joints`` are the same in bupose's spelling."""
    own = dict(zip(joints, names, strict=True))
    places = match_names(skeleton.joints, joints)
    called = [(joint, own[joints[n]]) for joint, n in zip(skeleton.joints, places, strict=True) if n >= 0]
    spelling = tuple((joint, name) for joint, name in called if name != joint)
    return replace(skeleton, spelling=spelling) if spelling else skeleton


def declare_skeleton(
    name: str, joints: Sequence[str], pairs: Sequence[tuple[int, int]], xy: np.ndarray, present: np.ndarray
) -> tuple[Skeleton, str]:
    """A skeleton of a data set's joints and pairs; missing mirror images of pairs are added.

    If the pairs leave joints unconnected, limbs are added as in Prim's (1957) minimum spanning tree: the nearest pair
    of a connected and an unconnected joint, with its mirror image, until all are connected. Distance is the median over
    annotations, relative to the longer side of the joints' extent.

    Parameters
    ----------
    name : str
    joints : K names
    pairs : pairs of numbers from 0
    xy : float array (N, K, 2), present : bool array (N, K)
        The labelled joints.

    Returns
    -------
    skeleton, sentence
        The sentence names the added limbs, "" if none.

    Raises
    ------
    LabelsError
        Unconnected joints whose distance cannot be measured.
    SkeletonError
        A left or right joint has no counterpart.
    """
    limbs: dict[frozenset, tuple[str, str]] = {}

    def add(a: str, b: str) -> None:
        for side in ((a, b), (mirror_name(a), mirror_name(b))):
            if set(side) <= set(joints):  # if not, Skeleton reports the missing mirror image
                limbs.setdefault(frozenset(side), side)

    for a, b in pairs:
        add(joints[a], joints[b])
    added, order = [], None
    while apart := _apart(joints, limbs.values()):
        order = _nearest_pairs(xy, present) if order is None else order
        pair = next(((a, b) for a, b in order if (joints[a] in apart) != (joints[b] in apart)), None)
        if pair is None:
            raise LabelsError(
                f"category {name!r} does not say how {', '.join(apart[:8])} hang together with the other joints, and "
                "too few are labelled to tell; list limbs in its skeleton, or give skeleton=FILE.yaml"
            )
        before = set(limbs)
        add(joints[pair[0]], joints[pair[1]])
        added += ["-".join(limbs[key]) for key in limbs if key not in before]
    told = f"The category's limbs do not connect all joints; added, by how near joints lie: {', '.join(added)}."
    return Skeleton(name, tuple(joints), tuple(limbs.values())), told if added else ""


def _apart(joints: Sequence[str], limbs) -> list[str]:
    """The joints that limbs do not connect to the first one."""
    reached, last = {joints[0]}, 0
    while len(reached) > last:
        last = len(reached)
        for limb in limbs:
            if reached & set(limb):
                reached |= set(limb)
    return [j for j in joints if j not in reached]


def _nearest_pairs(xy: np.ndarray, present: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of joints that are labelled together often enough, the nearest first."""
    low = np.where(present[..., None], xy, np.inf).min(1, initial=np.inf)
    high = np.where(present[..., None], xy, -np.inf).max(1, initial=-np.inf)
    size = (high - low).max(1)
    distances = {}
    for a in range(xy.shape[1]):
        for b in range(a):
            both = present[:, a] & present[:, b] & (size > 0)
            if both.sum() >= ENOUGH:
                distances[b, a] = float(np.median(np.hypot(*(xy[both, a] - xy[both, b]).T) / size[both]))
    return sorted(distances, key=distances.__getitem__)
