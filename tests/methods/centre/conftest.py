"""People drawn at random, plainly: what the codec is asked to write into maps and to read out again."""

import numpy as np
import pytest

from bupose import skeletons
from bupose.maps import Grid
from bupose.methods.centre import CentreCodec
from bupose.people import Labels

SIZE = (640, 384)
# A standing person of height 1, feet together at the origin: COCO-17 order.
STANDING = np.array(
    [(0, -0.90), (0.02, -0.93), (-0.02, -0.93), (0.05, -0.91), (-0.05, -0.91), (0.12, -0.79), (-0.12, -0.79),
     (0.17, -0.62), (-0.17, -0.62), (0.19, -0.46), (-0.19, -0.46), (0.08, -0.49), (-0.08, -0.49), (0.09, -0.26),
     (-0.09, -0.26), (0.09, -0.02), (-0.09, -0.02)]
)  # fmt: skip


def people_at(feet, heights, seed=0, astray=0.02, size=SIZE):
    """Labels of standing people with their feet at (x, y), each joint a little astray; outside the picture none."""
    rng = np.random.default_rng(seed)
    height, foot = np.asarray(heights, float)[:, None, None], np.asarray(feet, float)[:, None]
    xy = foot + height * (STANDING + rng.normal(0, astray, (len(height), 17, 2)))
    inside = ((xy > 0) & (xy < np.array(size) - 1)).all(2)
    return Labels(xy, 2 * inside, skeletons.COCO17)


def crowd_of(people, seed, size=SIZE, heights=(120, 300)):
    """Labels of people thrown anywhere, overlapping."""
    rng = np.random.default_rng(seed)
    feet = rng.uniform((0.1 * size[0], 0.75 * size[1]), (0.9 * size[0], 0.98 * size[1]), (people, 2))
    return people_at(feet, rng.uniform(*heights, people), seed, size=size)


def row_of(seed, size=SIZE):
    """Labels of four people who stand apart."""
    rng = np.random.default_rng(seed)
    return people_at([(90 + 150 * n, 360) for n in range(4)], rng.uniform(200, 320, 4), seed, size=size)


@pytest.fixture(scope="session")
def standing():
    """(feet, heights, seed, astray) -> labels."""
    return people_at


@pytest.fixture(scope="session")
def crowd():
    """(people, seed) -> labels of people who overlap."""
    return crowd_of


@pytest.fixture(scope="session")
def row():
    """seed -> labels of people who stand apart."""
    return row_of


@pytest.fixture(scope="session")
def codec_of():
    """(stride, target options, **decode options) -> a codec for exact maps."""

    def make(stride=4, target=(), **decoder):
        target = CentreCodec.Target(**{"sigma": 1.25 * stride, "centre_sigma": 2.0 * stride, **dict(target)})
        return CentreCodec(skeletons.COCO17, Grid(stride), target).with_decoder(**{"localization_sigma": 0, **decoder})

    return make
