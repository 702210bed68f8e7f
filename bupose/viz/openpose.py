"""Pose pictures that image generators are steered by: OpenPose's limbs in the colours of the rainbow, on black."""

from __future__ import annotations

import cv2
import numpy as np

from bupose.people import People
from bupose.skeletons import COCO18, OPENPOSE_PARTS

# What ControlNet was trained with (controlnet_aux, open_pose/util.py): widths in pixels, limbs at 0.6 of the colour.
_LIMBS = COCO18.limb_joints[:17]  # without those from ear to shoulder
_LIMB, _JOINT, _FACE, _FINGER = 4, 4, 3, 2  # half a limb's width, radii, and the width of a finger
_DIM = 0.6
_FINGERS = [(0 if n % 4 == 0 else n, n + 1) for n in range(20)]  # from the wrist, four bones each
FAR = 1e4  # pixels; joints farther away are not drawn


def draw_openpose(
    people: People, size: tuple[int, int], *, body: bool = True, hands: bool = False, face: bool = False
) -> np.ndarray:
    """A pose picture as ControlNet's OpenPose annotator draws it.

    Parameters
    ----------
    people : People
        In the picture's pixels; joints are found by name, and a neck is derived from the shoulders.
    size : (width, height)
        Of the picture; lines are as wide as customary for 512 pixels.
    body, hands, face : bool
        What is drawn; hands and faces only if the skeleton has all their joints.

    Returns
    -------
    uint8 array (height, width, 3), RGB
    """
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    for n in range(len(people)):
        one = people[n]
        if body:
            _draw_body(picture, one.to(COCO18).xy[0])
        for part, joints in OPENPOSE_PARTS.items():
            if (face if part == "face" else hands) and set(joints) <= set(one.skeleton.index):
                xy = one.xy[0, [one.skeleton.index[j] for j in joints]]
                _draw_face(picture, xy) if part == "face" else _draw_hand(picture, xy)
    return picture


def rainbow(count: int) -> list[tuple[int, int, int]]:
    """RGB of ``count`` hues from red on, evenly spaced, 0 to 255."""
    sixths = 6 * np.arange(count)[:, None] / count + [0, 4, 2]
    return [tuple(rgb) for rgb in np.rint(255 * np.clip(np.abs(sixths % 6 - 3) - 1, 0, 1)).astype(int).tolist()]


def _draw_body(picture: np.ndarray, xy: np.ndarray) -> None:
    colors = rainbow(len(xy))
    for (a, b), color in zip(_LIMBS, colors, strict=False):
        if _is_near(xy[[a, b]]):
            along = (xy[b] - xy[a]).astype(np.float64)
            middle, angle = (xy[a] + xy[b]).astype(np.float64) / 2, np.degrees(np.arctan2(along[1], along[0]))
            box = middle.tolist(), (float(np.hypot(*along)), 2.0 * _LIMB), float(angle)
            cv2.ellipse(picture, box, [int(_DIM * c) for c in color], cv2.FILLED)
    for place, color in zip(xy, colors, strict=True):
        _dot(picture, place, _JOINT, color)


def _draw_hand(picture: np.ndarray, xy: np.ndarray) -> None:
    for (a, b), color in zip(_FINGERS, rainbow(len(_FINGERS)), strict=True):
        if _is_near(xy[[a, b]]):
            cv2.line(picture, _pixel(xy[a]), _pixel(xy[b]), color, _FINGER)
    for place in xy:
        _dot(picture, place, _JOINT, (0, 0, 255))


def _draw_face(picture: np.ndarray, xy: np.ndarray) -> None:
    for place in xy:
        _dot(picture, place, _FACE, (255, 255, 255))


def _dot(picture: np.ndarray, place: np.ndarray, radius: int, color: tuple[int, int, int]) -> None:
    if _is_near(place):
        cv2.circle(picture, _pixel(place), radius, color, cv2.FILLED)


def _is_near(xy: np.ndarray) -> bool:
    """Whether all of these joints are there (NaN is not), and near enough to be drawn."""
    return bool((np.abs(xy) < FAR).all())


def _pixel(place: np.ndarray) -> tuple[int, int]:
    return round(float(place[0])), round(float(place[1]))
