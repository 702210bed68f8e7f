"""Limb candidates: pairs of joint candidates, scored by the line integral of the part affinity field between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bupose import kernels
from bupose.codec.options import DecodeOptions
from bupose.codec.peaks import Peaks
from bupose.skeleton import Skeleton

BLOCK = 4  # cells to a side of the blocks in which a crowd's fields are cut into patches


@dataclass(frozen=True)
class LimbCandidates:
    """M candidate limbs, sorted by limb, first and second joint.

    Parameters
    ----------
    ids : int32 array (M, 3)
        Limb, and the rows of its first and second joint in the peaks.
    values : float32 array (M, 3)
        Mean projection on the field in (0, 1]; share of samples above ``paf_threshold``; weight: what the matching
        maximises.
    """

    ids: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    limb = property(lambda self: self.ids[:, 0])
    first = property(lambda self: self.ids[:, 1])
    second = property(lambda self: self.ids[:, 2])
    score = property(lambda self: self.values[:, 0])
    share = property(lambda self: self.values[:, 1])
    weight = property(lambda self: self.values[:, 2])


def score_limbs(peaks: Peaks, paf: np.ndarray, skeleton: Skeleton, options: DecodeOptions) -> LimbCandidates:
    """Score every candidate limb by the line integral of its part affinity field.

    Parameters
    ----------
    peaks : Peaks
    paf : float32 array (L, 2, h, w), finite

    Notes
    -----
    Cao et al. 2017, eq. 10, sampled bilinearly at field resolution. The weight is the score times a power of the two
    joints' scores: a field's line may run past the end of a limb, faint joints there should lose.
    """
    strength = np.power(peaks.score, np.float32(options.trust))
    line = (int(options.samples), float(options.near), float(options.paf_threshold))
    limits = (float(options.limb_threshold), float(options.limb_share), int(options.partners))
    patch = _patches(peaks, paf, skeleton, options)
    k = kernels.load()
    ids, values = k.score_limbs(paf, skeleton.limb_joints, peaks.start, peaks.xy, strength, patch, line, limits)
    return LimbCandidates(ids, values)


def _patches(peaks: Peaks, paf: np.ndarray, skeleton: Skeleton, options: DecodeOptions) -> np.ndarray:
    """int32 (L, N): of each limb's field the connected patch a peak lies in; (0, 0) where no limb has a crowd.

    What keeps the work linear: people far apart share no patch, so their joints are never paired.
    """
    count = np.diff(peaks.start).astype(np.int64)
    pairs = count[skeleton.limb_joints].prod(1)
    crowded = np.flatnonzero(pairs >= max(options.crowd, 1)).astype(np.int32)
    if not len(crowded):
        return np.zeros((0, 0), np.int32)
    labels = kernels.load().label_support(paf, crowded, float(options.paf_threshold), BLOCK)
    last = np.array(paf.shape[:1:-1], np.int32) - 1
    column, row = (np.clip(np.rint(peaks.xy).astype(np.int32), 0, last) // BLOCK).T
    patch = np.zeros((len(paf), len(peaks)), np.int32)
    patch[crowded] = labels[:, row, column] - 1
    return patch
