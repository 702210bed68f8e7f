"""Heads of the drawn people: an ellipsoid with hair, face and hat as caps, consistent from every view."""

from __future__ import annotations

import numpy as np

from bupose.synthetic.landmarks import FACE_LANDMARKS, FACE_LOOKS, HEAD_RADII
from bupose.synthetic.look import Look
from bupose.synthetic.pose import HEAD_POINTS
from bupose.synthetic.shapes import Strokes, cap, discs_hull, ellipsoid, shade

FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
# Direction of a feature (left, down, forward), and the cosine down to which it is visible.
_LOOKS = {
    "nose": ((0.0, 0.0, 1.0), -0.3), "left_eye": ((0.42, 0.0, 0.91), 0.08), "right_eye": ((-0.42, 0.0, 0.91), 0.08),
    "left_ear": ((1.0, 0.0, 0.0), -0.3), "right_ear": ((-1.0, 0.0, 0.0), -0.3),
}  # fmt: skip
_CONTOUR = np.array(["contour" in j or j == "chin" for j in FACE_LANDMARKS])  # seen on the head's rim, too
_FACING = np.concatenate([[_LOOKS[j][0] for j in FACE], FACE_LOOKS])
_LEAST = np.concatenate([[_LOOKS[j][1] for j in FACE], np.where(_CONTOUR, -0.3, 0.08)])
_FACE_TOWARD = {"short": 66, "crop": 78, "long": 62, "bob": 60, "bun": 72, "ponytail": 72, "bald": 180, "curly": 64}


def _unit(*v: float) -> np.ndarray:
    return np.array(v) / np.sqrt(np.dot(v, v))


_FACE_AXIS, _BEARD_AXIS = _unit(0, 0.42, 0.9), _unit(0, 0.8, 0.62)
_CAP_AXIS, _BEANIE_AXIS = _unit(0, -1, 0.12), _unit(0, -1, -0.1)
_LONG_HAIR = np.array([[0, -0.01, -0.03], [0, 0.05, -0.055], [0, 0.16, -0.075]])


def faces_viewer(head: np.ndarray) -> np.ndarray:
    """bool (P, 73): whether each of ``FACE`` and ``FACE_LANDMARKS`` is on the visible side of the heads (P, 3, 3)."""
    return head[:, 2] @ _FACING.T > _LEAST


def draw_hair_behind(strokes: Strokes, look: Look, center: np.ndarray, head: np.ndarray, hang: np.ndarray, part: int):
    """The hair that hangs down the back.

    Parameters
    ----------
    center : float64 array (3,), px
    head : float64 array (3, 3), px
        Axes of the head, as long as the body is tall (times the head's own size).
    hang : float64 array (3,), px
        Down the back, as long as the body is tall.
    """
    size = float(np.sqrt((head[:, 0] ** 2).sum()))
    if look.hair_style in ("long", "bob"):
        reach = 0.16 if look.hair_style == "long" else 0.085
        back = center - 0.012 * head[:, 2]
        ends = np.stack([back, back + 0.55 * reach * hang - 0.012 * head[:, 2], back + reach * hang])[:, :2]
        across = 0.03 * head[:2, 0]
        places = np.concatenate([ends + across, ends - across])
        strokes.fill(discs_hull(places, size * np.array([0.05, 0.045, 0.03] * 2)), shade(look.hair, 0.86), part)
    elif look.hair_style == "ponytail":
        root = center - 0.07 * head[:, 2] - 0.02 * head[:, 1]
        ends = np.stack([root, root + 0.06 * hang - 0.03 * head[:, 2], root + 0.13 * hang - 0.02 * head[:, 2]])
        strokes.fill(discs_hull(ends[:, :2], size * np.array([0.018, 0.024, 0.01])), shade(look.hair, 0.86), part)


def draw_head(
    strokes: Strokes, look: Look, center: np.ndarray, head: np.ndarray, seen: dict[str, bool], hair: int, part: int
) -> None:
    """The head; arguments as for the hair, ``seen`` flags the visible features."""
    size = float(np.sqrt((head[:, 0] ** 2).sum()))
    detail = size * HEAD_RADII[1]  # px of half a head
    skull, skin = head * HEAD_RADII, look.skin
    dark = shade(skin, 0.84)
    at = {j: center + head @ np.array(p) for j, p in HEAD_POINTS.items()}

    def ear(joint: str) -> None:
        axes = head * (0.009, 0.018, 0.013)
        strokes.fill(ellipsoid(at[joint], axes), dark, part)

    far, near = sorted(("left_ear", "right_ear"), key=lambda j: at[j][2])
    ear(far)
    if look.hair_style == "bald":
        strokes.fill(ellipsoid(center, skull), skin, part)
    else:
        thick = {"curly": 1.22, "crop": 1.03, "bob": 1.13, "long": 1.12}.get(look.hair_style, 1.08)
        middle = center - head @ np.array([0, 0.006, 0.006])
        if look.hair_style == "bun":
            bun = center - 0.062 * head[:, 1] - 0.045 * head[:, 2]
            strokes.fill(ellipsoid(bun, head * 0.027), shade(look.hair, 0.9), hair)
        strokes.fill(ellipsoid(middle, skull * thick), look.hair, part)
        if detail > 9 and head[2, 2] < 0.2 * size:  # a parting, seen from the back
            strokes.fill(ellipsoid(middle + 0.2 * skull[:, 1], skull * (0.7, 0.72, 0.7)), shade(look.hair, 0.9))
    face = cap(center, skull, _FACE_AXIS, _FACE_TOWARD[look.hair_style])
    if face is not None:
        strokes.fill(face, skin, part)
        if look.beard and (beard := cap(center, skull * 1.02, _BEARD_AXIS, 50)) is not None:
            strokes.fill(beard, shade(look.hair, 1.1) if look.hair_style != "bald" else (70, 50, 40), part)
    if detail > 3.5:
        _draw_features(strokes, look, at, head, seen, part)
    if look.hair_style not in ("long", "bob", "curly") or seen[near] is False:
        ear(near)
    if look.hat:
        _draw_hat(strokes, look, center, head, part)


def _draw_features(
    strokes: Strokes, look: Look, at: dict[str, np.ndarray], head: np.ndarray, seen: dict[str, bool], part: int
) -> None:
    size = float(np.sqrt((head[:, 0] ** 2).sum()))
    skin, fine = look.skin, size * HEAD_RADII[1] > 9
    brow = shade(look.hair, 0.8) if look.hair_style != "bald" else (70, 50, 40)
    for eye in ("left_eye", "right_eye"):
        if not seen[eye]:
            continue
        if fine:
            strokes.fill(ellipsoid(at[eye], head * (0.0125, 0.0085, 0.008)), (250, 250, 248))
            strokes.fill(ellipsoid(at[eye] + 0.002 * head[:, 2], head * (0.0062, 0.0075, 0.004)), (44, 34, 32))
            line = at[eye] + np.array([-0.013, 0.0, 0.013])[:, None] * head[:, 0]
            line = line - np.array([0.017, 0.021, 0.017])[:, None] * head[:, 1]
            strokes.line(line[:, :2], brow, max(1, round(size * 0.005)))
        else:
            strokes.fill(ellipsoid(at[eye], head * (0.0095, 0.0105, 0.008)), (44, 34, 32))
        if look.glasses:
            strokes.contour(
                ellipsoid(at[eye], head * (0.0185, 0.0165, 0.006)), (40, 40, 46), max(1, round(size * 0.004))
            )
    if seen["nose"]:
        bridge = at["nose"] - 0.016 * head[:, 1] - 0.012 * head[:, 2]
        nose = discs_hull(np.stack([bridge, at["nose"]])[:, :2], size * np.array([0.005, 0.0095]))
        strokes.fill(nose, shade(skin, 0.86), part)
    mouth = at["nose"] + 0.024 * head[:, 1] - 0.011 * head[:, 2]
    if head[2, 2] > 0.25 * size:
        if look.seed % 3 == 0 and fine:
            side = np.array([-0.017, -0.009, 0.0, 0.009, 0.017])[:, None] * head[:, 0]
            smile = mouth + side + np.array([0.0, 0.009, 0.012, 0.009, 0.0])[:, None] * head[:, 1]
            strokes.fill(smile[:, :2], (250, 246, 242))
            strokes.contour(smile[:, :2], (150, 60, 60))
        else:
            strokes.fill(ellipsoid(mouth + 0.003 * head[:, 1], head * (0.016, 0.0042, 0.004)), (176, 78, 74))


def _draw_hat(strokes: Strokes, look: Look, center: np.ndarray, head: np.ndarray, part: int) -> None:
    radii = HEAD_RADII * 1.14
    axis, reach = (_CAP_AXIS, 68) if look.hat == "cap" else (_BEANIE_AXIS, 76)
    peak = None
    if look.hat == "cap":
        front = center - 0.028 * head[:, 1] + 0.07 * head[:, 2]
        peak = ellipsoid(front, head * (0.048, 0.008, 0.045))
    if peak is not None and head[2, 2] <= 0:
        strokes.fill(peak, shade(look.hat_color, 0.8), part)
    dome = cap(center, head * radii, axis, reach)
    if dome is not None:
        strokes.fill(dome, look.hat_color, part)
    if peak is not None and head[2, 2] > 0:
        strokes.fill(peak, shade(look.hat_color, 0.8), part)
