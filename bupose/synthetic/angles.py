"""Joint angles of the drawn people: poses by name, and their choice. Angles are degrees."""

from __future__ import annotations

import numpy as np

_TRUNK = ("pitch", "roll", "lean", "bend", "sway", "twist", "turn", "nod", "tilt")
_SIDED = ("arm_forward", "arm_out", "arm_in", "elbow", "leg_forward", "leg_out", "toes_out", "knee", "tiptoe")
ANGLES = (*_TRUNK, *(side + a for side in ("left_", "right_") for a in _SIDED))

# Ranges of joint angles. ``pitch`` and ``roll`` turn the whole body (pitch 90: on its face, -90: on its back);
# ``lean`` and ``bend`` bow the pelvis and the spine forward, ``sway`` sideways; ``turn``, ``nod``, ``tilt`` move the
# head; ``arm_in`` turns the upper arm about itself so that a bent elbow brings the hand before the body; ``tiptoe``
# lowers the toes. A name without a side stands for both.
_RELAXED = {
    "pitch": (0, 0), "roll": (-3, 3), "lean": (-3, 5), "bend": (-2, 8), "sway": (-5, 5), "twist": (-10, 10),
    "turn": (-40, 40), "nod": (-8, 20), "tilt": (-9, 9), "arm_forward": (-10, 14), "arm_out": (5, 16),
    "arm_in": (0, 50), "elbow": (4, 32), "leg_forward": (-3, 6), "leg_out": (1, 7), "toes_out": (4, 22),
    "knee": (0, 7), "tiptoe": (-3, 3),
}  # fmt: skip
POSES: dict[str, dict[str, tuple[float, float]]] = {
    "stand": {},
    "contrapposto": {"sway": (-9, -4), "left_leg_forward": (4, 16), "left_knee": (8, 28), "left_leg_out": (4, 10)},
    "hands_on_hips": {"arm_forward": (-28, -16), "arm_out": (36, 46), "arm_in": (62, 80), "elbow": (84, 100)},
    "arms_folded": {"arm_forward": (22, 34), "arm_out": (6, 14), "arm_in": (62, 80), "elbow": (98, 116)},
    "wave": {"left_arm_out": (95, 140), "left_arm_in": (-110, -70), "left_elbow": (20, 80)},
    "point": {"left_arm_forward": (60, 95), "left_arm_out": (0, 40), "left_elbow": (0, 25)},
    "phone": {"left_arm_forward": (25, 50), "left_arm_in": (10, 40), "left_elbow": (95, 130), "nod": (15, 35)},
    "arms_up": {"arm_out": (135, 168), "arm_in": (-90, -40), "elbow": (5, 55)},
    "arms_wide": {"arm_out": (65, 100), "arm_in": (-60, 0), "elbow": (0, 50)},
    "carry": {"arm_forward": (15, 35), "arm_out": (4, 12), "arm_in": (0, 25), "elbow": (65, 95)},
    "walk": {
        "lean": (0, 5), "left_leg_forward": (16, 32), "left_knee": (2, 14), "left_tiptoe": (-20, -5),
        "right_leg_forward": (-26, -10), "right_knee": (14, 42), "right_tiptoe": (10, 25),
        "left_arm_forward": (-34, -12), "right_arm_forward": (12, 36), "elbow": (8, 40), "leg_out": (0, 3),
    },
    "run": {
        "lean": (6, 16), "left_leg_forward": (40, 78), "left_knee": (55, 100), "left_tiptoe": (-10, 10),
        "right_leg_forward": (-32, -12), "right_knee": (12, 60), "right_tiptoe": (15, 40),
        "left_arm_forward": (-60, -28), "right_arm_forward": (20, 58), "elbow": (72, 112), "leg_out": (0, 4),
        "arm_in": (10, 45),
    },
    "lunge": {
        "left_leg_forward": (50, 75), "left_knee": (55, 80), "right_leg_forward": (-30, -12), "right_knee": (8, 30),
        "arm_out": (5, 60), "right_tiptoe": (15, 35),
    },
    "kick": {"lean": (-16, 0), "left_leg_forward": (45, 95), "left_knee": (0, 40), "arm_out": (25, 75)},
    "jump": {
        "arm_out": (80, 160), "elbow": (5, 50), "arm_in": (-80, 0), "leg_out": (8, 30), "leg_forward": (-10, 25),
        "knee": (5, 70), "tiptoe": (15, 45),
    },
    "sit": {
        "lean": (-6, 6), "bend": (0, 14), "leg_forward": (76, 92), "knee": (70, 96), "leg_out": (3, 16),
        "arm_forward": (12, 40), "elbow": (30, 80), "arm_in": (15, 45),
    },
    "sit_ground": {
        "lean": (-15, 0), "bend": (8, 30), "leg_forward": (75, 115), "knee": (10, 100), "leg_out": (5, 25),
        "arm_forward": (0, 55), "elbow": (5, 60),
    },
    "crouch": {
        "lean": (14, 28), "bend": (12, 30), "leg_forward": (95, 122), "knee": (105, 132), "leg_out": (8, 28),
        "arm_forward": (30, 75), "elbow": (20, 80), "nod": (-25, 5), "tiptoe": (-20, 10),
    },
    "squat": {"lean": (15, 30), "leg_forward": (65, 90), "knee": (65, 95), "arm_forward": (30, 90), "leg_out": (8, 20)},
    "kneel": {
        "left_leg_forward": (80, 95), "left_knee": (80, 95), "right_leg_forward": (-5, 10), "right_knee": (80, 95),
        "right_tiptoe": (-30, 20), "arm_forward": (0, 45), "elbow": (20, 80),
    },
    "bow": {"lean": (25, 45), "bend": (20, 45), "leg_forward": (22, 42), "arm_forward": (40, 100), "nod": (-30, 10)},
    "lie_back": {
        "pitch": (-96, -84), "roll": (-2, 2), "arm_out": (5, 60), "leg_out": (2, 14), "leg_forward": (-2, 30),
        "knee": (0, 50),
    },
    "lie_front": {"pitch": (84, 94), "arm_out": (10, 150), "leg_out": (2, 12), "knee": (0, 40), "nod": (-30, 0)},
    "handstand": {"roll": (165, 195), "arm_out": (150, 174), "elbow": (0, 12), "leg_out": (2, 40), "knee": (0, 70)},
}  # fmt: skip
_OFTEN = {"stand": 4, "contrapposto": 3, "walk": 4, "run": 2, "sit": 2, "handstand": 0.25, "lie_back": 0.6}


def _ranges(pose: dict[str, tuple[float, float]]) -> np.ndarray:
    by_side = {**_RELAXED, **pose}
    return np.array([by_side.get(a, by_side.get(a.split("_", 1)[-1])) for a in ANGLES], float)


_RANGES = {name: _ranges(pose) for name, pose in POSES.items()}
_LEFT = [i for i, a in enumerate(ANGLES) if a.startswith("left_")]
_RIGHT = [i for i, a in enumerate(ANGLES) if a.startswith("right_")]
_TURNING = [ANGLES.index(a) for a in ("roll", "sway", "twist", "turn", "tilt")]


def choose_angles(rng: np.random.Generator, people: int, poses: tuple[str, ...]) -> tuple[np.ndarray, list[str]]:
    """Draw a pose for each person: float64 (P, A) in the order of ``ANGLES``, half of them mirrored, and its name."""
    names = list(poses or POSES)
    often = np.cumsum([_OFTEN.get(n, 1.0) for n in names])
    chosen = [names[n] for n in np.searchsorted(often / often[-1], rng.random(people), side="right")]
    low, high = np.moveaxis(np.array([_RANGES[n] for n in chosen]).reshape(people, len(ANGLES), 2), 2, 0)
    angles = rng.uniform(low, high)
    mirrored = rng.random(people) < 0.5
    image = angles.copy()
    image[:, _LEFT], image[:, _RIGHT] = angles[:, _RIGHT], angles[:, _LEFT]
    image[:, _TURNING] *= -1
    return np.where(mirrored[:, None], image, angles), chosen
