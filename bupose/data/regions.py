"""Outlines of people and crowds, packed into arrays: polygons, run lengths and boxes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from bupose import geometry
from bupose.annotations.outlines import Outline
from bupose.annotations.values import FAR

_SHIFT = 4  # cv2 draws at 1/16 px


class Regions:
    """N regions, rasterised on demand.

    Parameters
    ----------
    outlines : iterable of Outline

    Attributes
    ----------
    is_box : bool array (N,)
        True where only a box is known, in place of an outline.
    """

    def __init__(self, outlines: Iterable[Outline]) -> None:
        points, rings, first_ring = [], [0], [0]
        codes, first_code, code_size, is_box = [], [0], [], []
        for outline in outlines:
            for ring in outline.rings:
                points.append(ring)
                rings.append(rings[-1] + len(ring))
            first_ring.append(len(rings) - 1)
            codes.append(outline.code)
            first_code.append(first_code[-1] + len(outline.code))
            code_size.append(outline.size)
            is_box.append(outline.is_box)
        self._points = np.concatenate(points).astype(np.float32) if points else np.zeros((0, 2), np.float32)
        self._rings, self._first_ring = np.array(rings, np.int64), np.array(first_ring, np.int64)
        self._codes, self._first_code = np.frombuffer(b"".join(codes), np.uint8), np.array(first_code, np.int64)
        self._code_size = np.array(code_size, np.int32).reshape(-1, 2)
        self.is_box = np.array(is_box, bool)

    def __len__(self) -> int:
        return len(self.is_box)

    def fill(self, mask: np.ndarray, n: int, matrix: np.ndarray, value: int = 1, shrink: float = 1.0) -> None:
        """Fill region ``n`` in a uint8 mask; the matrix maps photo pixels to mask pixels.

        ``shrink`` scales polygons about their centre.
        """
        a, b = self._first_code[n : n + 2]
        if b > a:
            code: Any = {"counts": self._codes[a:b].tobytes(), "size": self._code_size[n].tolist()}  # no stub names it
            moved = cv2.warpAffine(coco_mask.decode(code), matrix, mask.shape[::-1], flags=cv2.INTER_NEAREST)
            mask[moved > 0] = value
            return
        outlines = self.rings(n)
        if shrink < 1 and outlines:
            middle = (np.concatenate(outlines).min(0) + np.concatenate(outlines).max(0)) / 2
            outlines = [middle + shrink * (outline - middle) for outline in outlines]
        for outline in outlines:
            fill_polygon(mask, geometry.apply(matrix, outline), value)

    def rings(self, n: int) -> list[np.ndarray]:
        """Polygons of region ``n``, float32 (N, 2) pixels each."""
        rings = range(self._first_ring[n], self._first_ring[n + 1])
        return [self._points[self._rings[r] : self._rings[r + 1]] for r in rings]


def fill_polygon(mask: np.ndarray, outline: np.ndarray, value: int) -> None:
    """Set the pixels inside an outline (N, 2), px."""
    corners = np.rint(np.clip(outline, -FAR, FAR) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(mask, [corners], value, shift=_SHIFT)
