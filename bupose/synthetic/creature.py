"""Creatures for non-human skeletons: the limb graph, laid out and bent at random."""

from __future__ import annotations

import colorsys

import numpy as np

from bupose.skeleton import Skeleton
from bupose.synthetic.background import add_clutter, draw_place
from bupose.synthetic.figure import Figure, Scene, Thing
from bupose.synthetic.options import SceneOptions
from bupose.synthetic.scene import choose_heights, choose_places
from bupose.synthetic.shapes import Strokes, capsules, discs_hull, shade

_BEND = 26.0  # maximum bend of every joint, degrees


def plan_creatures(
    rng: np.random.Generator, size: tuple[int, int], count: int, skeleton: Skeleton, options: SceneOptions
) -> Scene:
    """Choose a background and creatures. A limb has the same colour on every creature."""
    background = draw_place(rng, size, size[1] * rng.uniform(0.26, 0.42), options.places)
    add_clutter(rng, background, int(rng.integers(options.clutter[0], options.clutter[1] + 1)))
    parents, directions, lengths = lay_out(skeleton)
    heights = choose_heights(rng, size[1], count, options)
    grounds = rng.uniform(0.35 * size[1], 0.9 * size[1], count)
    xs = choose_places(rng, size[0], grounds, heights, options)
    figures, things = [], []
    for n in range(count):
        joints = _bend(rng, parents, directions, lengths)
        joints *= heights[n] / max(np.ptp(joints, axis=0).max(), 1e-6)
        figures.append(_draw(joints, skeleton, heights[n]))
        low, high = figures[n].bounds[:2], figures[n].bounds[2:]
        half, place = (high - low) / 2, np.array([xs[n], grounds[n] - heights[n] / 2])
        if options.beyond == 0:  # nothing is cut
            place = np.clip(place, half, np.maximum(size - half - 1, half))
        figures[n].move(*(place - (low + high) / 2))
        things.append(Thing(figures[n].strokes, grounds[n], n))
    return Scene(background, figures, things, skeleton, np.zeros(len(skeleton.joints), bool))


def lay_out(skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The creature at rest, as a tree: each joint's parent (−1: the root), direction from it (radians) and distance.

    Branches share the sector of their joint in proportion to their number of tips; left ones come first, so that mirror
    images lie on opposite sides.
    """
    joints = len(skeleton.joints)
    ends = skeleton.limb_joints[skeleton.spanning_limbs]
    beside = [sorted({int(j) for limb in ends if k in limb for j in limb} - {k}) for k in range(joints)]
    root = max(range(joints), key=lambda k: (len(beside[k]), -k))
    parents, directions, lengths = np.full(joints, -1), np.zeros(joints), np.zeros(joints)

    def tips(k: int, parent: int) -> int:
        return sum(tips(j, k) for j in beside[k] if j != parent) or 1

    def side(k: int) -> int:
        name = skeleton.joints[k]
        return 0 if name.startswith("left_") else 2 if name.startswith("right_") else 1

    def grow(k: int, parent: int, low: float, high: float, depth: int) -> None:
        children = sorted((j for j in beside[k] if j != parent), key=lambda j: (side(j), j))
        share = np.cumsum([0] + [tips(j, k) for j in children])
        for n, j in enumerate(children):
            first, last = low + (high - low) * share[n : n + 2] / share[-1]
            parents[j], directions[j], lengths[j] = k, (first + last) / 2, 0.85**depth
            middle, half = (first + last) / 2, min((last - first) / 2, np.pi / 3)
            grow(j, k, middle - half, middle + half, depth + 1)

    grow(root, -1, -np.pi / 2, 1.5 * np.pi, 0)
    return parents, directions, lengths


def _bend(rng: np.random.Generator, parents: np.ndarray, directions: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Joints (K, 2) of a creature, with random bends and bone lengths."""
    joints = len(parents)
    own = np.deg2rad(rng.uniform(-_BEND, _BEND, joints))
    stretch, turned = rng.uniform(0.8, 1.2, joints), np.full(joints, np.nan)
    xy = np.zeros((joints, 2))
    turned[parents < 0] = rng.uniform(-np.pi, np.pi)
    while np.isnan(turned).any():  # outwards from the root
        for k in np.flatnonzero(np.isnan(turned)):
            if not np.isnan(turned[parents[k]]):
                turned[k] = turned[parents[k]] + own[k]
                angle = directions[k] + turned[k]
                xy[k] = xy[parents[k]] + stretch[k] * lengths[k] * np.array([np.cos(angle), np.sin(angle)])
    return xy


def _color(n: int, count: int) -> tuple[int, int, int]:
    """A distinct colour for each of ``count`` numbers: hues in three shades."""
    red, green, blue = colorsys.hsv_to_rgb(n / count, (0.85, 0.55, 0.9)[n % 3], (0.95, 0.9, 0.6)[n % 3])
    return round(255 * red), round(255 * green), round(255 * blue)


def _draw(joints: np.ndarray, skeleton: Skeleton, height: float) -> Figure:
    strokes, limbs = Strokes(), skeleton.limb_joints
    shown_by = np.zeros((len(joints), len(limbs) + len(joints) + 1), bool)
    thick = height / (6 + 2 * np.sqrt(len(joints)))
    drawn = np.r_[skeleton.redundant_limbs, skeleton.spanning_limbs].astype(int)
    if len(limbs):
        radii = np.full((len(limbs), 4), 0.5 * thick) * (1, 0.85, 0.7, 0.6)
        radii[skeleton.redundant_limbs] *= 0.45
        outlines, shadows = capsules(joints[limbs[:, 0]], joints[limbs[:, 1]], radii)
        for n in drawn.tolist():
            color = _color(n, len(limbs))
            strokes.fill(outlines[n], color, n + 1)
            strokes.fill(shadows[n], shade(color, 0.85))
            strokes.contour(outlines[n], shade(color, 0.6))
            shown_by[limbs[n], n + 1] = True
    for k, joint in enumerate(joints):
        disc = discs_hull(joint[None], np.array([0.5 * thick]))
        strokes.fill(disc, shade(_color(k, len(joints)), 0.6), len(limbs) + k + 1)
        shown_by[k, len(limbs) + k + 1] = True
    return Figure(strokes, joints.copy(), shown_by, np.zeros(len(joints), bool), height)
