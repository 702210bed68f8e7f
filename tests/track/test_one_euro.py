"""Steady joints while people are followed."""

import math
from dataclasses import replace

import numpy as np
import pytest
from walkers import people_at

from bupose.people import People
from bupose.track import LiveSmoother, SteadyOptions

SIZE = 80.0


def walking(frames=100, rate=25.0, noise=2.0, velocity=(150, 0), size=SIZE, ids=(7,)):
    """(time, people) of one who glides along, its right wrist swinging."""
    for f in range(frames):
        t = f / rate
        people = people_at([(100 + velocity[0] * t, 300 + velocity[1] * t)], size)
        xy = people.xy + np.random.default_rng(f).normal(0, noise, people.xy.shape) * size / SIZE
        xy[0, 10, 0] += 0.5 * size * math.sin(2 * math.pi * t)
        yield t, replace(people, xy=xy, ids=np.array(ids, np.int32))


def steadied(frames, **options):
    smoother = LiveSmoother(SteadyOptions(**options))
    return np.array([smoother.update(people, time).xy[0] for time, people in frames])


def found(frames):
    return np.array([people.xy[0] for _, people in frames], np.float64)


def one_by_one(frames, o):
    """The same recursion, one number after the other, for joints that are always found."""

    def share(cutoff, dt):
        return 2 * math.pi * cutoff * dt / (2 * math.pi * cutoff * dt + 1)

    out, before, last = [], None, None
    for time, people in frames:
        xy, score = people.xy[0].astype(float), people.score[0]
        (x0, y0), (x1, y1) = xy.min(0), xy.max(0)
        wide, high = x1 - x0, y1 - y0
        now = math.sqrt(0.53 * max(wide, 0.35 * high) * max(high, 0.35 * wide))
        if last is None:
            size, drift, place = now, np.zeros(2), xy.copy()
            velocity, swing, away = np.zeros_like(xy), np.full(len(xy), 0.5), np.zeros(len(xy))
        else:
            dt = time - last
            size += share(0.5, dt) * (now - size)
            drift = drift + share(3, dt) * (np.median((xy - before) / dt, axis=0) - drift)
            for k in range(len(xy)):
                expected = place[k] + dt * (drift + velocity[k])
                off = xy[k] - expected
                far, most = math.hypot(*off), (0.02 + dt * (o.jump + swing[k]) + 0.5 * away[k]) * size
                away[k] = away[k] + dt if far > most else 0
                off = off * min(1, most / max(far, 1e-9))
                gain = share((o.cutoff + o.speed * swing[k]) * score[k], dt)
                place[k] = expected + gain * off
                velocity[k] = (velocity[k] + gain**2 / (2 - gain) * off / dt) * math.exp(-5 * dt)
                swing[k] += share(1, dt) * (math.hypot(*velocity[k]) / size - swing[k])
        before, last = xy, time
        out.append(place.copy())
    return np.array(out)


def test_it_is_the_recursion():
    frames = list(walking(40))
    frames[20][1].xy[0, 4] += 100
    np.testing.assert_allclose(steadied(frames, sides=False), one_by_one(frames, SteadyOptions()), rtol=1e-5)


def test_who_stands_still_is_still():
    still = list(walking(noise=0, velocity=(0, 0)))
    rest = [k for k in range(17) if k != 10]
    np.testing.assert_allclose(steadied(still)[:, rest], found(still)[:, rest], atol=1e-3)
    noisy = list(walking(300, noise=2, velocity=(0, 0)))
    spread = [xy[50:, rest].std(0).mean() for xy in (steadied(noisy), found(noisy))]
    assert spread[0] < spread[1] / 2


@pytest.mark.parametrize("rate", [10, 25, 60])
def test_who_walks_is_not_drawn_behind(rate):
    frames = list(walking(4 * rate, rate, noise=0))
    behind = found(frames)[rate:, 0, 0] - steadied(frames)[rate:, 0, 0]
    assert np.abs(behind).max() < 0.1 * 150 / rate  # a tenth of a frame
    frame, wrist = np.arange(3 * rate), [xy[rate:, 10, 0] - xy[rate:, 0, 0] for xy in (found(frames), steadied(frames))]
    lags = np.arange(-1, 2, 0.05)
    fits = [np.abs(np.interp(frame - lag, frame, wrist[0]) - wrist[1])[2:-2].mean() for lag in lags]
    assert abs(lags[np.argmin(fits)]) <= 0.5


def test_jitter_goes():
    frames, clean = list(walking(200)), found(list(walking(200, noise=0)))
    raw, after = (np.abs(np.diff(xy - clean, 2, axis=0)).mean() for xy in (found(frames), steadied(frames)))
    assert after < raw / 2
    assert np.abs(steadied(frames) - clean).mean() < np.abs(found(frames) - clean).mean()


def test_size_place_and_turn_change_nothing():
    frames = list(walking(50))
    once = steadied(frames)
    for turn in (lambda xy: 5 * xy, lambda xy: xy + 1000, lambda xy: xy[..., ::-1]):
        others = [(t, replace(p, xy=turn(p.xy))) for t, p in frames]
        np.testing.assert_allclose(steadied(others), turn(once), rtol=1e-5)


def test_people_are_told_apart_by_their_ids_alone():
    one, two = list(walking(60)), list(walking(60, velocity=(-90, 20)))
    smoother, seen = LiveSmoother(), []
    for n, ((time, a), (_, b)) in enumerate(zip(one, two, strict=True)):
        order = [0, 1, 2] if n % 2 else [2, 1, 0]
        xy, ids = np.concatenate([a.xy, b.xy, b.xy])[order], np.array([7, 3, -1], np.int32)[order]
        people = People(xy, np.full((3, 17), 0.5), np.ones(3), a.skeleton, ids=ids, data={"age": np.arange(3)})
        after = smoother.update(people, time)
        seen.append(after.xy[np.argsort(after.ids)])
        assert after.ids.tolist() == ids.tolist()
        assert after.data["age"].tolist() == [0, 1, 2]
        np.testing.assert_array_equal(after.data["raw_xy"], people.xy)
    seen = np.array(seen)
    np.testing.assert_array_equal(seen[:, 0], found(two))
    np.testing.assert_allclose(seen[:, 1], steadied(two), rtol=1e-6)
    np.testing.assert_allclose(seen[:, 2], steadied(one), rtol=1e-6)


def test_a_wrong_joint_is_held_back_until_it_stays():
    frames = list(walking(100, noise=0, velocity=(0, 0)))
    rest = found(frames)[0, 5]
    frames[30][1].xy[0, 5] += (120, 0)
    for _, people in frames[60:]:
        people.xy[0, 5] += (120, 0)
    off = np.linalg.norm(steadied(frames)[:, 5] - rest, axis=1)
    assert off[30] < 0.15 * SIZE
    assert off[50] < 0.02 * SIZE
    assert off[99] == pytest.approx(120, abs=0.05 * SIZE)


def test_a_joint_that_was_hidden_begins_where_it_is_found():
    frames = list(walking(60))
    for n, (_, people) in enumerate(frames):
        if 20 <= n < 30:
            people.xy[0, 5] = np.nan
        if n >= 30:
            people.xy[0, 5] += 70
    after = steadied(frames)
    assert np.isnan(after[20:30, 5]).all()
    np.testing.assert_array_equal(after[30, 5], frames[30][1].xy[0, 5])
    assert not np.isnan(np.delete(after, 5, 1)).any()
    filled = steadied(frames, bridge=1.0)
    assert np.abs(filled[30, 5] - frames[30][1].xy[0, 5]).max() > 20


def test_only_those_seen_lately_are_remembered_and_off_is_off():
    smoother = LiveSmoother()
    for n, (time, people) in enumerate(walking(200)):
        smoother.update(replace(people, ids=np.array([n], np.int32)), time)
    assert len(smoother._filters.ids) < 10
    frames = list(walking(20))
    np.testing.assert_array_equal(steadied(frames, live=False), found(frames))
    nobody = LiveSmoother().update(people_at([]), 0.0)
    assert len(nobody) == 0
    assert nobody.data["raw_xy"].shape == (0, 17, 2)
    unknown = people_at([(10, 10)])
    np.testing.assert_array_equal(LiveSmoother().update(unknown, 0.0).xy, unknown.xy)
