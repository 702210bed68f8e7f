"""People who walk as told, without a picture."""

import numpy as np

from bupose.people import People
from bupose.skeletons import COCO17

# A standing person, in body sizes (the square root of the area) from the hips, y downwards.
STANDING = np.array(
    [(0, -1.35), (.04, -1.4), (-.04, -1.4), (.09, -1.36), (-.09, -1.36), (.22, -1.1), (-.22, -1.1), (.3, -.7),
     (-.3, -.7), (.32, -.35), (-.32, -.35), (.14, -.05), (-.14, -.05), (.15, .5), (-.15, .5), (.16, 1.05), (-.16, 1.05)]
)  # fmt: skip


def people_at(places, size=80.0, score=0.5, noise=0.0, seed=0):
    """People whose hips are at ``places`` (P, 2), pixels."""
    places = np.asarray(places, float).reshape(-1, 2)
    xy = places[:, None] + STANDING * size
    xy = xy + np.random.default_rng(seed).normal(0, noise, xy.shape)
    scores = np.broadcast_to(np.asarray(score, float), len(places))
    return People(xy, np.repeat(scores[:, None], 17, 1), scores, COCO17)


def crossing(frames=60, rate=25.0, gap=(0, 0)):
    """Two people who walk past each other, the second hidden in frames ``gap``; (time, people, truth) of each frame."""
    for f in range(frames):
        t = f / rate
        places, truth = [(100 + 150 * t, 300), (500 - 150 * t, 310)], [0, 1]
        if gap[0] <= f < gap[1]:
            places, truth = places[:1], truth[:1]
        yield t, people_at(places, seed=f, noise=2.0), truth
