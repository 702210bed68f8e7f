"""The 133 joints of COCO-WholeBody (Jin et al. 2020): body, feet, face and hands."""

from __future__ import annotations

from itertools import pairwise

from bupose.skeleton import Skeleton
from bupose.skeletons.bodies import COCO17_JOINTS, COCO17_LIMBS, both


def _numbered(name: str, first: int, last: int) -> list[str]:
    step = 1 if last >= first else -1
    return [f"{name}_{n}" for n in range(first, last + step, step)]


def _chain(*joints: str) -> list[str]:
    return [f"{a} {b}" for a, b in pairwise(joints)]


_FEET = tuple(side + toe for side in ("left_", "right_") for toe in ("big_toe", "small_toe", "heel"))
# The 68 points of a face (300-W, Sagonas et al. 2013), counted by the set from the viewer's left, by us from outside.
_FACE = (
    *_numbered("right_contour", 1, 8), "chin", *_numbered("left_contour", 8, 1),
    *_numbered("right_eyebrow", 1, 5), *_numbered("left_eyebrow", 5, 1),
    *_numbered("nose_bridge", 1, 4),
    "right_nostril_1", "right_nostril_2", "nose_base", "left_nostril_2", "left_nostril_1",
    *_numbered("right_eye", 1, 6),
    "left_eye_4", "left_eye_3", "left_eye_2", "left_eye_1", "left_eye_6", "left_eye_5",
    *_numbered("right_lip", 1, 3), "upper_lip", *_numbered("left_lip", 3, 1),
    *_numbered("left_lip", 4, 5), "lower_lip", *_numbered("right_lip", 5, 4),
    "right_inner_lip_1", "right_inner_lip_2", "upper_inner_lip", "left_inner_lip_2", "left_inner_lip_1",
    "left_inner_lip_3", "lower_inner_lip", "right_inner_lip_3",
)  # fmt: skip
_FINGERS = ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")
_HAND = ("hand_root", *(f"{finger}{n}" for finger in _FINGERS for n in range(1, 5)))

# No limb joins two points that nearly coincide (wrist and root of the hand, tip of the nose and of its bridge): such a
# limb has no direction.
_LIMBS = (
    *COCO17_LIMBS,
    *both("ankle big_toe", "big_toe small_toe", "ankle heel"),
    *both("wrist middle_finger1"),
    *both(*(limb for f in _FINGERS for limb in _chain("hand_root", *(f"{f}{n}" for n in range(1, 5))))),
    ("nose", "nose_bridge_1"),
    *pairwise((*_numbered("nose_bridge", 1, 4), "nose_base", "upper_lip")),
    ("nose_base", "upper_inner_lip"),
    ("lower_lip", "chin"),
    *both(
        *_chain(".chin", *_numbered("contour", 8, 1)),
        "eye eyebrow_3", *_chain(*_numbered("eyebrow", 1, 5)),
        "eye eye_1", *_chain(*_numbered("eye", 1, 6), "eye_1"),
        *_chain(".nose_base", "nostril_2", "nostril_1"),
        *_chain(".upper_lip", "lip_3", "lip_2", "lip_1", "lip_4", "lip_5", ".lower_lip"),
        *_chain(".upper_inner_lip", "inner_lip_2", "inner_lip_1", "inner_lip_3", ".lower_inner_lip"),
    ),
    # Redundant: in profile, or at the picture's rim, half a face is hidden, and the rest must hang together.
    ("nose", "upper_lip"), ("nose", "chin"), ("chin", "lower_inner_lip"),
    *both(
        ".nose nostril_1", "eye eye_4", "eye_4 .nose_bridge_1", "eyebrow_5 .nose_bridge_1", "eyebrow_1 contour_1",
        "ear contour_3", "contour_5 lip_1", "shoulder .chin", "wrist thumb1", "wrist pinky_finger1",
    ),
)  # fmt: skip

# jin-s13/COCO-WholeBody, evaluation/myeval_wholebody.py.
_HAND_SIGMAS = (
    0.029, 0.022, 0.035, 0.037, 0.047, 0.026, 0.025, 0.024, 0.035, 0.018, 0.024, 0.022, 0.026, 0.017, 0.021, 0.021,
    0.032, 0.020, 0.019, 0.022, 0.031,
)  # fmt: skip
_SIGMAS = (
    0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089,
    0.089,
    0.068, 0.066, 0.066, 0.092, 0.094, 0.094,
    0.042, 0.043, 0.044, 0.043, 0.040, 0.035, 0.031, 0.025, 0.020, 0.023, 0.029, 0.032, 0.037, 0.038, 0.043, 0.041,
    0.045, 0.013, 0.012, 0.011, 0.011, 0.012, 0.012, 0.011, 0.011, 0.013, 0.015, 0.009, 0.007, 0.007, 0.007, 0.012,
    0.009, 0.008, 0.016, 0.010, 0.017, 0.011, 0.009, 0.011, 0.009, 0.007, 0.013, 0.008, 0.011, 0.012, 0.010, 0.034,
    0.008, 0.008, 0.009, 0.008, 0.008, 0.007, 0.010, 0.008, 0.009, 0.009, 0.009, 0.007, 0.007, 0.008, 0.011, 0.008,
    0.008, 0.008, 0.010, 0.008,
    *_HAND_SIGMAS, *_HAND_SIGMAS,
)  # fmt: skip

_LEFT, _RIGHT = (tuple(side + joint for joint in _HAND) for side in ("left_", "right_"))
COCO_WHOLEBODY = Skeleton(
    "coco_wholebody",
    (*COCO17_JOINTS, *_FEET, *_FACE, *_LEFT, *_RIGHT),
    _LIMBS,
    _SIGMAS,
    parts=(("body", COCO17_JOINTS), ("feet", _FEET), ("face", _FACE), ("left_hand", _LEFT), ("right_hand", _RIGHT)),
)

# Faces and hands as OpenPose numbers their points: its hands are COCO-WholeBody's, its faces end with the pupils.
OPENPOSE_PARTS = {"face": (*_FACE, "right_eye", "left_eye"), "hand_left": _LEFT, "hand_right": _RIGHT}
