"""Limbs too long for their person, judged by the size that the person's other limbs imply."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.methods.paf.limbs import LimbCandidates
from bupose.methods.paf.options import DecodeOptions
from bupose.methods.peaks import Peaks
from bupose.skeleton import Skeleton

LEAST = 3  # limbs needed to estimate a person's size
SLACK = 1.0  # cells by which inexact peaks may lengthen a limb


def find_overlong(
    candidates: LimbCandidates, matched: np.ndarray, peaks: Peaks, skeleton: Skeleton, options: DecodeOptions
) -> np.ndarray:
    """bool (M,): candidates too long for the person that the matched limbs assemble around one of their joints."""
    k, ids = kernels.load(), candidates.ids
    chosen = np.flatnonzero(matched)
    order = chosen[np.argsort(-candidates.weight[chosen], kind="stable")]
    _, person, used = k.group_people(ids, order, peaks.joint, len(skeleton.joints))
    scale = person_scales(candidates, person, used, peaks, skeleton)
    ratio = float(options.max_limb_ratio)
    overlong: np.ndarray = k.find_overlong(ids, peaks.xy, skeleton.usual, person, scale, ratio, SLACK)
    return overlong


def person_scales(
    candidates: LimbCandidates, person: np.ndarray, used: np.ndarray, peaks: Peaks, skeleton: Skeleton
) -> np.ndarray:
    """float32 (N,), cells: of person n, how long a limb of usual length 1 is; NaN for fewer than three limbs.

    The median over a person's limbs, robust to one wrong limb. ``person`` and ``used`` are as
    ``kernels.reference.group_people`` gives them.
    """
    k, ids = kernels.load(), candidates.ids
    scale: np.ndarray = k.measure_people(ids, peaks.xy, skeleton.usual, person, used, LEAST)
    return scale


def limb_lengths(
    candidates: LimbCandidates, person: np.ndarray, used: np.ndarray, peaks: Peaks, skeleton: Skeleton
) -> np.ndarray:
    """float64 (N,), cells: the length of person n's median limb, at least 1, also for people without limbs.

    From whichever limbs it has, by their usual lengths; where the skeleton knows none, the median of the limbs that
    there are.
    """
    usual = skeleton.usual if skeleton.usual.any() else np.ones(len(skeleton.limbs), np.float32)
    scale = kernels.load().measure_people(candidates.ids, peaks.xy, usual, person, used, 1)
    length: np.ndarray = np.fmax(scale * np.median(usual[usual > 0]), 1.0)
    return length
