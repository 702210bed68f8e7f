"""Joint candidates: local maxima of the heatmaps with sub-cell refinement."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bupose import kernels

MOST = 10_000  # candidates per joint type, which bounds the time
CROWDED = 400  # candidates of all joints, above which twins of kernels take seconds


@dataclass(frozen=True, repr=False)
class Peaks:
    """N joint candidates, sorted by joint.

    Parameters
    ----------
    joint : int32 array (N,)
        Ascending.
    xy : float32 array (N, 2), cells
    score : float32 array (N,)
        Heat of the peak's cell, at most 1.
    start : int32 array (K+1,)
        Peaks of joint k are rows ``start[k]:start[k+1]``.
    cell : int32 array (N, 2)
        Row and column of the maximum; ``xy`` may lie half-way between two cells.
    """

    joint: np.ndarray
    xy: np.ndarray
    score: np.ndarray
    start: np.ndarray
    cell: np.ndarray

    def __repr__(self) -> str:
        return f"Peaks({len(self)})"

    def __len__(self) -> int:
        return len(self.joint)


def smooth(heat: np.ndarray, sigma: float) -> np.ndarray:
    """Heatmaps, float32 (K, h, w), blurred by a Gaussian of ``sigma`` cells, truncated at 5 % of its maximum."""
    taps = np.exp(-0.5 * (np.arange(np.ceil(2.45 * sigma) + 1) / sigma) ** 2)
    blurred: np.ndarray = kernels.load().smooth(heat, (taps / (2 * taps.sum() - taps[0])).astype(np.float32))
    return blurred


def find_peaks(heat: np.ndarray, threshold: float) -> Peaks:
    """All joint candidates of heatmaps.

    Parameters
    ----------
    heat : float32 array (K, h, w), finite
    threshold : float
        Heat that a candidate must exceed.

    Notes
    -----
    If a joint has more than ``MOST`` candidates, the highest are kept, with a warning.

    Refinement fits a parabola to the logarithm of three values along each axis: exact for a Gaussian.
    """
    k = kernels.load()
    cells, start = k.find_peaks(heat, float(threshold))
    if len(cells) > CROWDED:
        k = kernels.load(wait=True)
    if len(cells) > MOST and np.diff(start).max() > MOST:
        warnings.warn(
            f"more than {MOST} candidates of one joint, the highest are kept; raise peak_threshold if the fields are "
            "noise",
            stacklevel=2,
        )
        cells = _highest(heat, cells, start, MOST)
        start = np.searchsorted(cells[:, 0], np.arange(len(heat) + 1)).astype(np.int32)
    xy, score = k.refine_peaks(heat, cells)
    return Peaks(np.ascontiguousarray(cells[:, 0]), xy, score, start, cells[:, 1:])


def _highest(heat: np.ndarray, cells: np.ndarray, start: np.ndarray, count: int) -> np.ndarray:
    height = heat[cells[:, 0], cells[:, 1], cells[:, 2]]
    rows = [np.sort(a + np.argsort(-height[a:b], kind="stable")[:count]) for a, b in pairwise(start)]
    return np.ascontiguousarray(cells[np.concatenate(rows)])
