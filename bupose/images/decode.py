"""Decoding of picture files to 8-bit RGB without transparency."""

from __future__ import annotations

import cv2
import numpy as np

from bupose.images import heic
from bupose.images.header import Header

FACTORS = (1, 2, 4, 8)
_REDUCED = dict(
    zip(
        FACTORS,
        (cv2.IMREAD_COLOR, cv2.IMREAD_REDUCED_COLOR_2, cv2.IMREAD_REDUCED_COLOR_4, cv2.IMREAD_REDUCED_COLOR_8),
        strict=True,
    )
)
_ROWS = 256  # rows flattened at once

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # bupose reports what cannot be read


def decode(data: bytes, header: Header, factor: int) -> np.ndarray | None:
    """uint8 RGB (ceil(height/factor), ceil(width/factor), 3), as stored; None if OpenCV cannot decode it.

    A JPEG is decoded directly at the reduced size, where its cosine transform acts as an antialiasing filter.
    """
    array, native = np.frombuffer(data, np.uint8), header.kind == "JPEG"
    colors = None
    if header.opaque:
        colors = cv2.imdecode(array, _REDUCED[factor if native else 1] | cv2.IMREAD_IGNORE_ORIENTATION)
    if colors is None:  # also floats, which OpenCV converts to nothing else
        stored = heic.decode(data) if header.kind == "HEIC" else cv2.imdecode(array, cv2.IMREAD_UNCHANGED)
        colors = None if stored is None else flatten(stored, multiplied=header.kind == "TIFF")
    if colors is None:
        return None
    colors = cv2.cvtColor(colors, cv2.COLOR_BGR2RGB, dst=colors)
    return colors if native else shrink(colors, factor)


def flatten(stored: np.ndarray, multiplied: bool = False) -> np.ndarray:
    """uint8 BGR of OpenCV's arrays: grey or BGR, with or without alpha, of any depth; over white.

    ``multiplied`` marks 8-bit colours premultiplied by alpha, as from libtiff.
    """
    stored = stored[..., None] if stored.ndim == 2 else stored
    channels = stored.shape[2]
    if stored.dtype == np.uint8 and channels == 3:
        return stored
    colors = np.empty((*stored.shape[:2], 3), np.uint8)
    for row in range(0, len(stored), _ROWS):
        part = _to_eight_bits(stored[row : row + _ROWS])
        mine = part[..., : 3 if channels >= 3 else 1]
        if channels in (2, 4) and multiplied and stored.dtype == np.uint8:
            mine = np.minimum(mine.astype(np.int16) + 255 - part[..., -1:], 255).astype(np.uint8)
        elif channels in (2, 4):
            opacity = part[..., -1:].astype(np.float32) / 255
            mine = np.rint(255 + opacity * (mine.astype(np.float32) - 255)).astype(np.uint8)
        colors[row : row + _ROWS] = mine
    return colors


def _to_eight_bits(stored: np.ndarray) -> np.ndarray:
    if stored.dtype == np.uint8:
        return stored
    full = np.iinfo(stored.dtype).max if np.issubdtype(stored.dtype, np.integer) else 1
    return (np.clip(np.nan_to_num(stored.astype(np.float32)), 0, full) * (255 / full)).round().astype(np.uint8)


def shrink(image: np.ndarray, factor: int) -> np.ndarray:
    """Reduce a picture by ``factor``, averaging pixels."""
    if factor == 1:
        return image
    height, width = image.shape[:2]
    below, right = -height % factor, -width % factor
    whole = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE) if below or right else image
    return cv2.resize(whole, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
