"""People drawn over a photo."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from bupose.errors import InputError
from bupose.people import People
from bupose.skeleton import Skeleton
from bupose.viz.captions import CASING, draw_boxes, write_labels
from bupose.viz.rgb import as_rgb
from bupose.wording import counted

SHIFT = 4  # cv2 draws at 1/16 px
FAR = 1e6  # px; joints farther away are ignored, as they would overflow cv2's integers
SPARE = 4  # px of margin for drawing, as cv2 does not anti-alias at an array's border
_ARC = np.linspace(-np.pi / 2, np.pi / 2, 6)
_CIRCLE = np.linspace(0, 2 * np.pi, 17)[:-1]


def draw_people(
    image: np.ndarray,
    people: People,
    *,
    width: float = 1.0,
    opacity: float = 0.9,
    min_score: float = 0.0,
    labels: Sequence[str] | None = None,
    person_colors: np.ndarray | None = None,
    boxes: bool = False,
) -> np.ndarray:
    """Draw people over a photo.

    Limbs have the skeleton's colours (warm: the person's left, cool: their right), a width proportional to the person,
    and fade with low joint scores. A completed joint is a ring, with fainter limbs; a hidden one has a dark centre.
    Further parts (feet, hands, face) are drawn finer. The best person is on top.

    Parameters
    ----------
    image : array (H, W), (H, W, 3) or (H, W, 4)
        Grey, RGB or RGBA; uint8, uint16, bool or floats in [0, 1]. It is not modified.
    people : People
        In the image's pixels; they may extend beyond it.
    width : float
        Factor on every line and joint.
    opacity : float
        Opacity of a joint of score 1, in [0, 1].
    min_score : float
        Joints below it are left out.
    labels : sequence of P strings, optional
        Written above each person: a score, a number.
    person_colors : uint8 array (P, 3), optional
        RGB; one colour per person instead of per limb.
    boxes : bool
        Draw boxes around each person's drawn joints, in their colour, else white.

    Returns
    -------
    uint8 array (H, W, 3), RGB

    Raises
    ------
    InputError
        The image is not a picture, or there is a wrong number of labels or colours.
    """
    picture = as_rgb(image)
    if not isinstance(people, People):
        raise InputError(f"only People can be drawn; got {type(people).__name__}")
    for name, given in (("labels", labels), ("person_colors", person_colors)):
        if given is not None and len(given) != len(people):
            got = f"{counted(len(given), 'entry')} for {counted(len(people), 'person')}"
            raise InputError(f"{name} has {got}; give one for each, or none")
    if not len(people):
        return picture
    with np.errstate(invalid="ignore"):
        shown = people.present & (people.score >= min_score) & (np.abs(people.xy) < FAR).all(2)
    xy = np.where(shown[..., None], people.xy, 0)
    person_width, wide, radius = _sizes(xy, shown, people.skeleton, picture.shape, width)
    region = _region(xy, shown, 2 * person_width, picture.shape)
    if region is not None:
        left, top, right, bottom = region
        alpha, colors = _alpha(people, opacity), _colors(people, person_colors)
        strokes = _paint(region, people, xy, shown, wide, radius, alpha, colors)
        part = picture[top:bottom, left:right]
        # strokes are premultiplied by opacity, so that one multiplication and one sum blend them all
        rest = cv2.cvtColor(255 - strokes[..., 3], cv2.COLOR_GRAY2RGB)
        part[:] = cv2.add(cv2.multiply(part, rest, scale=1 / 255), cv2.cvtColor(strokes, cv2.COLOR_RGBA2RGB))
    if boxes:
        draw_boxes(picture, xy, shown, person_width, person_colors)
    if labels is not None:
        write_labels(picture, labels, xy, shown)
    return picture


def _sizes(xy: np.ndarray, shown: np.ndarray, skeleton: Skeleton, shape: tuple, factor: float) -> tuple:
    """Pixels: line width of each person (P,) and limb (P, L), and radius of each joint (P, K)."""
    low = np.where(shown[..., None], xy, np.inf).min(1)
    high = np.where(shown[..., None], xy, -np.inf).max(1)
    span = np.where(shown.any(1), np.hypot(*np.where(np.isfinite(high - low), high - low, 0).T), 0)
    side = np.sqrt(shape[0] * shape[1])
    thin = np.maximum(1.2, np.minimum(0.003 * side, 0.04 * span))
    person = factor * np.clip(0.02 * span, thin, np.maximum(0.012 * side, thin))
    first, second = skeleton.limb_joints.T
    length = np.hypot(*np.moveaxis(xy[:, first] - xy[:, second], 2, 0))
    least = np.where(skeleton.limb_parts > 0, 0.15, 0.5)  # of the person's width; a face is drawn finer
    wide = np.minimum(person[:, None], np.maximum(0.3 * length, least * person[:, None]))
    drawn = shown[:, first] & shown[:, second]
    radius = np.repeat(person[:, None], shown.shape[1], 1)
    for n, (a, b) in enumerate(skeleton.limb_joints):
        for k in (a, b):
            if skeleton.limb_parts[n] != skeleton.joint_parts[k]:
                continue
            radius[:, k] = np.where(drawn[:, n], np.minimum(radius[:, k], wide[:, n]), radius[:, k])
    return person, wide, np.where(skeleton.joint_parts > 0, 0.6, 0.85) * radius


def _region(xy: np.ndarray, shown: np.ndarray, margin: np.ndarray, shape: tuple) -> tuple[int, ...] | None:
    """The part of the picture that people cover, strokes included: left, top, right, bottom."""
    if not shown.any():
        return None
    margin = np.repeat(margin[:, None], shown.shape[1], 1)[shown][:, None] + 4
    low, high = (xy[shown] - margin).min(0), (xy[shown] + margin).max(0)
    left, top = np.clip(np.floor(low), 0, (shape[1], shape[0])).astype(int)
    right, bottom = np.clip(np.ceil(high) + 1, 0, (shape[1], shape[0])).astype(int)
    return (left, top, right, bottom) if left < right and top < bottom else None


def _alpha(people: People, opacity: float) -> np.ndarray:
    """Opacity (P, K) of joints: rises with the score, and is lower for completed ones."""
    sure = np.clip(np.nan_to_num(people.score), 0, 1) ** 0.8  # scores of 0.2 to 0.6 are common: spread them
    return opacity * (0.1 + 0.9 * sure) * np.where(people.completed, 0.6, 1)


def _colors(people: People, person_colors: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """RGB of limbs (P, L, 3) and joints (P, K, 3)."""
    skeleton, p = people.skeleton, len(people)
    if person_colors is None:
        limbs, joints = skeleton.limb_colors, skeleton.joint_colors
        return np.broadcast_to(limbs, (p, *limbs.shape)), np.broadcast_to(joints, (p, *joints.shape))
    own = np.asarray(person_colors, np.uint8).reshape(p, 1, 3)
    return own.repeat(len(skeleton.limbs), 1), own.repeat(len(skeleton.joints), 1)


def _paint(region, people, xy, shown, wide, radius, alpha, colors) -> np.ndarray:
    """uint8 (H, W, 4) of the region: everybody, RGB premultiplied by opacity, and opacity; later strokes win."""
    left, top, right, bottom = region
    skeleton = people.skeleton
    strokes = np.zeros((bottom - top + 2 * SPARE, right - left + 2 * SPARE, 4), np.uint8)
    xy = xy - np.array([left - SPARE, top - SPARE], xy.dtype)
    first, second = skeleton.limb_joints.T
    limb_alpha = np.minimum(alpha[:, first], alpha[:, second])
    drawn = _drawn_limbs(skeleton, shown)
    thin, thin_joint = (np.where(parts > 0, 0.4, 0.8) for parts in (skeleton.limb_parts, skeleton.joint_parts))  # px
    rim = np.maximum(0.22 * wide, thin)
    inner = _outlines(xy[:, first], xy[:, second], wide / 2)
    outer = _outlines(xy[:, first], xy[:, second], wide / 2 + rim)
    limb_paint = _premultiplied(colors[0], limb_alpha).tolist()
    limb_rim = _premultiplied(np.broadcast_to(np.array(CASING), colors[0].shape), 0.75 * limb_alpha).tolist()
    joint_paint = _premultiplied(colors[1], alpha).tolist()
    joint_rim = _premultiplied(np.broadcast_to(np.array(CASING), colors[1].shape), 0.85 * alpha).tolist()
    edge = _discs(xy, radius + np.maximum(0.25 * radius, thin_joint))
    disc, hole = _discs(xy, radius), _discs(xy, 0.6 * radius)
    aa = cv2.LINE_AA
    for p in reversed(range(len(people))):
        order = np.argsort(limb_alpha[p], kind="stable")
        order = order[drawn[p, order]].tolist()
        for n in order:
            cv2.fillConvexPoly(strokes, outer[p, n], limb_rim[p][n], aa, SHIFT)
        for n in order:
            cv2.fillConvexPoly(strokes, inner[p, n], limb_paint[p][n], aa, SHIFT)
        for k in np.flatnonzero(shown[p]).tolist():
            cv2.fillConvexPoly(strokes, edge[p, k], joint_rim[p][k], aa, SHIFT)
            cv2.fillConvexPoly(strokes, disc[p, k], joint_paint[p][k], aa, SHIFT)
            if people.completed[p, k]:
                cv2.fillConvexPoly(strokes, hole[p, k], (0, 0, 0, 0), aa, SHIFT)
            elif people.hidden is not None and people.hidden[p, k]:
                cv2.fillConvexPoly(strokes, hole[p, k], joint_rim[p][k], aa, SHIFT)
    return strokes[SPARE:-SPARE, SPARE:-SPARE]


def _drawn_limbs(skeleton: Skeleton, shown: np.ndarray) -> np.ndarray:
    """bool (P, L): limbs between two shown joints; redundant ones only where they make the picture clearer.

    That is: mirror images of spanning limbs, limbs that close the face or the torso (across the midline, short-cutting
    at most three limbs), or that attach an otherwise isolated joint.
    """
    first, second = skeleton.limb_joints.T
    mirror = skeleton.mirror_limbs[0]
    plain = np.zeros(len(first), bool)
    plain[skeleton.spanning_limbs] = True
    plain |= plain[mirror]
    steps = np.zeros((len(skeleton.joints),) * 2, int)
    steps[first[plain], second[plain]] = steps[second[plain], first[plain]] = 1
    near = np.linalg.matrix_power(steps + np.eye(len(steps), dtype=int), 3) > 0
    plain |= (mirror == np.arange(len(mirror))) & near[first, second]
    possible = shown[:, first] & shown[:, second]
    drawn = possible & plain
    held = np.zeros(shown.shape, bool)
    for n in np.flatnonzero(plain):
        held[:, [first[n], second[n]]] |= drawn[:, [n]]
    return drawn | (possible & ~(held[:, first] & held[:, second]))


def _outlines(start: np.ndarray, end: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """int32 (P, L, 12, 2), 1/16 px: lines with round ends as polygons, which cv2 fills at any width."""
    along = np.arctan2(end[..., 1] - start[..., 1], end[..., 0] - start[..., 0])[..., None]
    # cv2 anti-aliases about a pixel around a polygon, half of it beyond the outline
    r = np.maximum(radius[..., None] - 0.5, 0.05)
    angle = np.concatenate([along + np.pi + _ARC, along + _ARC], -1)
    ends = np.repeat(np.stack([start, end], 2), len(_ARC), axis=2)
    points = ends + np.stack([r * np.cos(angle), r * np.sin(angle)], -1)
    return np.rint(points * (1 << SHIFT)).astype(np.int32)


def _discs(center: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """int32 (P, K, 16, 2), 1/16 px: cv2's own small circles look like diamonds."""
    r = np.maximum(radius[..., None] - 0.5, 0.05)
    points = center[:, :, None] + np.stack([r * np.cos(_CIRCLE), r * np.sin(_CIRCLE)], -1)
    return np.rint(points * (1 << SHIFT)).astype(np.int32)


def _premultiplied(color: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Float (..., 4): RGB times opacity, and the opacity, 0 to 255."""
    return np.concatenate([color * alpha[..., None], 255 * alpha[..., None]], -1)
