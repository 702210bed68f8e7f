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
    usual = np.array(skeleton.limb_lengths, np.float32)
    if not len(candidates) or not usual.any():
        return np.zeros(len(candidates), bool)
    chosen = np.flatnonzero(matched)
    order = chosen[np.argsort(-candidates.weight[chosen], kind="stable")]
    _, person, used = kernels.load().group_people(candidates.ids, order, peaks.joint, len(skeleton.joints))
    size = person_scales(candidates, person, used, peaks, skeleton)[person]
    longest = usual[candidates.limb] * np.fmin(size[candidates.first], size[candidates.second])
    longest = np.where(longest > 0, options.max_limb_ratio * longest + SLACK, np.inf)  # unknown: NaN or 0
    return limb_lengths(candidates.ids, peaks) > longest


def person_scales(
    candidates: LimbCandidates, person: np.ndarray, used: np.ndarray, peaks: Peaks, skeleton: Skeleton
) -> np.ndarray:
    """float64 (N,), cells: of person n, how long a limb of usual length 1 is; NaN for fewer than three limbs.

    The median over a person's limbs: one wrong limb does not move it far. ``person`` and ``used`` are as
    ``kernels.reference.group_people`` gives them.
    """
    scale = np.full(len(peaks), np.nan)
    ids, usual = candidates.ids[used], np.array(skeleton.limb_lengths)
    ids = ids[usual[ids[:, 0]] > 0]
    if len(ids):
        ratio, owner = limb_lengths(ids, peaks) / usual[ids[:, 0]], person[ids[:, 1]]
        order = np.lexsort((ratio, owner))
        ratio, owner = ratio[order], owner[order]
        start = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
        count = np.diff(np.append(start, len(owner)))
        middle = (ratio[start + (count - 1) // 2] + ratio[start + count // 2]) / 2
        scale[owner[start]] = np.where(count >= LEAST, middle, np.nan)
    return scale


def limb_lengths(ids: np.ndarray, peaks: Peaks) -> np.ndarray:
    """float32 (M,), cells: of limbs given by int32 (M, 3), whose last two columns are rows of peaks."""
    apart = peaks.xy[ids[:, 2]] - peaks.xy[ids[:, 1]]
    return np.hypot(apart[:, 0], apart[:, 1])
