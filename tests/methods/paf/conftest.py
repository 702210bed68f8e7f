"""People drawn at random, plainly: what the codec is asked to write into fields and to read out again."""

import numpy as np
import pytest

from bupose import skeletons
from bupose.maps import Grid
from bupose.methods.paf import FieldCodec, TargetOptions
from bupose.methods.paf.fields import Fields
from bupose.people import Labels

TILE = 22  # cells to a side of the square that a separated person has to itself
# A standing person of height 1, feet together at the origin: COCO-17 order.
STANDING = np.array(
    [(0, -0.90), (0.02, -0.93), (-0.02, -0.93), (0.05, -0.91), (-0.05, -0.91), (0.12, -0.79), (-0.12, -0.79),
     (0.17, -0.62), (-0.17, -0.62), (0.19, -0.46), (-0.19, -0.46), (0.08, -0.49), (-0.08, -0.49), (0.09, -0.26),
     (-0.09, -0.26), (0.09, -0.02), (-0.09, -0.02)]
)  # fmt: skip


def random_walk(skeleton, rng):
    """A contorted body: every spanning limb 1 to 3.5 cells long, in any direction; within a tile's middle."""
    while True:
        xy = np.full((len(skeleton.joints), 2), np.nan)
        ends = skeleton.limb_joints[skeleton.spanning_limbs]
        xy[ends[0, 0]] = 0
        while np.isnan(xy).any():
            for a, b in ends:
                for known, new in ((a, b), (b, a)):
                    if np.isnan(xy[new, 0]) and not np.isnan(xy[known, 0]):
                        angle = rng.uniform(0, 2 * np.pi)
                        xy[new] = xy[known] + rng.uniform(1, 3.5) * np.array([np.cos(angle), np.sin(angle)])
        low, high = xy.min(0), xy.max(0)
        if (high - low).max() < TILE - 7:
            return xy - (low + high) / 2


def separated_people(skeleton, stride, seed, columns=3, rows=2):
    """Labels of one contorted person a tile, all joints and limbs of different people far apart; and the size."""
    rng, grid = np.random.default_rng(seed), Grid(stride)
    tiles = [(TILE * (c + 0.5) - 0.5, TILE * (r + 0.5) - 0.5) for r in range(rows) for c in range(columns)]
    cells = np.array([random_walk(skeleton, rng) + tile + rng.uniform(-1, 1, 2) for tile in tiles])
    xy = grid.to_pixels(cells)
    return Labels(xy, np.full(xy.shape[:2], 2), skeleton), (columns * TILE * stride, rows * TILE * stride)


def crowd_of(people, seed, size=(640, 368), heights=(80, 260)):
    """Labels of standing COCO-17 people thrown anywhere, overlapping, each limb a little astray."""
    rng = np.random.default_rng(seed)
    height = rng.uniform(*heights, people)[:, None, None]
    foot = rng.uniform((0.05 * size[0], 0.5 * size[1]), (0.95 * size[0], 0.98 * size[1]), (people, 2))
    xy = foot[:, None] + height * (STANDING + rng.normal(0, 0.02, (people, 17, 2)))
    inside = ((xy > 0) & (xy < np.array(size) - 1)).all(2)
    return Labels(xy, 2 * inside, skeletons.COCO17)


@pytest.fixture(scope="session")
def standing():
    """float64 (17, 2): a standing person of height 1, feet at the origin, in the order of COCO-17."""
    return STANDING


@pytest.fixture(scope="session")
def separated():
    """(skeleton, stride, seed) -> labels of people far apart, size."""
    return separated_people


@pytest.fixture(scope="session")
def crowd():
    """(people, seed) -> labels of people who overlap."""
    return crowd_of


@pytest.fixture(scope="session")
def codec_of():
    """(skeleton, stride, **decode options) -> a codec whose Gaussians are as wide, in cells, at every stride.

    Limbs may have any length: many bodies here are contorted as no human's.
    """

    def make(skeleton=skeletons.COCO17, stride=8, **decoder):
        decoder = {"max_limb_ratio": 1000} | decoder
        return FieldCodec(skeleton, Grid(stride), TargetOptions(sigma=0.875 * stride)).with_decoder(**decoder)

    return make


@pytest.fixture(scope="session")
def noisy():
    """(fields, seed, strength) -> the fields with something of a network's errors: noise and faded places."""

    def add(fields, seed, strength=0.05):
        rng = np.random.default_rng(seed)
        heat = fields.heat * rng.uniform(0.6, 1, (len(fields.heat), 1, 1)) + rng.normal(0, strength, fields.heat.shape)
        paf = fields.paf * rng.uniform(0.6, 1, (len(fields.paf), 1, 1, 1)) + rng.normal(0, strength, fields.paf.shape)
        return Fields(np.clip(heat, 0, 1), paf, fields.grid, fields.skeleton)

    return add


@pytest.fixture(scope="session")
def same_people():
    """Asserts that two answers hold the same people, in any order."""

    def check(one, other, atol=1e-3):
        assert len(one) == len(other)
        left = list(range(len(other)))
        for p in range(len(one)):
            gap = np.abs(other.xy[left] - one.xy[p]).max((1, 2), initial=0, where=one.present[p][None, :, None])
            gap[(other.present[left] != one.present[p]).any(1)] = np.inf
            gap += np.abs(other.score[left] - one.score[p]).max(1)
            gap += np.abs(other.person_score[left] - one.person_score[p])
            best = int(np.nan_to_num(gap, nan=np.inf).argmin())
            assert gap[best] < atol, f"person {p} has no counterpart nearer than {gap[best]}"
            q = left.pop(best)
            np.testing.assert_array_equal(one.completed[p], other.completed[q])

    return check
