"""Joints taken for the other side's for moments are put right, and others left alone."""

from itertools import product

import numpy as np
import pytest

from bupose.people import People
from bupose.skeletons import COCO17
from bupose.synthetic.video import DrawnVideo, DrawnVideoOptions
from bupose.track import LiveSmoother, SteadyOptions
from bupose.track.motion import corners, sizes
from bupose.track.sides import JERK, PAUSE, TOGGLE, WORST, decide_sides, decide_sides_now
from bupose.track.smoothing import steady_window

MIRROR = np.array([1, 0, 2])  # two sides and the midline
SIZE = 100.0


def walk(frames=60, rate=25.0):
    """Two feet, one of which always stands, and a head: times (T,), positions (T, 3, 2)."""
    times = np.arange(frames) / rate
    phase = times / 0.5 % 2
    left = np.where(phase < 1, 0.5 - 0.5 * np.cos(np.pi * phase), 1) + times // 1.0
    right = np.where(phase < 1, 0, 0.5 - 0.5 * np.cos(np.pi * (phase - 1))) + times // 1.0 + 0.5
    x = np.stack([80 * left, 80 * right, 80 * times], 1)
    return times, np.stack([x, np.full_like(x, 200.0)], 2)


def decided(times, xy):
    return decide_sides(times, xy, np.full(len(times), SIZE), MIRROR)


@pytest.mark.parametrize("rate", [15.0, 25.0, 60.0])
def test_exchanged_moments_are_found(rate):
    times, xy = walk(int(2.4 * rate), rate)
    assert not decided(times, xy).any()
    apart = np.abs(xy[:, 0, 0] - xy[:, 1, 0]) > 20
    for start, many in ((10, 1), (17, 2), (25, 3)):
        wrong = np.zeros(len(times), bool)
        wrong[start : start + many] = True
        found = decided(times, np.where(wrong[:, None, None], xy[:, MIRROR], xy))
        np.testing.assert_array_equal(found[apart, 0], wrong[apart])
        np.testing.assert_array_equal(found[:, 0], found[:, 1])
        assert not found[:, 2].any()


def test_what_is_hidden_changes_sides_with_its_joint():
    times, at = walk()
    xy, joints = np.full((len(times), 17, 2), np.nan), [COCO17.index[n] for n in ("left_ankle", "right_ankle", "nose")]
    xy[:, joints] = at
    hidden = np.zeros((len(times), 17), bool)
    hidden[:, joints[0]] = True
    for n in (17, 18):
        xy[n], hidden[n] = xy[n, COCO17.mirror_joints], hidden[n, COCO17.mirror_joints]
    frames = [
        (t, People(place[None], ~np.isnan(place[None, :, 0]), [1.0], COCO17, ids=[0], hidden=h[None]))
        for t, place, h in zip(times, xy, hidden, strict=True)
    ]
    live = LiveSmoother()
    for steady in (steady_window(frames, SteadyOptions()), [(t, live.update(people, t)) for t, people in frames]):
        after = [people.hidden[0] for _, people in steady]
        assert np.flatnonzero(np.all(after, 0)).tolist() == [joints[0]]
        assert np.sum(after) == len(times)
        raw = np.stack([people.data["raw_xy"][0] for _, people in steady])
        np.testing.assert_array_equal(raw, xy.astype(np.float32))


def test_the_networks_word_counts_where_motion_says_nothing():
    """Long exchanges, as nobody knows which end is right; and joints that are absent or lie together."""
    times, xy = walk(100)
    xy[50:] = xy[50:, MIRROR]
    found = np.flatnonzero(decided(times, xy)[:, 0])
    assert len(found) < 13  # half a second around the exchange, to where the feet pass each other
    assert not len(found) or np.abs(found - 50).max() < 13
    xy[:, 0] = np.nan
    assert not decided(times, xy).any()
    xy[:, 0] = xy[:, 1]
    assert not decided(times, xy).any()
    assert decided(times[:2], walk(2)[1]).shape == (2, 3)


def test_it_is_the_cheapest_of_all_ways():
    """As trying all of them says, on random motions."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        times = np.cumsum(rng.uniform(0.02, 0.1, 8))
        xy = rng.normal(0, 25, (8, 3, 2))

        def cost(ways, times=times, xy=xy):
            pair = np.stack([xy[t, [1, 0]] if s else xy[t, :2] for t, s in enumerate(ways)])
            total = sum(TOGGLE * step for step, s in zip(np.gradient(times), ways, strict=True) if s)
            for t in range(2, 8):
                for joint in range(2):
                    speed = (pair[t - 1, joint] - pair[t - 2, joint]) / (times[t - 1] - times[t - 2])
                    far = np.linalg.norm(pair[t, joint] - pair[t - 1, joint] - speed * (times[t] - times[t - 1]))
                    total += min((far / (JERK * SIZE)) ** 2, WORST)
            return total

        best = min(cost(ways) for ways in product((0, 1), repeat=8))
        assert cost(decided(times, xy)[:, 0].astype(int)) == pytest.approx(best, rel=1e-9)


def test_live_it_is_the_end_of_the_cheapest_way_so_far():
    """As trying all of them says, on random motions; of two people, one of whom pauses."""
    rng = np.random.default_rng(6)
    for _ in range(5):
        times = np.cumsum(rng.uniform(0.02, 0.1, 9))
        xy = rng.normal(0, 25, (9, 2, 2, 2))
        times[5:] += PAUSE
        xy[2, 1, 0] = np.nan
        states = np.zeros((2, 1, 2, 2, 2)), np.full((2, 1, 2), -np.inf), np.zeros((2, 1, 2, 2))
        for n, time in enumerate(times):
            other = decide_sides_now(*states, xy[n][:, None], np.full(2, SIZE), time)
            for i in range(2):
                run = [t for t in range(5 * (n >= 5), n + 1) if not np.isnan(xy[t, i]).any()]
                ways = list(product((0, 1), repeat=len(run)))
                best = min(ways, key=lambda w, run=run, i=i: way_cost(w, times[run], xy[run, i]))
                assert other[i, 0] == (n in run and best[-1] == 1)


def way_cost(ways, times, xy):
    """Of exchanging the two joints of (T, 2, 2) where ``ways`` is 1."""
    pair = np.stack([joints[::-1] if s else joints for s, joints in zip(ways, xy, strict=True)])
    total = sum(TOGGLE * step for step, s in zip(np.diff(times), ways[1:], strict=True) if s)
    for t in range(2, len(pair)):
        expected = pair[t - 1] + (pair[t - 1] - pair[t - 2]) / (times[t - 1] - times[t - 2]) * (times[t] - times[t - 1])
        far = np.linalg.norm(pair[t] - expected, axis=1) / (JERK * SIZE)
        total += np.minimum(far**2, WORST).sum()
    return total


def test_drawn_walks_with_exchanged_joints():
    """Of joints of the two sides that lie apart, 13 % exchanged: a tenth of those stay so, and no right one changes."""
    rng, before, after, harmed, total = np.random.default_rng(0), 0, 0, 0, 0
    video = DrawnVideo(DrawnVideoOptions(seed=11, people=5))
    times, walks, mirror = np.arange(100) / 25, {}, COCO17.mirror_joints
    for time in times:
        labels = video.labels(time)
        for i, xy, v in zip(labels.ids.tolist(), labels.xy, labels.visibility, strict=True):
            walks.setdefault(i, []).append((time, np.where(v[:, None] > 0, xy, np.nan)))
    for walked in walks.values():
        if len(walked) < 20:
            continue
        at, xy = np.array([t for t, _ in walked]), np.stack([xy for _, xy in walked]).astype(float)
        size = np.nan_to_num(sizes(*corners(xy)))
        size = np.maximum(size, size.max() / 3)
        seen = xy + rng.normal(0, 0.01, xy.shape) * size[:, None, None]
        wrong = np.zeros(xy.shape[:2], bool)
        for k in np.flatnonzero(mirror > np.arange(17)):
            for start in np.flatnonzero(rng.random(len(at)) < 0.06):
                wrong[start : start + rng.integers(1, 5), [k, mirror[k]]] = True
        apart = (np.linalg.norm(xy - xy[:, mirror], axis=2) > 0.15 * size[:, None]) & (mirror != np.arange(17))
        found = decide_sides(at, np.where(wrong[..., None], seen[:, mirror], seen), size, mirror)
        before, after = before + (wrong & apart).sum(), after + ((wrong ^ found) & apart).sum()
        harmed += (decide_sides(at, seen, size, mirror) & apart).sum()
        total += apart.sum()
    assert before > 0.08 * total
    assert after < 0.1 * before
    assert harmed < 0.001 * total
