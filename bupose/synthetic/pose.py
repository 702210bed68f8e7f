"""Poses of the drawn people: a kinematic chain in space, seen by the viewer.

Space is measured in body heights: x to the viewer's right, y down, z towards the viewer. A body's own axes are x to
its left, y down, z forward, so one that faces the viewer upright has the viewer's axes: its left is at larger x.
Angles are degrees. All functions work on P people at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bupose.skeleton import Skeleton
from bupose.skeletons import BODY25, COCO_WHOLEBODY
from bupose.synthetic.angles import ANGLES
from bupose.synthetic.landmarks import FACE_LANDMARKS, FACE_POINTS, HAND, bend_fingers

_FINE = [limb for limb, part in zip(COCO_WHOLEBODY.limbs, COCO_WHOLEBODY.limb_parts, strict=True) if part > 1]
#: The joints that a drawn body has; and with those of its face and hands.
BODY = Skeleton("drawn_body", (*BODY25.joints, "top_head"), (*BODY25.limbs, ("neck", "top_head")))
WHOLE_BODY = Skeleton(
    "drawn_whole_body",
    (*BODY.joints, *FACE_LANDMARKS, *(side + joint for side in ("left_", "right_") for joint in HAND)),
    (*BODY.limbs, *_FINE),
)


@dataclass(frozen=True)
class Build:
    """Proportions of P people, each a float64 (P,) factor of the average adult's."""

    shoulders: np.ndarray
    hips: np.ndarray
    girth: np.ndarray
    head: np.ndarray
    legs: np.ndarray

    @classmethod
    def choose(cls, rng: np.random.Generator, people: int) -> Build:
        """Adults of many shapes, and some children (larger heads, shorter legs)."""
        child = rng.random(people) < 0.15
        shoulders, hips, girth = rng.uniform((0.9, 0.92, 0.86), (1.12, 1.14, 1.2), (people, 3)).T
        stout = rng.random(people) < 0.15
        girth = np.where(stout, girth * 1.25, girth)
        head = np.where(child, rng.uniform(1.25, 1.5, people), rng.uniform(1.0, 1.12, people))
        return cls(shoulders, hips * np.where(stout, 1.12, 1), girth, head, np.where(child, 0.86, 1.0))


@dataclass(frozen=True)
class Posture:
    """P articulated bodies in space, seen by the viewer.

    Parameters
    ----------
    joints : float64 array (P, K, 3), body heights
        In the order of the body's.
    trunk, chest, head : float64 arrays (P, 3, 3)
        Columns are the axes (left, down, forward) of pelvis, chest and head.
    waist, head_center : float64 arrays (P, 3)
    hands : float64 array (P, 2, 3)
        Finger tips, left and right.
    """

    joints: np.ndarray
    trunk: np.ndarray
    chest: np.ndarray
    head: np.ndarray
    waist: np.ndarray
    head_center: np.ndarray
    hands: np.ndarray


def _about_x(degrees: np.ndarray) -> np.ndarray:
    """(P, 3, 3): rotates downward vectors forward."""
    return _turn(degrees, 1, 2)


def _about_y(degrees: np.ndarray) -> np.ndarray:
    """(P, 3, 3): rotates forward vectors to the left."""
    return _turn(degrees, 2, 0)


def _about_z(degrees: np.ndarray) -> np.ndarray:
    """(P, 3, 3): rotates downward vectors to the left."""
    return _turn(degrees, 1, 0)


def _turn(degrees: np.ndarray, a: int, b: int) -> np.ndarray:
    """Rotations that carry axis ``a`` towards axis ``b``."""
    angle = np.deg2rad(degrees)
    matrix = np.zeros((*angle.shape, 3, 3))
    matrix[..., [0, 1, 2], [0, 1, 2]] = 1
    matrix[..., a, a] = matrix[..., b, b] = np.cos(angle)
    matrix[..., b, a] = np.sin(angle)
    matrix[..., a, b] = -matrix[..., b, a]
    return matrix


_DOWN, _FORWARD = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])


def articulate(
    angles: np.ndarray,
    build: Build,
    facing: np.ndarray,
    elevation: float,
    body: Skeleton = BODY,
    grips: np.ndarray | None = None,
) -> Posture:
    """Assemble the chain, seen by the viewer.

    Parameters
    ----------
    angles : float64 array (P, A), degrees
    build : Build
    facing : float64 array (P,), degrees
        0 looks at the viewer, 90 to the viewer's right, 180 away.
    elevation : float, degrees
        Downward angle of view.
    body : ``BODY`` or ``WHOLE_BODY``
    grips : float64 array (P, 2, 3) in [0, 1], optional
        Of the left and right hand: turn, spread and curl. By default they are derived from the last digits of the
        angles, as further random draws would change all later pictures.

    Notes
    -----
    Segment lengths as shares of the body height: Drillis and Contini 1966, rounded.
    """
    a = dict(zip(ANGLES, angles.T, strict=True))
    view = _about_x(np.full(len(angles), -elevation))
    root = view @ _about_y(facing) @ _about_z(-a["roll"]) @ _about_x(-a["pitch"])
    trunk = root @ _about_x(-a["lean"])
    chest = trunk @ _about_y(a["twist"]) @ _about_x(-a["bend"]) @ _about_z(a["sway"])
    head = chest @ _about_y(a["turn"]) @ _about_x(-a["nod"]) @ _about_z(a["tilt"])

    at: dict[str, np.ndarray] = {"mid_hip": np.zeros((len(angles), 3))}
    waist = -0.105 * trunk[..., 1]
    at["neck"] = waist - 0.185 * chest[..., 1]
    size = build.head[:, None]
    head_base = at["neck"] - 0.045 * chest[..., 1] + 0.008 * chest[..., 2]
    center = head_base - 0.068 * size * head[..., 1] + 0.008 * head[..., 2]
    for joint, place in HEAD_POINTS.items():
        at[joint] = center + size * (head @ np.array(place))
    if body is WHOLE_BODY:
        face = center[:, None] + size[..., None] * (FACE_POINTS @ head.transpose(0, 2, 1))
        at |= dict(zip(FACE_LANDMARKS, np.moveaxis(face, 1, 0), strict=True))
    hands = []
    for n, (side, s) in enumerate((("left_", 1.0), ("right_", -1.0))):
        arm = chest @ _about_x(a[side + "arm_forward"]) @ _about_z(s * a[side + "arm_out"])
        arm = arm @ _about_y(-s * a[side + "arm_in"])
        raised = np.clip(-(chest.transpose(0, 2, 1) @ arm)[..., 1, 1], 0, 1)[:, None]  # shoulder blades go along
        wide = (0.108 * build.shoulders)[:, None] - 0.02 * raised
        at[side + "shoulder"] = at["neck"] + s * wide * chest[..., 0] + (0.012 - 0.035 * raised) * chest[..., 1]
        at[side + "elbow"] = at[side + "shoulder"] + 0.172 * (arm @ _DOWN)
        forearm = arm @ _about_x(a[side + "elbow"])
        lower = forearm @ _DOWN
        at[side + "wrist"] = at[side + "elbow"] + 0.148 * lower
        hands.append(at[side + "wrist"] + 0.07 * lower)
        if body is WHOLE_BODY:
            grip = _grips(a, side) if grips is None else grips[:, n]
            hand = at[side + "wrist"][:, None] + _hand(grip, s, forearm)
            at |= dict(zip((side + joint for joint in HAND), np.moveaxis(hand, 1, 0), strict=True))

        leg = trunk @ _about_x(a[side + "leg_forward"]) @ _about_z(s * a[side + "leg_out"])
        leg = leg @ _about_y(s * a[side + "toes_out"] * 0.4)
        at[side + "hip"] = s * (0.07 * build.hips)[:, None] * trunk[..., 0]
        at[side + "knee"] = at[side + "hip"] + (0.245 * build.legs)[:, None] * (leg @ _DOWN)
        shank = leg @ _about_x(-a[side + "knee"])
        at[side + "ankle"] = at[side + "knee"] + (0.24 * build.legs)[:, None] * (shank @ _DOWN)
        foot = shank @ _about_y(s * a[side + "toes_out"] * 0.6) @ _about_x(_ankle_bend(a, side))
        for joint, (out, down, forward) in FOOT_POINTS.items():
            at[side + joint] = at[side + "ankle"] + foot @ np.array([s * out, down, forward])
    at["neck"] = (at["left_shoulder"] + at["right_shoulder"]) / 2
    joints = np.stack([at[j] for j in body.joints], 1)
    return Posture(joints, trunk, chest, head, waist, center, np.stack(hands, 1))


def _grips(a: dict[str, np.ndarray], side: str) -> np.ndarray:
    return np.stack([1e4 * a[side + name] % 1 for name in ("arm_in", "elbow", "arm_out")], 1)


def _hand(grip: np.ndarray, s: float, forearm: np.ndarray) -> np.ndarray:
    """The joints of hands from the wrist, (P, 21, 3)."""
    turn = np.deg2rad(-10 + 90 * grip[:, 0])[:, None]  # from the thumb forward to the palm backward
    left, down, forward = np.moveaxis(forearm, 2, 0)
    thumb = np.cos(turn) * forward - np.sin(turn) * s * left
    back = np.cos(turn) * s * left + np.sin(turn) * forward
    axes = np.stack([thumb, down, back], 2)
    return bend_fingers(0.6 + 0.8 * grip[:, 1], 4 + 26 * grip[:, 2]) @ axes.transpose(0, 2, 1)


def _ankle_bend(a: dict[str, np.ndarray], side: str) -> np.ndarray:
    """How far the toes are raised: what brings the sole level, as far as an ankle bends, less ``tiptoe``."""
    level = a["lean"] + a[side + "knee"] - a[side + "leg_forward"]
    return clip_ankle(level) - a[side + "tiptoe"]


def clip_ankle(bend: np.ndarray) -> np.ndarray:
    """Degrees as far as an ankle bends."""
    return np.clip(bend, -35, 28)


# Left, down, forward of the head's centre (body heights).
HEAD_POINTS = {
    "nose": (0.0, 0.014, 0.064), "left_eye": (0.021, -0.006, 0.054), "right_eye": (-0.021, -0.006, 0.054),
    "left_ear": (0.053, 0.008, -0.004), "right_ear": (-0.053, 0.008, -0.004), "top_head": (0.0, -0.067, -0.004),
}  # fmt: skip
# Outwards, down, forward of the ankle.
FOOT_POINTS = {"heel": (0.0, 0.028, -0.028), "big_toe": (-0.012, 0.034, 0.094), "small_toe": (0.020, 0.034, 0.078)}
