"""How alike people are: an expected and a found one, or two found ones."""

from __future__ import annotations

import numpy as np

from bupose.track.motion import sizes

FAR = 0.75  # body sizes: joints so far apart have no similarity, below 0.003


def squared_distance(xy: np.ndarray, other: np.ndarray) -> np.ndarray:
    """float64 (M, K), pixels²: of the joints of pairs (M, K, 2); NaN where one of them is absent."""
    dx, dy = np.moveaxis(xy - other, 2, 0)
    squared: np.ndarray = dx * dx + dy * dy
    return squared


def near_pairs(
    box: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray], reach: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Indices (M,), (M,) of boxes, corners (N, 2), and others, corners (P, 2), at most ``reach`` (N,) apart."""
    near = np.ones((len(reach), len(other[0])), bool)
    for axis in (0, 1):
        (low, high), (other_low, other_high) = ([corner[:, axis] for corner in one] for one in (box, other))
        near &= ((low - reach)[:, None] < other_high) & ((high + reach)[:, None] > other_low)
    a, b = np.nonzero(near)
    return a, b


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
    near = np.exp(-squared / (2 * total))
    return np.where(np.isnan(near), 0.0, near), own / total


def box_overlap(low: np.ndarray, high: np.ndarray, other_low: np.ndarray, other_high: np.ndarray) -> np.ndarray:
    """float (M,): intersection over union of pairs of boxes, by corners (M, 2)."""
    common = np.clip(np.minimum(high, other_high) - np.maximum(low, other_low), 0, None).prod(1)
    union = (high - low).prod(1) + (other_high - other_low).prod(1) - common
    overlap: np.ndarray = common / np.maximum(union, 1e-9)
    return overlap


def mutual_similarity(xy: np.ndarray, box: tuple[np.ndarray, np.ndarray], sigmas: np.ndarray) -> np.ndarray:
    """float64 (P, P): similarity of a frame's people, joints (P, K, 2) in boxes (corners), with one another; 0 with
    themselves.

    Of the joints that the one with fewer has: half a person found twice is as much a repetition as a whole one.
    """
    size, here = sizes(*box), (~np.isnan(xy[..., 0])).sum(1)
    a, b = near_pairs(box, box, FAR * size)
    near, _ = joint_similarity(squared_distance(xy[a], xy[b]), size[a], np.zeros(len(a)), sigmas)
    alike = np.zeros((len(xy), len(xy)))
    alike[a, b] = near.sum(1) / np.minimum(here[a], here[b])
    np.fill_diagonal(alike, 0)
    return alike
