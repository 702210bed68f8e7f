"""Non-maximum suppression of people: whoever is much like a surer one is dropped."""

from __future__ import annotations

import numpy as np

from bupose.people import People

# Of RMPE's published code for COCO, whose threshold 22.48 is for the sum over 17 joints: 1.32 a joint.
WEIGHT, SCORES, PLACES = 1.7, 1.0, 2.65
NEAR = 0.1  # of the longer side of a person's box: two joints this near may be one, and the unit of distances
AT_ONCE = 1_000_000  # distances held at once


def pose_similarity(people: People, sizes: np.ndarray) -> np.ndarray:
    """float64 (P, P): how similar each person (column) is to each other one (row), by joints and their scores.

    Parameters
    ----------
    people : People
    sizes : float array (P,), pixels
        Longer side of each person's box; the row's is the unit.

    Notes
    -----
    Fang et al. 2017 (RMPE), eqs. 8 to 10: of a joint in both, tanh(c₁/σ₁) tanh(c₂/σ₁) where the two are near, plus λ
    exp(−d/σ₂), with d the distance in tenths of the box; here the mean over all joints instead of the sum, so that
    it does not depend on their number. As in their code, d is not squared.
    """
    xy, sure = people.xy.astype(np.float64), np.tanh(people.score.astype(np.float64) / SCORES)
    unit = NEAR * np.maximum(np.asarray(sizes, np.float64), 1)
    alike = np.zeros((len(people), len(people)))
    few = max(1, AT_ONCE // max(xy.size, 1))
    for start in range(0, len(people), few):
        rows = slice(start, start + few)
        d = np.sqrt(((xy[rows, None] - xy) ** 2).sum(3)) / unit[rows, None, None]
        both = np.isfinite(d)
        d = np.where(both, d, np.inf)
        alike[rows] = (np.where(d <= 1, sure[rows, None] * sure, 0) + WEIGHT * np.exp(-d / PLACES)).mean(2)
    return alike


def keep_unlike(alike: np.ndarray, least: float) -> np.ndarray:
    """bool (P,): who stays, of people sorted best first.

    Parameters
    ----------
    alike : float array (P, P)
        How similar each (column) is to a better one (row).
    least : float
        From here on somebody is dropped for the sake of a better one who stays.
    """
    kept = np.ones(len(alike), bool)
    for n in range(len(kept)):
        kept[n] = not (kept[:n] & (alike[:n, n] >= least)).any()
    return kept
