"""Hands of the drawn people, with their fingers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bupose.synthetic.landmarks import FINGERS
from bupose.synthetic.shapes import Color, Strokes, discs_hull, shade

_PALM = ("hand_root", "thumb1", "forefinger1", "middle_finger1", "ring_finger1", "pinky_finger1")
_RADII = np.array([0.0066, 0.0062, 0.0056, 0.0046])  # of a finger, at its joints


def draw_hand(strokes: Strokes, place: Mapping[str, np.ndarray], height: float, skin: Color, part: int) -> None:
    """One hand of joints ``place`` (each float64 (3,), px), its far fingers first; each has a darker rim."""
    palm = np.stack([place[j] for j in _PALM])
    bent = {f: np.stack([place[f"{f}{n}"] for n in range(1, 5)]) for f in FINGERS}
    pieces = [(points[1:, 2].mean(), points) for points in bent.values()]
    middle = palm[:, 2].mean()
    rim = max(0.5, 0.0018 * height)
    for depth, points in sorted(pieces, key=lambda piece: piece[0]):
        if depth >= middle:
            continue
        _draw_finger(strokes, points, height, rim, skin, part)
    strokes.fill(discs_hull(palm[:, :2], np.full(len(palm), 0.0105 * height)), shade(skin, 0.94), part)
    for depth, points in sorted(pieces, key=lambda piece: piece[0]):
        if depth >= middle:
            _draw_finger(strokes, points, height, rim, skin, part)


def _draw_finger(strokes: Strokes, points: np.ndarray, height: float, rim: float, skin: Color, part: int) -> None:
    for color, more in ((shade(skin, 0.72), rim), (skin, 0.0)):
        for n in range(3):
            outline = discs_hull(points[n : n + 2, :2], height * _RADII[n : n + 2] + more)
            strokes.fill(outline, color, part)
