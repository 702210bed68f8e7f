"""HEIC pictures, as phones take them: read by libheif through the package pillow-heif, of the extra ``heic``."""

from __future__ import annotations

import numpy as np

from bupose.errors import DependencyError
from bupose.requirements import of_module

_FAULTS = (
    ValueError,
    RuntimeError,
    EOFError,
    SyntaxError,
    OSError,
    IndexError,
)  # errors of pillow-heif for damaged files


def read_size(data: bytes) -> tuple[int, int] | None:
    """(width, height), pixels, rotated and cropped; None if damaged. Nothing is decoded.

    Raises
    ------
    DependencyError
        pillow-heif is not installed.
    """
    file = _open(data)
    return None if file is None else file.size


def decode(data: bytes) -> np.ndarray | None:
    """uint8 (H, W, 3 or 4), in OpenCV's order, rotated and cropped; None if damaged."""
    file = _open(data)
    try:
        stored = None if file is None else np.asarray(file)
    except _FAULTS:
        return None
    if stored is None or stored.ndim != 3:
        return stored
    return np.ascontiguousarray(stored[..., [2, 1, 0, 3][: stored.shape[2]]])


def _open(data: bytes):
    try:
        import pillow_heif
    except ImportError:
        raise DependencyError(f"HEIC needs pillow-heif; {of_module('pillow_heif').remedy}") from None
    try:
        return pillow_heif.open_heif(data)
    except _FAULTS:
        return None
