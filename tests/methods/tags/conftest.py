"""People written into heatmaps and tag maps, one tag a person: what the grouping is asked to read out again."""

import numpy as np
import pytest

from bupose import skeletons
from bupose.maps import Grid
from bupose.methods.tags import TagCodec
from bupose.people import Labels

SIZE = (640, 368)
# A standing person of height 1, feet together at the origin: COCO-17 order.
STANDING = np.array(
    [(0, -0.90), (0.02, -0.93), (-0.02, -0.93), (0.05, -0.91), (-0.05, -0.91), (0.12, -0.79), (-0.12, -0.79),
     (0.17, -0.62), (-0.17, -0.62), (0.19, -0.46), (-0.19, -0.46), (0.08, -0.49), (-0.08, -0.49), (0.09, -0.26),
     (-0.09, -0.26), (0.09, -0.02), (-0.09, -0.02)]
)  # fmt: skip


def crowd_of(people, seed, size=SIZE, heights=(120, 300)):
    """Labels of standing people thrown anywhere, overlapping, each joint a little astray."""
    rng = np.random.default_rng(seed)
    height = rng.uniform(*heights, people)[:, None, None]
    foot = rng.uniform((0.1 * size[0], 0.7 * size[1]), (0.9 * size[0], 0.98 * size[1]), (people, 2))
    xy = foot[:, None] + height * (STANDING + rng.normal(0, 0.02, (people, 17, 2)))
    inside = ((xy > 0) & (xy < np.array(size) - 1)).all(2)
    return Labels(xy, 2 * inside, skeletons.COCO17)


def paint_maps(codec, labels, size, values):
    """The codec's heatmaps, and tags: in each cell the value, (T,), of the person whose joint is nearest."""
    heat, cells = codec.encode(labels, size).maps.arrays["heat"], codec.grid.to_cells(labels.xy)
    values = np.asarray(values, np.float32)
    values = values.reshape(len(labels), values[0].size if len(values) else 1)
    v, u = np.mgrid[: heat.shape[1], : heat.shape[2]]
    tags = np.zeros((len(heat), values.shape[1], *heat.shape[1:]), np.float32)
    for k in range(len(heat)):
        nearest = np.full(heat.shape[1:], np.inf)
        for p in np.flatnonzero(labels.present[:, k]):
            distance = (u - cells[p, k, 0]) ** 2 + (v - cells[p, k, 1]) ** 2
            tags[k][:, distance < nearest] = values[p][:, None]
            nearest = np.minimum(nearest, distance)
    return codec.maps({"heat": heat, "tags": tags})


@pytest.fixture(scope="session")
def crowd():
    """(people, seed) -> labels of people who overlap."""
    return crowd_of


@pytest.fixture(scope="session")
def paint():
    """(codec, labels, size, a tag or several for each person) -> maps."""
    return paint_maps


@pytest.fixture(scope="session")
def codec():
    """At stride 4, Gaussians 1 cell wide, exact: nobody's score is lowered for inexact maps."""
    codec = TagCodec(skeletons.COCO17, Grid(4), TagCodec.Target(sigma=4.0))
    return codec.with_decoder(localization_sigma=0)
