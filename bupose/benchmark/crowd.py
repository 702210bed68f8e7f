"""Labels of crowds of any size and density, for measuring the grouping's growth."""

from __future__ import annotations

import numpy as np

from bupose.people import Labels
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO18

# A standing person of height 1 seen from the front: x to the picture's right, y down.
_STANDING = {
    "nose": (0.0, 0.08), "left_eye": (0.02, 0.06), "right_eye": (-0.02, 0.06), "left_ear": (0.045, 0.07),
    "right_ear": (-0.045, 0.07), "neck": (0.0, 0.18), "left_shoulder": (0.11, 0.19), "right_shoulder": (-0.11, 0.19),
    "left_elbow": (0.16, 0.35), "right_elbow": (-0.16, 0.35), "left_wrist": (0.18, 0.5), "right_wrist": (-0.18, 0.5),
    "left_hip": (0.07, 0.52), "right_hip": (-0.07, 0.52), "left_knee": (0.08, 0.74), "right_knee": (-0.08, 0.74),
    "left_ankle": (0.08, 0.96), "right_ankle": (-0.08, 0.96),
}  # fmt: skip


def standing(skeleton: Skeleton = COCO18) -> np.ndarray:
    """float64 (K, 2): a standing person of height 1, the top of the head at the origin; NaN for other joints."""
    return np.array([_STANDING.get(j, (np.nan, np.nan)) for j in skeleton.joints])


def crowd_labels(people: int, seed: int = 0, skeleton: Skeleton = COCO18) -> tuple[Labels, tuple[int, int]]:
    """Standing people, 80 to 200 px tall, one per 110 x 110 px of the picture, with random overlap.

    Returns
    -------
    labels : Labels
    size : (width, height), pixels
        Of a 16:9 picture, sides multiples of 32.
    """
    rng = np.random.default_rng(seed)
    width = np.sqrt(people * 110**2 * 16 / 9)
    size = _up(width), _up(width * 9 / 16)
    body = standing(skeleton)
    height = rng.uniform(80, 200, (people, 1, 1))
    place = rng.uniform((10, -40), (size[0] - 10, size[1] - 90), (people, 2))[:, None]
    xy = place + height * (
        body * rng.choice([-1, 1], (people, 1, 1)) ** [1, 0] + rng.normal(0, 0.015, (people, *body.shape))
    )
    return _inside(xy, size, skeleton), size


def tight_crowd_labels(
    people: int, pitch: int = 30, height: int = 80, skeleton: Skeleton = COCO18
) -> tuple[Labels, tuple[int, int]]:
    """People of one height on a grid of ``pitch`` px: each overlaps with many.

    Returns
    -------
    labels : Labels
    size : (width, height), pixels
        Of a 16:9 picture, sides multiples of 32.
    """
    rng = np.random.default_rng(0)
    columns = int(np.ceil(np.sqrt(people * 16 / 9)))
    rows = -(-people // columns)
    size = _up(40 + pitch * columns), _up(20 + pitch * rows + height)
    n = np.arange(people)
    place = np.stack([20 + pitch * (n % columns), 10 + pitch * (n // columns)], 1)[:, None]
    xy = place + height * (standing(skeleton) + rng.normal(0, 0.015, (people, len(skeleton.joints), 2)))
    return _inside(xy, size, skeleton), size


def _up(side: float) -> int:
    """To a multiple of 32."""
    return int(32 * np.ceil(side / 32))


def _inside(xy: np.ndarray, size: tuple[int, int], skeleton: Skeleton) -> Labels:
    """Labels of the joints that lie in the picture."""
    return Labels(np.nan_to_num(xy), 2 * np.all((xy >= 0) & (xy < size), 2), skeleton)
