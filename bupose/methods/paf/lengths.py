"""Limbs too long for their person, judged by the size that the person's other limbs imply."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.methods.paf.assembly import Assembly
from bupose.methods.paf.limbs import LimbCandidates
from bupose.methods.paf.options import DecodeOptions
from bupose.methods.peaks import Peaks
from bupose.skeleton import Skeleton

SLACK = 1.0  # cells by which inexact peaks may lengthen a limb


def find_overlong(
    candidates: LimbCandidates, assembly: Assembly, peaks: Peaks, skeleton: Skeleton, options: DecodeOptions
) -> np.ndarray:
    """bool (M,): candidates too long for the person that the matched limbs assemble around one of their joints."""
    k, a, ratio = kernels.load(), assembly, float(options.max_limb_ratio)
    overlong: np.ndarray = k.find_overlong(candidates.ids, peaks.xy, skeleton.usual, a.person, a.scale, ratio, SLACK)
    return overlong
