"""One-to-one matching of limb candidates."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.methods.paf.limbs import LimbCandidates
from bupose.methods.paf.options import DecodeOptions
from bupose.methods.peaks import Peaks


def match_limbs(candidates: LimbCandidates, peaks: Peaks, options: DecodeOptions) -> np.ndarray:
    """bool (M,): chosen candidates; no joint has two limbs of one type.

    Notes
    -----
    ``hungarian`` maximises the total weight of each limb type (Cao et al. 2017, eqs. 13-15); ``greedy`` takes the
    heaviest first, as their code does.
    """
    k, ids, weight = kernels.load(), candidates.ids, np.ascontiguousarray(candidates.weight)
    if options.matching == "greedy":
        chosen: np.ndarray = k.match_greedy(ids, np.argsort(-weight, kind="stable"), len(peaks))
    else:
        chosen = k.match_hungarian(ids, weight, len(peaks))
    return chosen
