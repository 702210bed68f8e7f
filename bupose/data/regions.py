"""Outlines of people and crowds, packed into a few arrays: polygons, run lengths and boxes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from bupose import geometry
from bupose.errors import LabelsError

_SHIFT = 4  # cv2 draws at 1/16 px
_FAR = 1e6  # px; cv2's integers end not far beyond


class Regions:
    """N regions of pictures; painting one costs nothing until it is asked for.

    Parameters
    ----------
    annotations : iterable of dicts
        Each with ``segmentation`` (a list of polygons, or run lengths as COCO stores them) or only ``bbox``.
    sizes : iterable of (width, height)
        Of the picture that each annotation belongs to.

    Attributes
    ----------
    is_box : bool array (N,)
        True where only a box is known: a stand-in for an outline.
    share : float32 array (N,)
        Part of its picture that the region's box covers.

    Raises
    ------
    LabelsError
        A segmentation of a kind that COCO does not have.
    """

    def __init__(self, annotations: Iterable[Mapping], sizes: Iterable[tuple[int, int]]) -> None:
        points, rings, first_ring = [], [0], [0]
        codes, first_code, code_size = [], [0], []
        is_box, boxes = [], []
        for a, size in zip(annotations, sizes, strict=True):
            outlines, code, box_only = _parse(a, size)
            for outline in outlines:
                points.append(outline)
                rings.append(rings[-1] + len(outline))
            first_ring.append(len(rings) - 1)
            codes.append(code["counts"] if code else b"")
            first_code.append(first_code[-1] + len(codes[-1]))
            code_size.append(code["size"] if code else (0, 0))
            is_box.append(box_only)
            boxes.append((*a.get("bbox", (0, 0, 0, 0)), *size))
        self._points = np.concatenate(points).astype(np.float32) if points else np.zeros((0, 2), np.float32)
        self._rings, self._first_ring = np.array(rings, np.int64), np.array(first_ring, np.int64)
        self._codes, self._first_code = np.frombuffer(b"".join(codes), np.uint8), np.array(first_code, np.int64)
        self._code_size = np.array(code_size, np.int32).reshape(-1, 2)
        self.is_box = np.array(is_box, bool)
        _, _, w, h, width, height = np.array(boxes, np.float32).reshape(-1, 6).T
        self.share = np.minimum(w * h / np.maximum(width * height, 1), 1).astype(np.float32)

    def __len__(self) -> int:
        return len(self.is_box)

    def fill(self, mask: np.ndarray, n: int, matrix: np.ndarray, value: int = 1, shrink: float = 1.0) -> None:
        """Set the pixels of region ``n`` in a uint8 mask whose pixels the matrix gives from those of the photo.

        ``shrink`` draws polygons smaller about their middle, by this factor for each side.
        """
        a, b = self._first_code[n : n + 2]
        if b > a:
            code = {"counts": self._codes[a:b].tobytes(), "size": self._code_size[n].tolist()}
            moved = cv2.warpAffine(coco_mask.decode(code), matrix, mask.shape[::-1], flags=cv2.INTER_NEAREST)
            mask[moved > 0] = value
            return
        outlines = self._outlines(n)
        if shrink < 1 and outlines:
            middle = (np.concatenate(outlines).min(0) + np.concatenate(outlines).max(0)) / 2
            outlines = [middle + shrink * (outline - middle) for outline in outlines]
        for outline in outlines:
            fill_polygon(mask, geometry.apply(matrix, outline), value)

    def _outlines(self, n: int) -> list[np.ndarray]:
        rings = range(self._first_ring[n], self._first_ring[n + 1])
        return [self._points[self._rings[r] : self._rings[r + 1]] for r in rings]


def fill_polygon(mask: np.ndarray, outline: np.ndarray, value: int) -> None:
    """Set the pixels inside an outline (N, 2), px."""
    corners = np.rint(np.clip(outline, -_FAR, _FAR) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(mask, [corners], value, shift=_SHIFT)


def box_corners(box: np.ndarray) -> np.ndarray:
    """float32 (4, 2): the corners of x, y, width, height, in order around it."""
    x, y, w, h = box
    return np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], np.float32)


def _parse(annotation: Mapping, size: tuple[int, int]) -> tuple[list[np.ndarray], dict | None, bool]:
    """Polygons, or run lengths, and whether they are a mere box. COCO counts pixel borders from 0, we centres."""
    form, box = annotation.get("segmentation"), np.array(annotation.get("bbox", (0, 0, 0, 0)), np.float32)
    if isinstance(form, Mapping):
        return [], _compressed(form, annotation), False
    if form and isinstance(form, list) and not isinstance(form[0], list):
        form = [form]  # one polygon, not in a list
    try:
        outlines = [np.array(p, np.float32).reshape(-1, 2) - 0.5 for p in form or [] if len(p) >= 6]
    except (TypeError, ValueError):
        who = annotation.get("id", "?")
        raise LabelsError(
            f"annotation {who} has a segmentation that is neither polygons of x, y, … nor run lengths; remove it"
        ) from None
    if not outlines:
        return ([box_corners(box - (0.5, 0.5, 0, 0))] if box[2:].all() else []), None, True
    corners = box_corners(box - (0.5, 0.5, 0, 0))
    rectangle = len(outlines) == 1 and len(outlines[0]) == 4 and np.ptp(outlines[0] - corners, 0).max() < 1.5
    return outlines, None, bool(annotation.get("segmentation_is_box", False)) or rectangle


def _compressed(code: Mapping, annotation: Mapping) -> dict:
    """Run lengths in pycocotools' compressed form, as bytes."""
    try:
        if isinstance(code["counts"], list):
            code = coco_mask.frPyObjects(dict(code), *code["size"])
        counts = code["counts"]
        return {"counts": counts.encode() if isinstance(counts, str) else counts, "size": tuple(code["size"])}
    except (KeyError, TypeError, ValueError) as problem:
        raise LabelsError(f"annotation {annotation.get('id', '?')} has unreadable run lengths: {problem}") from None
