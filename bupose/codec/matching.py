"""Which candidates of each limb are taken, one to one."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.codec.limbs import LimbCandidates
from bupose.codec.options import DecodeOptions
from bupose.codec.peaks import Peaks


def match_limbs(candidates: LimbCandidates, peaks: Peaks, options: DecodeOptions) -> np.ndarray:
    """bool (M,): the candidates taken; no joint has two limbs of one type.

    Notes
    -----
    ``hungarian`` maximises the total weight of each limb type (Cao et al. 2017, eqs. 13-15); ``greedy`` takes the
    heaviest first, as their code does.
    """
    k, weight = kernels.load(), np.ascontiguousarray(candidates.weight)
    if options.matching == "greedy":
        return k.match_greedy(candidates.ids, np.argsort(-weight, kind="stable"), len(peaks))
    return k.match_hungarian(candidates.ids, weight, len(peaks))
