"""Shapes of drawn people: lofts, capsules and ellipsoids, as polygons in 1/16 px."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

SHIFT = 4  # cv2 draws at 1/16 px
Color = tuple[int, int, int]


@dataclass
class Strokes:
    """Strokes in painting order: points, a colour, the part they cover (0: decoration) and a line width.

    A line width of 0 fills a polygon; lines are open.
    """

    listed: list[tuple[np.ndarray, Color, int, int]] = field(default_factory=list)

    def fill(self, points: np.ndarray, color: Color, part: int = 0) -> None:
        """Fill the polygon ``points`` (N, 2) px; with a part number it also covers that part."""
        self.listed.append((fixed(points), color, part, 0))

    def line(self, points: np.ndarray, color: Color, width: int = 1) -> None:
        """Draw an open line."""
        self.listed.append((fixed(points), color, 0, width))

    def contour(self, points: np.ndarray, color: Color, width: int = 1) -> None:
        """Draw a closed line."""
        self.line(np.concatenate([points, points[:1]]), color, width)

    def paint(self, image: np.ndarray, owner: np.ndarray, number: int) -> None:
        """Paint onto a uint8 RGB picture, and ``number + part`` onto an int32 map of owners."""
        for points, color, part, width in self.listed:
            if width:
                cv2.polylines(image, [points], False, color, width, cv2.LINE_AA, SHIFT)
                continue
            # fillPoly puts a shape's rows up to 0.4 px off; fillConvexPoly does not
            if cv2.isContourConvex(points):
                cv2.fillConvexPoly(image, points, color, cv2.LINE_AA, SHIFT)
            else:
                cv2.fillPoly(image, [points], color, cv2.LINE_AA, SHIFT)
            if part:
                cv2.fillPoly(owner, [points], number + part, cv2.LINE_8, SHIFT)

    def moved(self, step: np.ndarray) -> Strokes:
        """The same strokes elsewhere: ``step`` is int32 (2,), sixteenths of a pixel."""
        return Strokes([(points + step, color, part, width) for points, color, part, width in self.listed])

    def bounds(self) -> np.ndarray:
        """float64 (4,): left, top, right, bottom of all that covers a part, px."""
        points = np.concatenate([p for p, _, part, _ in self.listed if part]) / (1 << SHIFT)
        return np.concatenate([points.min(0), points.max(0)])


def fixed(points: np.ndarray) -> np.ndarray:
    """int32 sixteenths of a pixel."""
    return np.rint(np.asarray(points) * (1 << SHIFT)).astype(np.int32)


def shade(color: Color, factor: float) -> Color:
    """The colour, darker (below 1) or lighter."""
    r, g, b = color
    return min(255, int(r * factor)), min(255, int(g * factor)), min(255, int(b * factor))


def normals(along: np.ndarray) -> np.ndarray:
    """Unit vectors perpendicular to ``along`` (..., 2), to its left when looking along the y axis."""
    length = np.sqrt((along * along).sum(-1, keepdims=True))
    along = np.where(length > 1e-6, along / np.maximum(length, 1e-6), (0.0, 1.0))
    return np.stack([along[..., 1], -along[..., 0]], -1)


STEPS = np.array([0.0, 0.35, 0.7, 1.0])
_CAP = np.deg2rad([-67.5, -22.5, 22.5, 67.5])


def capsules(start: np.ndarray, end: np.ndarray, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outlines of rounded, swelling bars.

    Parameters
    ----------
    start, end : float64 arrays (M, 2), px
    radii : float64 array (M, 4), px
        Half widths at 0, 0.35, 0.7 and 1 of the way.

    Returns
    -------
    outline : float64 array (M, 16, 2)
    shadow : float64 array (M, 8, 2)
        The strip in shade, for light from the upper left.
    """
    along = end - start
    side = normals(along)
    axis = start[:, None] + along[:, None] * STEPS[:, None]
    out = side[:, None] * radii[..., None]
    forward = np.stack([-side[:, 1], side[:, 0]], -1)
    cap = np.sin(_CAP)[:, None] * side[:, None], np.cos(_CAP)[:, None] * forward[:, None]
    last = end[:, None] + radii[:, 3:, None] * (-cap[0] + cap[1])
    first = start[:, None] + radii[:, :1, None] * (cap[0] - cap[1])
    outline = np.concatenate([axis + out, last, (axis - out)[:, ::-1], first], 1)
    dark = np.where(side @ (1.0, 0.6) > 0, 1.0, -1.0)[:, None, None] * out
    shadow = np.concatenate([axis + 0.25 * dark, (axis + 0.97 * dark)[:, ::-1]], 1)
    return outline, shadow


_CIRCLE = np.stack([np.cos(np.arange(24) * np.pi / 12), np.sin(np.arange(24) * np.pi / 12)], -1)


def ellipsoid(center: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Outline (24, 2) of an ellipsoid of half axes ``axes`` (3, 3 columns) seen along z."""
    seen = axes[:2] @ axes[:2].T
    toward = _CIRCLE @ seen
    return center[:2] + toward / np.sqrt((toward * _CIRCLE).sum(-1, keepdims=True) + 1e-9)


def cap(center: np.ndarray, axes: np.ndarray, toward: np.ndarray, degrees: float) -> np.ndarray | None:
    """Outline of the visible part of a cap of an ellipsoid, None where it is turned away.

    Parameters
    ----------
    center : float64 array (3,)
    axes : float64 array (3, 3)
        Half axes as columns.
    toward : float64 array (3,)
        The cap's middle, a unit vector on the sphere that the axes stretch.
    degrees : float
        The cap reaches this far from its middle.
    """
    inverse = axes / (axes * axes).sum(0)  # normal of the point axes @ b is along inverse @ b
    across = _cross(toward, (0.36, 0.48, 0.8))
    across /= np.sqrt(across @ across)
    angle = np.deg2rad(degrees)
    ring = np.cos(angle) * toward + np.sin(angle) * (_CIRCLE @ np.stack([across, _cross(toward, across)]))
    ring = ring[ring @ inverse[2] > 0]
    rim = _CIRCLE @ axes[:2]  # the silhouette's points have normals in the picture's plane
    rim /= np.sqrt((rim * rim).sum(-1, keepdims=True)) + 1e-9
    points = np.concatenate([ring, rim[rim @ toward > np.cos(angle)]])
    if len(points) < 3:
        return None
    return cv2.convexHull((center[:2] + points @ axes[:2].T).astype(np.float32))[:, 0]


def _cross(a: np.ndarray, b: np.ndarray | tuple[float, float, float]) -> np.ndarray:
    (ax, ay, az), (bx, by, bz) = a, b  # np.cross takes 50 µs
    return np.array([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def discs_hull(centers: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Outline of the convex hull of discs: centres (N, 2), radii (N,)."""
    points = centers[:, None] + radii[:, None, None] * _CIRCLE[::2]
    return cv2.convexHull(points.reshape(-1, 2).astype(np.float32))[:, 0]
