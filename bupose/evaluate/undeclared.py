"""Regions that a data set declares as unannotated: people found there are not false positives.

COCO's crowds are different: pycocotools uses their boxes, and so do we.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bupose.annotations.outlines import surroundings


@dataclass(frozen=True)
class Undeclared:
    """A region in which nobody is annotated.

    Parameters
    ----------
    rings : sequence of float arrays (N, 2), pixels, optional
        Its outlines; by default the whole picture.
    mask : bool array (H, W), optional
        Its pixels, instead of outlines.
    known : float array (B, 4), pixels, optional
        Boxes (x, y, width, height) in which everybody is annotated; they, extended by a tenth of their size, are
        excluded.
    """

    rings: Sequence[np.ndarray] | None = None
    mask: np.ndarray | None = None
    known: np.ndarray | None = None

    def holds(self, xy: np.ndarray) -> np.ndarray:
        """float64 (P,): 1 for people (P, K, 2) with at least half of their joints in it, else 0; NaN joints are absent.

        PoseTrack's evaluation (poseval, ``removeIgnoredPoints``) drops single joints in such regions; object keypoint
        similarity is defined for whole people.
        """
        here = np.isfinite(xy).all(2)
        inside = np.zeros(here.shape, bool)
        inside[here] = self.contains(xy[here])
        return (2 * inside.sum(1) >= np.maximum(here.sum(1), 1)).astype(np.float64)

    def contains(self, xy: np.ndarray) -> np.ndarray:
        """bool (N,) of points (N, 2)."""
        if self.mask is not None:
            height, width = self.mask.shape
            column, row = np.rint(xy.clip(-1, 1e6)).astype(int).T
            within = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            return within & self.mask[row.clip(0, height - 1), column.clip(0, width - 1)]
        inside = np.ones(len(xy), bool)
        if self.rings is not None:
            inside = np.any([_in_ring(xy, ring) for ring in self.rings], 0) if len(self.rings) else ~inside
        for x, y, w, h in () if self.known is None else surroundings(self.known):
            inside &= ~((xy >= (x, y)) & (xy <= (x + w, y + h))).all(1)
        return inside


def add_undeclared(similarity: np.ndarray, xy: np.ndarray, regions: Sequence[Undeclared | None]) -> np.ndarray:
    """Similarity (P, Q) of people (P, K, 2) with annotations, corrected for unannotated regions."""
    for q, region in enumerate(regions):
        if region is not None:
            similarity[:, q] = region.holds(xy)
    return similarity


def _in_ring(xy: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """bool (N,): points inside a polygon, by ray casting."""
    start, end = np.asarray(ring, np.float64), np.roll(ring, -1, 0).astype(np.float64)
    x, y = xy[:, :1], xy[:, 1:]
    crosses = (start[:, 1] > y) != (end[:, 1] > y)
    rise = np.where(end[:, 1] == start[:, 1], 1, end[:, 1] - start[:, 1])
    at = start[:, 0] + (y - start[:, 1]) / rise * (end[:, 0] - start[:, 0])
    return (crosses & (x < at)).sum(1) % 2 == 1
