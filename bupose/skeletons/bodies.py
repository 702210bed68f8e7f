"""Bodies of the field's data sets and networks."""

from __future__ import annotations

from bupose.skeleton import Skeleton

_BOTH = ("left_", "right_")


def both(*limbs: str) -> tuple[tuple[str, str], ...]:
    """Each ``"a b"`` once for the left and once for the right; ``.x`` is a joint of the middle line."""
    pairs = [limb.split() for limb in limbs]
    return tuple((_on(side, a), _on(side, b)) for a, b in pairs for side in _BOTH)


def _on(side: str, joint: str) -> str:
    return joint[1:] if joint.startswith(".") else side + joint


# COCO keypoint evaluation (cocodataset.org, "Keypoint Evaluation"); feet: COCO-WholeBody.
_SIGMAS = {
    "nose": 0.026, "eye": 0.025, "ear": 0.035, "shoulder": 0.079, "elbow": 0.072, "wrist": 0.062,
    "hip": 0.107, "knee": 0.087, "ankle": 0.089, "neck": 0.079, "mid_hip": 0.107, "top_head": 0.079,
    "big_toe": 0.068, "small_toe": 0.066, "heel": 0.066,
}  # fmt: skip


def _sigmas(joints: tuple[str, ...]) -> tuple[float, ...]:
    return tuple(_SIGMAS[j.removeprefix("left_").removeprefix("right_")] for j in joints)


_NECK = ("neck", ("left_shoulder", "right_shoulder"))
_MID_HIP = ("mid_hip", ("left_hip", "right_hip"))

COCO17_JOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
COCO17_LIMBS = (
    ("left_shoulder", "right_shoulder"),
    *both("shoulder elbow", "elbow wrist", "shoulder hip", "hip knee", "knee ankle"),
    *both(".nose eye", "eye ear", "ear shoulder"),
    ("left_hip", "right_hip"),
    ("left_eye", "right_eye"),
)

# The network's own orders: OpenPose, src/openpose/pose/poseParameters.cpp.
_COCO18_JOINTS = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
    "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "right_eye", "left_eye",
    "right_ear", "left_ear",
)  # fmt: skip
_COCO18_PAIRS = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13), (1, 0),
    (0, 14), (14, 16), (0, 15), (15, 17), (2, 16), (5, 17),
)  # fmt: skip
_BODY25_JOINTS = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
    "mid_hip", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "right_eye",
    "left_eye", "right_ear", "left_ear", "left_big_toe", "left_small_toe", "left_heel", "right_big_toe",
    "right_small_toe", "right_heel",
)  # fmt: skip
_BODY25_PAIRS = (
    (1, 8), (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (8, 9), (9, 10), (10, 11), (8, 12), (12, 13), (13, 14),
    (1, 0), (0, 15), (15, 17), (0, 16), (16, 18), (2, 17), (5, 18), (14, 19), (19, 20), (14, 21), (11, 22), (22, 23),
    (11, 24),
)  # fmt: skip
# What BODY_25E and BODY_25B add: shoulder-hip, shoulder-wrist, hip-ankle, wrist-wrist, ankle-ankle, wrist-hip.
_LONG_PAIRS = ((2, 9), (5, 12), (2, 4), (5, 7), (9, 11), (12, 14), (4, 7), (11, 14), (4, 9), (7, 12))


def _named(joints: tuple[str, ...], pairs: tuple[tuple[int, int], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((joints[a], joints[b]) for a, b in pairs)


COCO17 = Skeleton("coco17", COCO17_JOINTS, COCO17_LIMBS, _sigmas(COCO17_JOINTS))
COCO17_DENSE = Skeleton(
    "coco17_dense",
    COCO17_JOINTS,
    (
        *COCO17_LIMBS,
        *both("shoulder wrist", "hip ankle", "wrist hip"),
        ("left_wrist", "right_wrist"),
        ("left_ankle", "right_ankle"),
    ),
    _sigmas(COCO17_JOINTS),
)
COCO18 = Skeleton("coco18", _COCO18_JOINTS, _named(_COCO18_JOINTS, _COCO18_PAIRS), _sigmas(_COCO18_JOINTS), (_NECK,))
BODY25 = Skeleton(
    "body25", _BODY25_JOINTS, _named(_BODY25_JOINTS, _BODY25_PAIRS), _sigmas(_BODY25_JOINTS), (_NECK, _MID_HIP)
)
BODY25_DENSE = Skeleton(
    "body25_dense",
    _BODY25_JOINTS,
    _named(_BODY25_JOINTS, _BODY25_PAIRS + _LONG_PAIRS),
    _sigmas(_BODY25_JOINTS),
    (_NECK, _MID_HIP),
)
CROWDPOSE14 = Skeleton(
    "crowdpose14",
    (
        "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip",
        "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "top_head", "neck",
    ),
    (
        ("neck", "top_head"),
        *both(".neck shoulder", "shoulder elbow", "elbow wrist", "shoulder hip", "hip knee", "knee ankle"),
        ("left_hip", "right_hip"),
    ),
    # crowdposetools, cocoeval.py
    tuple(s / 10 for s in (0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89, 0.89, 0.79, 0.79)),
)  # fmt: skip
