"""2x3 affine matrices: one matrix maps points between two pictures, its inverse maps them back.

Coordinates are (x, y); an integer is the centre of a pixel, so a picture of width W spans -0.5 … W-0.5.
All matrices are float64 (2, 3), all points arrays (..., 2).
"""

from __future__ import annotations

import numpy as np

IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def translate(dx: float, dy: float) -> np.ndarray:
    """Move by (dx, dy) pixels."""
    return np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])


def scale(sx: float, sy: float | None = None) -> np.ndarray:
    """Resize a picture: x goes to ``s*(x+0.5)-0.5``, so that the borders -0.5 stay borders."""
    sy = sx if sy is None else sy
    return np.array([[sx, 0.0, 0.5 * sx - 0.5], [0.0, sy, 0.5 * sy - 0.5]])


def rotate(degrees: float, center: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Turn about ``center``; as y points down, a positive angle looks clockwise."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    x, y = center
    return np.array([[c, -s, x - c * x + s * y], [s, c, y - s * x - c * y]])


def flip(width: float) -> np.ndarray:
    """Mirror left and right a picture of ``width`` pixels: x goes to ``width-1-x``."""
    return np.array([[-1.0, 0.0, width - 1.0], [0.0, 1.0, 0.0]])


def crop(left: float, top: float) -> np.ndarray:
    """Crop a picture so that the pixel (left, top) becomes (0, 0)."""
    return translate(-left, -top)


def letterbox(size: tuple[int, int], into: tuple[int, int]) -> np.ndarray:
    """Resize (width, height) ``size`` to the largest that fits ``into`` and centre it there."""
    s = min(into[0] / size[0], into[1] / size[1])
    return compose(scale(s), translate((into[0] - s * size[0]) / 2, (into[1] - s * size[1]) / 2))


def compose(*matrices: np.ndarray) -> np.ndarray:
    """One matrix that applies the given ones in order."""
    full = np.eye(3)
    for m in matrices:
        full = np.vstack([m, [0.0, 0.0, 1.0]]) @ full
    return full[:2]


def invert(matrix: np.ndarray) -> np.ndarray:
    """The inverse matrix."""
    return np.linalg.inv(np.vstack([matrix, [0.0, 0.0, 1.0]]))[:2]


def apply(matrix: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Transform points (..., 2); NaN stays NaN, and the dtype is kept (integers become float64)."""
    xy = np.asarray(xy)
    moved: np.ndarray = xy @ matrix[:, :2].T + matrix[:, 2]
    return moved.astype(xy.dtype) if xy.dtype.kind == "f" else moved


def area_factor(matrix: np.ndarray) -> float:
    """The factor by which areas grow."""
    return float(abs(np.linalg.det(matrix[:, :2])))
