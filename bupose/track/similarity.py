"""How alike an expected person and a found one are."""

from __future__ import annotations

import numpy as np

from bupose.track.motion import corners, sizes


def joint_similarity(
    squared: np.ndarray, size: np.ndarray, unsure: np.ndarray, sigmas: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Object keypoint similarity of joints at an uncertain place.

    Parameters
    ----------
    squared : float (M, K), pixels²
        Squared distance of each pair's joints; NaN where one of them is absent.
    size, unsure : float (M,), pixels
        Square root of the body's area, and the standard deviation of its expected place along each axis.
    sigmas : float (K,)
        Of the skeleton.

    Returns
    -------
    near : float (M, K)
        exp(-d² / 2 (s² κ² + u²)), κ two of COCO's sigmas; 0 where absent.
    sharp : float (M, K)
        s² κ² / (s² κ² + u²). The product of the two is the mean of COCO's similarity over all places where the person
        may be, as in :func:`bupose.methods.scoring.expected_similarity`.
    """
    own = (size[:, None] * 2 * sigmas) ** 2
    total = own + unsure[:, None] ** 2
    return np.nan_to_num(np.exp(-squared / (2 * total)), nan=0.0), own / total


def box_overlap(low: np.ndarray, high: np.ndarray, other_low: np.ndarray, other_high: np.ndarray) -> np.ndarray:
    """float (M,): intersection over union of pairs of boxes, by corners (M, 2)."""
    common = np.clip(np.minimum(high, other_high) - np.maximum(low, other_low), 0, None).prod(1)
    union = (high - low).prod(1) + (other_high - other_low).prod(1) - common
    overlap: np.ndarray = common / np.maximum(union, 1e-9)
    return overlap


def mutual_similarity(xy: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    """float64 (P, P): similarity of a frame's people with one another; 0 with themselves.

    Of the joints that the one with fewer has: half a person found twice is as much a repetition as a whole one.
    """
    p = len(xy)
    squared = ((xy[:, None] - xy[None]) ** 2).sum(3).reshape(p * p, xy.shape[1])
    size = np.repeat(sizes(*corners(xy)), p)
    near, _ = joint_similarity(squared, size, np.zeros(p * p), sigmas)
    here = (~np.isnan(xy[..., 0])).sum(1)
    alike: np.ndarray = near.sum(1).reshape(p, p) / np.maximum(np.minimum(here[:, None], here), 1)
    np.fill_diagonal(alike, 0)
    return alike
