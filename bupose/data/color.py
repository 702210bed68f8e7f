"""Brightness, contrast, saturation and tint as one colour matrix, the same on every device."""

from __future__ import annotations

import cv2
import numpy as np

_GREY = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601 luma


def color_matrix(rng: np.random.Generator, strength: float) -> np.ndarray:
    """float32 (3, 4): new RGB = matrix[:, :3] @ RGB + matrix[:, 3], on values 0..255; ``strength`` in [0, 1]."""
    brightness, contrast, saturation, *tint = rng.uniform(-1, 1, 6) * strength
    grey = np.tile(_GREY, (3, 1))
    colors = grey + (1 + 0.6 * saturation) * (np.eye(3) - grey)
    colors = (1 + 0.4 * contrast) * np.diag(1 + 0.15 * np.array(tint)) @ colors
    shift = 127.5 - 127.5 * colors.sum(1) / (1 + 0.15 * np.array(tint)) + 40 * brightness
    return np.column_stack([colors, shift]).astype(np.float32)


def change_colors(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Apply a (3, 4) colour matrix to a uint8 RGB picture."""
    return cv2.transform(image, matrix)
