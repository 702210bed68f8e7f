"""Limbs too long for their person: how large people are, as their limbs say, and which candidates do not fit."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.codec.limbs import LimbCandidates
from bupose.codec.options import DecodeOptions
from bupose.codec.peaks import Peaks
from bupose.skeleton import Skeleton

LEAST = 3  # limbs of a person that can tell its size
SLACK = 1.0  # cells by which peaks may make a limb longer


def find_overlong(
    candidates: LimbCandidates, matched: np.ndarray, peaks: Peaks, skeleton: Skeleton, options: DecodeOptions
) -> np.ndarray:
    """bool (M,): candidates that are too long for the person whom the matched limbs make of one of their joints."""
    none = np.zeros(len(candidates), bool)
    usual = np.asarray(skeleton.limb_lengths, np.float32)
    if not len(candidates) or not usual.any():
        return none
    chosen = np.flatnonzero(matched)
    order = chosen[np.argsort(-candidates.weight[chosen], kind="stable")]
    _, person, used = kernels.load().group_people(candidates.ids, order, peaks.joint, len(skeleton.joints))
    size = person_scales(candidates, person, used, peaks, skeleton)[person]
    scale, usual = np.fmin(size[candidates.first], size[candidates.second]), usual[candidates.limb]
    longest = options.max_limb_ratio * usual * scale + SLACK
    return (usual > 0) & (limb_lengths(candidates, peaks) > longest)  # nothing is longer than NaN


def person_scales(
    candidates: LimbCandidates, person: np.ndarray, used: np.ndarray, peaks: Peaks, skeleton: Skeleton
) -> np.ndarray:
    """float64 (N,), cells: of person n, how long a limb of usual length 1 is; NaN for fewer than three limbs.

    The median over a person's limbs: one wrong limb does not move it far. ``person`` and ``used`` are as
    ``kernels.reference.group_people`` gives them.
    """
    scale = np.full(len(peaks), np.nan)
    usual = np.asarray(skeleton.limb_lengths)[candidates.limb]
    rows = np.flatnonzero(used & (usual > 0))
    if len(rows):
        ratio, owner = limb_lengths(candidates, peaks)[rows] / usual[rows], person[candidates.first[rows]]
        order = np.lexsort((ratio, owner))
        who, start, count = np.unique(owner[order], return_index=True, return_counts=True)
        middle = (ratio[order[start + (count - 1) // 2]] + ratio[order[start + count // 2]]) / 2
        scale[who] = np.where(count >= LEAST, middle, np.nan)
    return scale


def limb_lengths(candidates: LimbCandidates, peaks: Peaks) -> np.ndarray:
    """float32 (M,), cells."""
    return np.hypot(*(peaks.xy[candidates.second] - peaks.xy[candidates.first]).T)
