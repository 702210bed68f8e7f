"""Limb candidates: pairs of joint candidates, scored by the line integral of the part affinity field between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bupose import kernels
from bupose.methods.paf.options import DecodeOptions
from bupose.methods.peaks import Peaks
from bupose.skeleton import Skeleton

TRUSTED_LENGTH = 1.0  # length in cells from which a candidate's direction is reliable, given the error of peaks
NEAREST = 16  # in a crowd, joints that a joint is paired with
SLACK = 4.0  # cells that a limb may extend beyond the end of its field


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        return f"LimbCandidates({len(self)})"

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
    joint scores, which penalises weak peaks along the extension of a limb.
    """
    strength = np.power(peaks.score, np.float32(options.joint_score_exponent))
    line = (int(options.samples), TRUSTED_LENGTH, float(options.paf_threshold))
    limits = (float(options.limb_threshold), float(options.limb_share))
    crowd = (int(options.prune_above), NEAREST, SLACK)
    k = kernels.load()
    ids, values = k.score_limbs(paf, skeleton.limb_joints, peaks.start, peaks.xy, strength, line, limits, crowd)
    return LimbCandidates(ids, values)
