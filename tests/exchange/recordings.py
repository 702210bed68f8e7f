"""Recordings of invented people that tests of formats share."""

import numpy as np

from bupose import People
from bupose.exchange import Recording
from bupose.skeletons import COCO17


def make_people(rng, ids, skeleton=COCO17, absent=0.3):
    """People with some joints absent, at the precision of files."""
    shape = len(ids), len(skeleton.joints)
    xy = rng.uniform(-5, 300, (*shape, 2)).round(3)
    there = rng.uniform(size=shape) > absent
    there[:, 0] = True
    score = np.where(there, rng.uniform(0.1, 1, shape), 0).round(4)
    worth = np.sort(rng.uniform(0.1, 1, len(ids)))[::-1].round(4)
    xy[~there] = np.nan
    return People(xy, score, worth, skeleton, ids=np.array(ids, np.int32) if ids and ids[0] >= 0 else None)


def make_video(seed=0, frames=6, skeleton=COCO17, name="films/walk"):
    """Three people who come and go, in frames 2, 4, 6 and so on."""
    rng = np.random.default_rng(seed)
    people = [make_people(rng, [i for i in (0, 1, 4) if rng.uniform() < 0.7], skeleton) for _ in range(frames)]
    numbers = 2 + 2 * np.arange(frames)
    return Recording(name, skeleton, numbers, numbers / 25, people, (640, 480), video="films/walk.mp4")


def make_photos(seed=1):
    rng = np.random.default_rng(seed)
    people = [make_people(rng, [-1] * count) for count in (2, 0, 3)]
    return Recording("pictures", COCO17, range(3), [np.nan] * 3, people, files=["7.jpg", "b/x.png", "c.jpg"])


def assert_same(one: Recording, other: Recording, tolerance=1e-3):
    assert one.skeleton.joints == other.skeleton.joints
    np.testing.assert_array_equal(one.numbers, other.numbers)
    np.testing.assert_allclose(one.times, other.times, atol=1e-5)
    for a, b in zip(one.people, other.people, strict=True):
        np.testing.assert_allclose(a.xy, b.xy, atol=tolerance)
        np.testing.assert_allclose(a.score, b.score, atol=1e-3)
        np.testing.assert_allclose(a.person_score, b.person_score, atol=1e-3)
        np.testing.assert_array_equal(-1 if a.ids is None else a.ids, -1 if b.ids is None else b.ids)
