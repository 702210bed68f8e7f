"""Positions of face and hand landmarks of the drawn people (COCO-WholeBody's, in body heights)."""

from __future__ import annotations

import numpy as np

from bupose.skeletons import COCO_WHOLEBODY

HEAD_RADII = np.array([0.053, 0.070, 0.062])  # of the head, an ellipsoid: left, down, forward
HAND = tuple(j.removeprefix("left_") for j in dict(COCO_WHOLEBODY.parts)["left_hand"])
FACE_LANDMARKS = dict(COCO_WHOLEBODY.parts)["face"]

_EYE = (0.021, -0.006)
_MOUTH = 0.041  # below the head's centre
# The person's left half: to the left, and down, of the head's centre.
_FACE = {
    **{f"contour_{n}": (0.0525 * np.cos(a), 0.068 * np.sin(a)) for n, a in enumerate(np.deg2rad(np.arange(8) * 11), 1)},
    "chin": (0.0, 0.068),
    **{f"eyebrow_{n}": (x, y) for n, (x, y) in enumerate(
        ((0.039, -0.022), (0.034, -0.025), (0.027, -0.027), (0.018, -0.026), (0.010, -0.023)), 1)},
    **{f"nose_bridge_{n}": (0.0, y) for n, y in enumerate((-0.007, 0.0, 0.007, 0.014), 1)},
    "nostril_1": (0.009, 0.020), "nostril_2": (0.005, 0.022), "nose_base": (0.0, 0.023),
    **{f"eye_{n}": (_EYE[0] + 0.0125 * x, _EYE[1] + 0.0085 * y) for n, (x, y) in enumerate(
        ((1, 0), (0.4, -0.9), (-0.4, -0.9), (-1, 0), (-0.4, 0.9), (0.4, 0.9)), 1)},
    **{f"lip_{n}": (x, _MOUTH + y) for n, (x, y) in enumerate(
        ((0.016, 0.0), (0.0107, -0.0035), (0.005, -0.005), (0.0107, 0.0035), (0.005, 0.005)), 1)},
    "upper_lip": (0.0, _MOUTH - 0.004), "lower_lip": (0.0, _MOUTH + 0.006),
    **{f"inner_lip_{n}": (x, _MOUTH + y) for n, (x, y) in enumerate(
        ((0.012, 0.0), (0.006, -0.0015), (0.006, 0.002)), 1)},
    "upper_inner_lip": (0.0, _MOUTH - 0.0015), "lower_inner_lip": (0.0, _MOUTH + 0.002),
}  # fmt: skip


def _on_head(joint: str) -> tuple[float, float, float]:
    """Left, down, forward of the head's centre, on its surface."""
    side = -1 if joint.startswith("right_") else 1
    x, y = _FACE[joint.removeprefix("left_").removeprefix("right_")]
    rest = 1 - (x / HEAD_RADII[0]) ** 2 - (y / HEAD_RADII[1]) ** 2
    return side * x, y, HEAD_RADII[2] * np.sqrt(max(rest, 0))


FACE_POINTS = np.array([_on_head(j) for j in FACE_LANDMARKS])
#: Which way each point looks: the head's normal there, a unit vector (68, 3).
FACE_LOOKS = FACE_POINTS / HEAD_RADII**2
FACE_LOOKS /= np.linalg.norm(FACE_LOOKS, axis=1, keepdims=True)

# Towards the thumb, and down from the wrist, of the first joint of each finger; its direction (degrees towards the
# thumb) when spread; and its three bones.
FINGERS = {
    "thumb": ((0.014, 0.014), 42, (0.020, 0.017, 0.014)),
    "forefinger": ((0.013, 0.048), 9, (0.022, 0.014, 0.012)),
    "middle_finger": ((0.004, 0.050), 1, (0.024, 0.016, 0.012)),
    "ring_finger": ((-0.005, 0.048), -7, (0.022, 0.015, 0.012)),
    "pinky_finger": ((-0.013, 0.044), -16, (0.017, 0.011, 0.010)),
}
_ROOT = (0.0, 0.006, 0.0)


def bend_fingers(spread: np.ndarray, curl: np.ndarray) -> np.ndarray:
    """The 21 joints of P hands.

    Parameters
    ----------
    spread : float64 array (P,)
        Spread of the fingers; 1 is a wide open hand.
    curl : float64 array (P,), degrees
        Bend of each finger joint towards the palm.

    Returns
    -------
    float64 array (P, 21, 3), body heights
        Towards the thumb, down the hand, and out of its back, from the wrist.
    """
    joints = [np.tile(_ROOT, (len(spread), 1))]
    for finger, (base, direction, bones) in FINGERS.items():
        at, aside = np.tile((*base, 0.0), (len(spread), 1)), np.deg2rad(direction * spread)
        joints.append(at)
        for n, bone in enumerate(bones, 1):
            bent = np.deg2rad(curl * n * (0.4 if finger == "thumb" else 1))
            along = np.stack([np.cos(bent) * np.sin(aside), np.cos(bent) * np.cos(aside), -np.sin(bent)], 1)
            at = at + bone * along
            joints.append(at)
    return np.stack(joints, 1)
