"""EXIF orientation."""

from __future__ import annotations

import struct

import cv2
import numpy as np

UPRIGHT = 1
ORIENTATION = 0x112
# EXIF 2.3, tag 0x0112: mirrored left to right first, then turned clockwise.
_TURNS = {
    2: (True, None),
    3: (False, cv2.ROTATE_180),
    4: (True, cv2.ROTATE_180),
    5: (True, cv2.ROTATE_90_COUNTERCLOCKWISE),
    6: (False, cv2.ROTATE_90_CLOCKWISE),
    7: (True, cv2.ROTATE_90_CLOCKWISE),
    8: (False, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def turn(image: np.ndarray, orientation: int) -> np.ndarray:
    """The upright picture for EXIF ``orientation`` 1 to 8."""
    mirror, rotation = _TURNS.get(orientation, (False, None))
    if mirror:
        image = cv2.flip(image, 1)
    return image if rotation is None else cv2.rotate(image, rotation)


def turn_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """(width, height) of the upright picture."""
    return size[::-1] if orientation >= 5 else size


def read_orientation(block: bytes) -> int:
    """The orientation in an EXIF block (a TIFF structure); 1 if missing or invalid."""
    value = read_tags(block.removeprefix(b"Exif\0\0")).get(ORIENTATION, UPRIGHT)
    return value if 1 <= value <= 8 else UPRIGHT


def read_tags(tiff: bytes) -> dict[int, int]:
    """The first value of each whole-number tag in the first directory of a TIFF (TIFF 6.0, section 2) or BigTIFF."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return {}
    try:
        big = struct.unpack_from(order + "H", tiff, 2)[0] == 43
        at = struct.unpack_from(order + ("Q" if big else "I"), tiff, 8 if big else 4)[0]
        count = struct.unpack_from(order + ("Q" if big else "H"), tiff, at)[0]
        return _read_entries(tiff, at + (8 if big else 2), min(count, 65535), order, big)
    except (struct.error, OverflowError):
        return {}


def _read_entries(tiff: bytes, at: int, count: int, order: str, big: bool) -> dict[int, int]:
    tags: dict[int, int] = {}
    length, inline = (20, 8) if big else (12, 4)
    for n in range(count):
        start = at + n * length
        if start + length > len(tiff):
            break
        tag, kind = struct.unpack_from(order + "HH", tiff, start)
        values = struct.unpack_from(order + ("Q" if big else "I"), tiff, start + 4)[0]
        code = {1: "B", 3: "H", 4: "I", 16: "Q"}.get(kind)
        if code is None or not values:
            continue
        place = start + length - inline
        if values * struct.calcsize(code) > inline:
            place = struct.unpack_from(order + ("Q" if big else "I"), tiff, place)[0]
        if place + struct.calcsize(code) <= len(tiff):
            tags.setdefault(tag, struct.unpack_from(order + code, tiff, place)[0])
    return tags
