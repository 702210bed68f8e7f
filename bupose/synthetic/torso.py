"""Trunks of the drawn people: a loft of elliptic sections along the spine, and the clothes' patterns on it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from bupose.synthetic.look import Look
from bupose.synthetic.pose import Build, Posture
from bupose.synthetic.shapes import Strokes, normals, shade

# Sections of the average body: distance down the spine from the shoulders' line, half width, half depth.
_SECTIONS = np.array([
    (-0.034, 0.030, 0.030), (-0.022, 0.050, 0.036), (-0.010, 0.084, 0.042), (0.004, 0.110, 0.048),
    (0.030, 0.113, 0.056), (0.065, 0.107, 0.062), (0.105, 0.098, 0.061), (0.145, 0.089, 0.056), (0.180, 0.085, 0.053),
    (0.210, 0.087, 0.055), (0.245, 0.094, 0.060), (0.285, 0.099, 0.062), (0.315, 0.090, 0.056), (0.335, 0.066, 0.044),
])  # fmt: skip
_WAIST_AT = 0.185
_HEM, _BELT = 11, 8  # sections where a shirt ends and trousers begin


@dataclass(frozen=True)
class Torso:
    """One trunk in the picture: the two outlines from the collar down (sections, 2), px, and where it lies in depth."""

    left: np.ndarray
    right: np.ndarray
    front: np.ndarray
    facing: float
    depth: float
    hip_depth: float
    collar: np.ndarray
    up: np.ndarray
    short: bool

    def at(self, across: np.ndarray, section: np.ndarray) -> np.ndarray:
        """Points (N, 2) at ``across`` in [-1, 1] (1 is the picture's right of an upright body) and sections."""
        section = np.asarray(section, float)
        low = np.clip(section.astype(int), 0, len(self.left) - 2)
        t = (section - low)[:, None]
        left = self.left[low] * (1 - t) + self.left[low + 1] * t
        right = self.right[low] * (1 - t) + self.right[low + 1] * t
        return (left + right) / 2 + np.asarray(across, float)[:, None] * (left - right) / 2

    def outline(self, first: int, last: int) -> np.ndarray:
        """The polygon between two sections."""
        sides = np.concatenate([self.left[first : last + 1], self.right[first : last + 1][::-1]])
        if not self.short:
            return sides
        front = self.front[first : last + 1]
        back = (self.left + self.right)[first : last + 1] - front
        everything = np.concatenate([sides, front, back])
        return cv2.convexHull(everything.astype(np.float32))[:, 0]


def loft(postures: Posture, build: Build, height: np.ndarray) -> list[Torso]:
    """The trunks of P postures of the heights (P,) px, the middle of the hips at (0, 0)."""
    down, wide, deep = _SECTIONS.T
    blend = np.clip((down - 0.11) / 0.14, 0, 1)
    hips = np.clip((down - 0.15) / 0.08, 0, 1)
    size = height[:, None, None]
    wide = wide * ((1 - hips) * build.shoulders[:, None] + hips * build.hips[:, None])
    wide = wide * (0.7 + 0.3 * build.girth[:, None])
    deep = deep * build.girth[:, None]
    axes = [
        (1 - blend)[:, None] * postures.chest[:, None, :, a] + blend[:, None] * postures.trunk[:, None, :, a]
        for a in range(3)
    ]
    below = np.maximum(down - _WAIST_AT, 0)[:, None]
    above = np.minimum(down - _WAIST_AT, 0)[:, None]
    spine = postures.waist[:, None] + below * postures.trunk[:, None, :, 1] + above * postures.chest[:, None, :, 1]
    spine = spine * size
    across, through = (axes[0] * wide[..., None] * size)[..., :2], (axes[2] * deep[..., None] * size)
    side = normals(np.gradient(spine[..., :2], axis=1))
    reach = np.sqrt((across * side).sum(-1) ** 2 + (through[..., :2] * side).sum(-1) ** 2)[..., None] * side
    left, right, front = spine[..., :2] + reach, spine[..., :2] - reach, spine[..., :2] + through[..., :2]
    length = np.sqrt(((spine[:, -1] - spine[:, 0])[:, :2] ** 2).sum(-1)) / height
    return [
        Torso(
            left[p], right[p], front[p], float(postures.chest[p, 2, 2]), float(spine[p, 2:8, 2].mean()),
            float(spine[p, 9:, 2].mean()), spine[p, 1], -postures.chest[p, :, 1], bool(length[p] < 0.26),
        )
        for p in range(len(height))
    ]  # fmt: skip


def draw_shirt(strokes: Strokes, look: Look, torso: Torso, height: float, fine: bool, part: int) -> None:
    """The shirt with its pattern, collar, shade and contour."""
    hem = _HEM if look.seed % 2 else _HEM - 1
    outline = torso.outline(0, hem)
    strokes.fill(outline, look.shirt, part)
    if fine and not torso.short:
        PATTERNS[look.pattern](strokes, look, torso, hem)
    if not fine:
        return
    if torso.facing > 0.25 and not torso.short:  # the neckline
        at = torso.at(np.array([0.8, 0.9, 0.25, -0.25, -0.9, -0.8]), np.array([0, 0.6, 2.6, 2.6, 0.6, 0]))
        strokes.fill(at, shade(look.skin, 0.95))
    if not torso.short:
        dark = 1.0 if (torso.left[5] - torso.right[5]) @ (1.0, 0.6) > 0 else -1.0
        rows = np.arange(3, hem + 1)
        inner, outer = torso.at(np.full(len(rows), 0.62 * dark), rows), torso.at(np.full(len(rows), 0.98 * dark), rows)
        if look.pattern in ("plain", "emblem", "jacket"):
            strokes.fill(np.concatenate([inner, outer[::-1]]), shade(look.shirt, 0.88))
    strokes.contour(outline, shade(look.shirt, 0.72), max(1, round(height * 0.0035)))


def draw_hips(
    strokes: Strokes, look: Look, torso: Torso, skirt: tuple | None, height: float, fine: bool, part: int
) -> None:
    """The upper part of trousers, or a skirt down to its hem."""
    last = len(torso.left) - 1
    outline = torso.outline(_BELT, last)
    if skirt is not None:
        hem, radii = skirt
        down = hem.mean(0) - (torso.left[last] + torso.right[last]) / 2
        down = down / max(np.sqrt(down @ down), 1e-6)
        out = np.array([down[1], -down[0]])
        corners = np.concatenate([hem + radii[:, None] * out, hem - radii[:, None] * out])
        outline = cv2.convexHull(np.concatenate([torso.outline(_BELT, last - 1), corners]).astype(np.float32))[:, 0]
    strokes.fill(outline, look.bottom_color, part)
    if fine and skirt is not None:
        strokes.contour(outline, shade(look.bottom_color, 0.72), max(1, round(height * 0.0035)))


# --- patterns: each paints over a shirt that is already filled ---


def _band(strokes: Strokes, torso: Torso, color: tuple, low: float, high: float) -> None:
    """Across the body between two sections."""
    rows = np.array([low, (low + high) / 2, high])
    left, right = torso.at(np.ones(3), rows), torso.at(-np.ones(3), rows)
    strokes.fill(np.concatenate([left, right[::-1]]), color)


def _strip(strokes: Strokes, torso: Torso, color: tuple, low: float, high: float, hem: int) -> None:
    """Down the body between two places across."""
    rows = np.arange(2, hem + 1)
    left, right = torso.at(np.full(len(rows), high), rows), torso.at(np.full(len(rows), low), rows)
    strokes.fill(np.concatenate([left, right[::-1]]), color)


def _plain(strokes: Strokes, look: Look, torso: Torso, hem: int) -> None:
    return


def _stripes(strokes: Strokes, look: Look, torso: Torso, hem: int) -> None:
    step = 1.2 + look.seed % 4 * 0.4
    for low in np.arange(3.2, hem - 0.4 * step, step):
        _band(strokes, torso, look.accent, low, low + 0.45 * step)


def _hoops(strokes: Strokes, look: Look, torso: Torso, hem: int) -> None:
    step = 0.25 + look.seed % 3 * 0.1
    for low in np.arange(-0.95, 0.95, step):
        _strip(strokes, torso, look.accent, low, min(1.0, low + 0.45 * step), hem)


def _checks(strokes: Strokes, look: Look, torso: Torso, hem: int) -> None:
    middle = tuple((a + b) // 2 for a, b in zip(look.shirt, look.accent, strict=True))
    for low in np.arange(-0.9, 0.95, 0.4):
        _strip(strokes, torso, middle, low, min(1.0, low + 0.2), hem)
    for low in np.arange(3.2, hem - 0.5, 1.3):
        _band(strokes, torso, middle, low, low + 0.6)
        for left in np.arange(-0.9, 0.95, 0.4):
            rows, right = np.array([low, low, low + 0.6, low + 0.6]), min(1.0, left + 0.2)
            strokes.fill(torso.at(np.array([left, right, right, left]), rows), look.accent)


def _dots(strokes: Strokes, look: Look, torso: Torso, hem: int) -> None:
    radius = 0.1 * np.abs(torso.left - torso.right).max() / 2
    for n, row in enumerate(np.arange(3.4, hem - 0.3, 1.1)):
        for center in torso.at(np.arange(-0.8, 0.85, 0.4) + 0.2 * (n % 2) - 0.1, np.full(5, row)):
            strokes.fill(center + radius * _OCTAGON, look.accent)


def _speckles(strokes: Strokes, look: Look, torso: Torso, hem: int) -> None:
    rng = np.random.default_rng(look.seed)
    size = np.abs(torso.left - torso.right).max() / 2
    places = torso.at(rng.uniform(-0.82, 0.82, 26), rng.uniform(3.3, hem - 0.6, 26))
    for n, (center, r) in enumerate(zip(places, rng.uniform(0.04, 0.15, 26), strict=True)):
        color = look.accent if n % 2 else shade(look.shirt, 0.75)
        strokes.fill(center + r * size * _OCTAGON * rng.uniform(0.6, 1.3, (8, 1)), color)


def _block(strokes: Strokes, look: Look, torso: Torso, hem: int) -> None:
    _band_rows(strokes, torso, look.accent, 6.0 + look.seed % 3, hem)


def _band_rows(strokes: Strokes, torso: Torso, color: tuple, first: float, last: float) -> None:
    rows = np.linspace(first, last, 6)
    strokes.fill(np.concatenate([torso.at(np.ones(6), rows), torso.at(-np.ones(6), rows)[::-1]]), color)


def _gradient(strokes: Strokes, look: Look, torso: Torso, hem: int) -> None:
    rows = np.linspace(3, hem, 9)
    for n, (low, high) in enumerate(pairwise(rows)):
        t = n / 7
        color = tuple(int((1 - t) * a + t * b) for a, b in zip(look.shirt, look.accent, strict=True))
        _band(strokes, torso, color, low, high)


def _emblem(strokes: Strokes, look: Look, torso: Torso, hem: int) -> None:
    if torso.facing < 0.3:
        return
    center = (torso.front[6] + (torso.left[6] + torso.right[6]) / 2) / 2
    radius = np.abs(torso.left[6] - torso.right[6]).max() * 0.2
    strokes.fill(center + radius * _OCTAGON, look.accent)
    strokes.fill(center + 0.55 * radius * _OCTAGON, look.shirt)


def _jacket(strokes: Strokes, look: Look, torso: Torso, hem: int) -> None:
    """Open at the front, which moves to the side as the body turns."""
    if torso.facing < 0.2:
        return
    half = (torso.left - torso.right)[7] / 2
    middle = (torso.front[7] - (torso.left + torso.right)[7] / 2) @ half / (half @ half)
    _strip(strokes, torso, look.accent, max(-0.95, middle - 0.28), min(0.95, middle + 0.28), hem)


_OCTAGON = np.stack([np.cos(np.arange(8) * np.pi / 4), np.sin(np.arange(8) * np.pi / 4)], -1)
PATTERNS = {
    "plain": _plain, "stripes": _stripes, "hoops": _hoops, "checks": _checks, "dots": _dots, "speckles": _speckles,
    "block": _block, "gradient": _gradient, "emblem": _emblem, "jacket": _jacket,
}  # fmt: skip
