"""Non-maximum suppression over poses: whom it keeps, a slow twin keeps."""

import numpy as np

from bupose.estimate.suppress import keep_unlike, pose_similarity
from bupose.people import People
from bupose.skeletons import COCO17


def slow_similarity(people, sizes):
    """Fang et al. 2017, eqs. 8 to 10, joint by joint."""
    alike = np.zeros((len(people), len(people)))
    for i in range(len(people)):
        for j in range(len(people)):
            total = 0.0
            for k in range(people.xy.shape[1]):
                d = float(np.hypot(*(people.xy[i, k].astype(float) - people.xy[j, k]))) / (0.1 * sizes[i])
                if np.isnan(d):
                    continue
                if d <= 1:
                    total += np.tanh(float(people.score[i, k])) * np.tanh(float(people.score[j, k]))
                total += 1.7 * np.exp(-d / 2.65)
            alike[i, j] = total / people.xy.shape[1]
    return alike


def slow_keep(alike, least):
    """The best one left is taken, and takes all like it with it."""
    left, kept = list(range(len(alike))), []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [other for other in left if alike[best, other] < least]
    return kept


def test_suppression_is_that_of_its_slow_twin():
    rng = np.random.default_rng(0)
    seen = 0
    for _ in range(20):
        several = int(rng.integers(1, 9))
        xy = rng.uniform(0, 60, (several, 1, 2)) + rng.normal(0, 6, (several, 17, 2)) + rng.uniform(0, 200, (17, 2))
        xy[rng.random((several, 17)) < 0.2] = np.nan
        people = People(xy, np.where(np.isnan(xy[..., 0]), 0, rng.random((several, 17))), np.ones(several), COCO17)
        sizes = rng.uniform(60, 400, several)
        alike = pose_similarity(people, sizes)
        np.testing.assert_allclose(alike, slow_similarity(people, sizes), atol=1e-12)
        kept = np.flatnonzero(keep_unlike(alike, 1.0)).tolist()
        assert kept == slow_keep(alike, 1.0)
        seen += several - len(kept)
    assert seen > 10  # somebody was dropped
