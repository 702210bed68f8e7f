"""Body proportions: relative limb lengths, and a person's share of its box."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CROP_ASPECT = 0.75  # width per height of a crop around a person, as of most networks for one (192x256)
AREA_OF_BOX = 0.53  # area of a person as a share of its box: COCO's average
ENOUGH = 20  # people with a labelled limb needed to know its length
_ROUNDS = 10  # iterations of the median polish, which converges earlier
# In thighs. Medians over 4773 people of COCO's training labels, each measured by the median of its own limbs; distances
# across two limbs (wrist to hip) by their long cases. Feet and the top of the head: Winter 2009, Biomechanics and Motor
# Control of Human Movement, figure 4.1, foreshortened as the shank is.
_USUAL: dict[tuple[str, ...], float] = {
    ("hip", "knee"): 1.0, ("ankle", "knee"): 1.01, ("ankle", "hip"): 1.93, ("elbow", "shoulder"): 0.72,
    ("elbow", "wrist"): 0.57, ("shoulder", "wrist"): 1.07, ("shoulder", "shoulder"): 0.76, ("hip", "hip"): 0.52,
    ("hip", "shoulder"): 1.31, ("hip", "neck"): 1.32, ("mid_hip", "neck"): 1.3, ("hip", "mid_hip"): 0.26,
    ("neck", "shoulder"): 0.38, ("neck", "nose"): 0.53, ("ear", "shoulder"): 0.57, ("ear", "eye"): 0.22,
    ("eye", "eye"): 0.18, ("eye", "nose"): 0.13, ("hip", "wrist"): 1.4, ("wrist", "wrist"): 1.9,
    ("ankle", "ankle"): 1.6, ("neck", "top_head"): 0.75, ("ankle", "big_toe"): 0.5, ("ankle", "heel"): 0.2,
    ("big_toe", "small_toe"): 0.2,
}  # fmt: skip


def usual_length(limb: Sequence[str]) -> float:
    """A human limb's usual length, relative to the thigh, by the names of its joints; 0 if unknown."""
    return _USUAL.get(tuple(sorted(j.removeprefix("left_").removeprefix("right_") for j in limb)), 0.0)


def measure_lengths(lengths: np.ndarray) -> np.ndarray:
    """Usual limb lengths, with median 1, from many people of any size.

    Parameters
    ----------
    lengths : float array (P, L), in any unit
        NaN where a limb is not labelled.

    Returns
    -------
    float64 array (L,)
        0 where fewer than :data:`ENOUGH` people show the limb together with another.

    Notes
    -----
    Median polish of the logarithms (Tukey 1977, Exploratory Data Analysis, chapter 11): a person's size is the median
    over its limbs, as when people are read from fields, a limb's usual length the median over people. A limb of very
    variable length (wrist to hip) is measured by its long cases: half the 99th percentile, if that is more.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.asarray(lengths, np.float64))
    logs[~np.isfinite(logs)] = np.nan
    logs = logs[np.isfinite(logs).sum(1) > 1]
    known = np.isfinite(logs).sum(0) >= ENOUGH
    logs = logs[:, known][np.isfinite(logs[:, known]).any(1)]
    if not known.any():
        return np.zeros(len(known))
    usual = np.zeros(known.sum())
    for _ in range(_ROUNDS):
        size = np.nanmedian(logs - usual, 1, keepdims=True)
        usual = np.nanmedian(logs - size, 0)
    usual = np.maximum(usual, np.nanquantile(logs - size, 0.99, axis=0) - np.log(2))
    measured = np.zeros(len(known))
    measured[known] = np.exp(usual - np.median(usual))
    return measured
