"""One-to-one matching of limb candidates."""

from __future__ import annotations

import numpy as np

from bupose import kernels
from bupose.methods.paf.limbs import LimbCandidates
from bupose.methods.paf.options import DecodeOptions
from bupose.methods.peaks import Peaks


def match_limbs(
    candidates: LimbCandidates, peaks: Peaks, options: DecodeOptions, allowed: np.ndarray | None = None
) -> np.ndarray:
    """bool (M,): chosen candidates; no joint has two limbs of one type. ``allowed``, bool (M,), restricts the choice.

    Notes
    -----
    ``hungarian`` maximises the total weight of each limb type (Cao et al. 2017, eqs. 13-15); ``greedy`` takes the
    heaviest first, as their code does.
    """
    k, ids, weight = kernels.load(), candidates.ids, candidates.weight
    if allowed is not None:
        rows = np.flatnonzero(allowed)
        ids, weight = ids.take(rows, 0), weight.take(rows)
    if options.matching == "greedy":
        chosen: np.ndarray = k.match_greedy(ids, np.argsort(-weight, kind="stable"), len(peaks))
    else:
        chosen = k.match_hungarian(ids, np.ascontiguousarray(weight), len(peaks))
    if allowed is None:
        return chosen
    matched = np.zeros(len(candidates), bool)
    matched[rows[chosen]] = True
    return matched
