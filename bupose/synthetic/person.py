"""Drawn people: from postures in space to ordered polygons in the picture, with joint positions."""

from __future__ import annotations

from functools import cache

import numpy as np

from bupose.skeleton import Skeleton
from bupose.synthetic.figure import Figure
from bupose.synthetic.hand import draw_hand
from bupose.synthetic.head import FACE, draw_hair_behind, draw_head, faces_viewer
from bupose.synthetic.landmarks import FACE_LANDMARKS, HAND
from bupose.synthetic.look import Look
from bupose.synthetic.pose import BODY, WHOLE_BODY, Build, Posture
from bupose.synthetic.shapes import STEPS, Strokes, capsules, discs_hull, shade
from bupose.synthetic.torso import Torso, draw_hips, draw_shirt, loft

PARTS = (
    "hair", "head", "neck", "torso", "hips", "left_upper_arm", "right_upper_arm", "left_forearm", "right_forearm",
    "left_hand", "right_hand", "left_thigh", "right_thigh", "left_shank", "right_shank", "left_foot", "right_foot",
)  # fmt: skip
PART = {name: n + 1 for n, name in enumerate(PARTS)}

# A joint is visible where one of these parts is the nearest.
_SHOWING = {
    "shoulder": ("torso", "hair", "_upper_arm"), "elbow": ("_upper_arm", "_forearm"), "wrist": ("_forearm", "_hand"),
    "hip": ("hips", "torso", "_thigh"), "knee": ("_thigh", "_shank", "hips"), "ankle": ("_shank", "_foot"),
    "big_toe": ("_foot",), "small_toe": ("_foot",), "heel": ("_foot",), "neck": ("torso", "neck", "head", "hair"),
    "mid_hip": ("hips", "torso", "left_thigh", "right_thigh"), "top_head": ("head", "hair"),
    "nose": ("head",), "eye": ("head",), "ear": ("head",),
    **{j.removeprefix("left_").removeprefix("right_"): ("head",) for j in FACE_LANDMARKS},
    **{j: ("_forearm", "_hand") if j == "hand_root" else ("_hand",) for j in HAND},
}  # fmt: skip


@cache
def shown_by(body: Skeleton) -> np.ndarray:
    """bool (K, parts + 1)."""
    table = np.zeros((len(body.joints), len(PARTS) + 1), bool)
    for k, joint in enumerate(body.joints):
        side, _, kind = joint.partition("_") if joint.startswith(("left_", "right_")) else ("", "", joint)
        for part in _SHOWING[kind]:
            table[k, PART[side + part if part.startswith("_") else part]] = True
    return table


# Half widths (body heights) at 0, 0.35, 0.7 and 1 of the way.
_RADII = {
    "upper_arm": (0.030, 0.029, 0.026, 0.023), "forearm": (0.023, 0.025, 0.020, 0.0155),
    "hand": (0.0155, 0.020, 0.019, 0.011), "thigh": (0.048, 0.050, 0.044, 0.035),
    "shank": (0.035, 0.037, 0.028, 0.020),
}  # fmt: skip
_BARS = tuple((side, kind) for kind in _RADII for side in ("left_", "right_"))
_BAR_RADII = np.array([_RADII[kind] for _, kind in _BARS])
_WIDENING = np.array([kind == "shank" for _, kind in _BARS])[:, None] & (np.arange(4) > 0)  # wide trousers, downwards
_ENDS = {
    "upper_arm": ("shoulder", "elbow"), "forearm": ("elbow", "wrist"), "thigh": ("hip", "knee"),
    "shank": ("knee", "ankle"),
}  # fmt: skip
_FLAT = np.r_[0:4, 8:16]  # a capsule's outline without its far end


def draw_people(
    postures: Posture, build: Build, looks: list[Look], height: np.ndarray, body: Skeleton = BODY
) -> list[Figure]:
    """Turn postures into figures, with the centre of the hips at (0, 0).

    Parameters
    ----------
    height : float64 array (P,), px
        Body heights.
    body : ``BODY`` or ``WHOLE_BODY``
        Whose joints the postures are of; the whole body's hands have fingers.
    """
    joints = postures.joints * height[:, None, None]
    torsos = loft(postures, build, height)
    away = averted(postures, body)
    figures = []
    for p, look in enumerate(looks):
        place = dict(zip(body.joints, joints[p], strict=True))
        center = height[p] * postures.head_center[p]
        tips = height[p] * postures.hands[p]
        parts = _Parts(place, tips, height[p], build.girth[p], look)
        pieces = parts.limbs(body is WHOLE_BODY)
        pieces += parts.trunk(torsos[p])
        size = height[p] * build.head[p]
        pieces += _head_pieces(look, center, size * postures.head[p], height[p] * postures.chest[p], away[p])
        pieces.sort(key=lambda piece: piece[0])
        strokes = Strokes([s for _, piece in pieces for s in piece.listed])
        figures.append(Figure(strokes, joints[p, :, :2], shown_by(body), away[p], float(height[p])))
    return figures


def averted(postures: Posture, body: Skeleton) -> np.ndarray:
    """bool (P, K): joints on the side of the body that is turned away."""
    away = np.zeros(postures.joints.shape[:2], bool)
    face = (*FACE, *FACE_LANDMARKS) if body is WHOLE_BODY else FACE
    away[:, [body.index[j] for j in face]] = ~faces_viewer(postures.head)[:, : len(face)]
    for side in ("left_", "right_"):  # the shoe hides its own heel from the front
        heel, toe = (postures.joints[:, BODY.index[side + j]] for j in ("heel", "big_toe"))
        away[:, BODY.index[side + "heel"]] = (toe - heel)[:, 2] > 0.07
    return away


def _head_pieces(look: Look, center: np.ndarray, head: np.ndarray, chest: np.ndarray, away: np.ndarray) -> list:
    hair, front = Strokes(), Strokes()
    seen = {j: not away[BODY.index[j]] for j in FACE}
    draw_hair_behind(hair, look, center, head, chest[:, 1] - 0.25 * chest[:, 2], PART["hair"])
    draw_head(front, look, center, head, seen, PART["hair"], PART["head"])
    behind = center[2] - 0.09 * head[2, 2]
    return [(behind, hair), (center[2] + 0.02 * float(np.abs(head).max()), front)]


class _Parts:
    """Strokes of one person's limbs and trunk; each piece comes with its depth."""

    def __init__(self, place: dict, tips: np.ndarray, height: float, girth: float, look: Look) -> None:
        self.place, self.height, self.girth, self.look = place, height, girth, look
        start, end = np.empty((2, len(_BARS), 3))
        for n, (side, kind) in enumerate(_BARS):
            if kind == "hand":
                start[n], end[n] = place[side + "wrist"], tips[0 if side == "left_" else 1]
            else:
                start[n], end[n] = (place[side + j] for j in _ENDS[kind])
        radii = _BAR_RADII * height * (0.45 + 0.55 * girth)
        self.start, self.end = start, end
        self.depth = (start[:, 2] + end[:, 2]) / 2
        self.width = max(1, round(height * 0.0035))
        self.fine = height > 48
        self.covered = np.array([_covered(look, kind) for _, kind in _BARS])
        cloth_end = start + self.covered[:, None] * (end - start)
        starts = np.concatenate([start, start])[:, :2]
        ends = np.concatenate([end, cloth_end])[:, :2]
        self.outline, self.shadow = capsules(starts, ends, np.concatenate([radii, self._cloth_radii(radii)]))

    def _cloth_radii(self, radii: np.ndarray) -> np.ndarray:
        """Half widths of sleeves and trouser legs, as far as they cover the bars of ``radii``."""
        at = [np.interp(c * STEPS, STEPS, r) for c, r in zip(self.covered, radii, strict=True)]
        return (np.stack(at) * 1.06 + 0.003 * self.height) * np.where(_WIDENING, self.look.loose, 1.0)

    def limbs(self, fingers: bool) -> list[tuple[float, Strokes]]:
        """Arms and legs, bare and clothed."""
        look, pieces = self.look, []
        for n, (side, kind) in enumerate(_BARS):
            piece, part = Strokes(), PART[side + kind]
            if kind == "hand" and fingers:
                draw_hand(piece, {j: self.place[side + j] for j in HAND}, self.height, look.skin, part)
                pieces.append((self.depth[n] + 0.024 * self.height, piece))
                continue
            arm, covered = kind not in ("thigh", "shank"), self.covered[n]
            if covered < 1:
                self._bar(piece, self.outline[n], self.shadow[n], look.skin, part)
            if covered > 0:
                outline, shadow = self.outline[n + len(_BARS)], self.shadow[n + len(_BARS)]
                color, open_end = look.shirt if arm else look.bottom_color, kind in ("forearm", "shank") or covered < 1
                self._bar(piece, outline[_FLAT] if open_end else outline, shadow, color, part)
                if arm and look.pattern == "stripes" and self.fine:
                    _stripe(piece, outline, look.accent)
            pieces.append((self.depth[n] + (0.024 * self.height if arm else 0.0), piece))
        return pieces + [self._foot(side) for side in ("left", "right")]

    def _bar(self, piece: Strokes, outline: np.ndarray, shadow: np.ndarray, color: tuple, part: int) -> None:
        piece.fill(outline, color, part)
        if self.fine:
            piece.fill(shadow, shade(color, 0.88))
            for side in (outline[:4], outline[-8:-4]):  # no outlines around joints, which would look like a doll's
                piece.line(side, shade(color, 0.72), self.width)
            if len(outline) < 16:
                piece.line(outline[3:5], shade(color, 0.72), self.width)

    def _foot(self, side: str) -> tuple[float, Strokes]:
        place = [self.place[f"{side}_{j}"] for j in ("ankle", "heel", "big_toe", "small_toe")]
        radii = self.height * np.array([0.020, 0.0185, 0.0165, 0.0155])
        piece, xyz = Strokes(), np.stack(place)
        outline = discs_hull(xyz[:, :2], radii)
        piece.fill(outline, self.look.shoe, PART[side + "_foot"])
        if self.fine:
            sole = discs_hull(xyz[1:, :2] + (xyz[1:, :2] - xyz[:1, :2]) * 0.12, radii[1:] * 0.55)
            piece.fill(sole, shade(self.look.shoe, 0.82))
            piece.contour(outline, shade(self.look.shoe, 0.68), self.width)
        return xyz[:, 2].mean() - 0.004 * self.height, piece

    def trunk(self, torso: Torso) -> list[tuple[float, Strokes]]:
        """Neck, shirt, and trousers' or skirt's upper part."""
        look, height = self.look, self.height
        neck, hips, shirt = Strokes(), Strokes(), Strokes()
        base, top = torso.collar, self.place["neck"] + torso.up * 0.085 * height
        outline, _ = capsules(base[None, :2], top[None, :2], np.full((1, 4), 0.029 * height * self.girth**0.5))
        neck.fill(outline[0], shade(look.skin, 0.9), PART["neck"])
        draw_hips(hips, look, torso, self._skirt(), height, self.fine, PART["hips"])
        draw_shirt(shirt, look, torso, height, self.fine, PART["torso"])
        facing = 0.02 if torso.facing > 0 else -0.02
        depth = torso.depth
        return [
            (depth + (0.012 + facing) * height, neck),
            (torso.hip_depth + (0.004 if look.bottom == "trousers" else 0.06) * height, hips),
            (depth + 0.012 * height, shirt),
        ]

    def _skirt(self) -> tuple[np.ndarray, np.ndarray] | None:
        if self.look.bottom != "skirt":
            return None
        n = [_BARS.index(("left_", "thigh")), _BARS.index(("right_", "thigh"))]
        reach = min(1.0, self.look.leg * 2)
        hem = (self.start[n] + reach * (self.end[n] - self.start[n]))[:, :2]
        return hem, np.full(2, 0.06 * self.height * self.look.loose)


def _stripe(piece: Strokes, outline: np.ndarray, color: tuple) -> None:
    """Bands across a sleeve."""
    sides = outline[:4], outline[8:12][::-1]
    for low in (0.12, 0.42, 0.72):
        rows = np.array([low, low + 0.13]) * 3
        first = rows.astype(int)
        t = (rows - first)[:, None]
        left, right = (side[first] * (1 - t) + side[first + 1] * t for side in sides)
        piece.fill(np.concatenate([left, right[::-1]]), color)


def _covered(look: Look, kind: str) -> float:
    """How much of a limb's bar the sleeve or trouser leg covers."""
    if kind == "hand" or (look.bottom == "skirt" and kind in ("thigh", "shank")):
        return 0.0
    share = look.sleeve if kind in ("upper_arm", "forearm") else look.leg
    if kind in ("upper_arm", "thigh"):
        return min(2 * share, 1.0)
    return min(max(2 * share - 1, 0.0), 0.96)
