"""Steady joints of a video known as a whole."""

import numpy as np
import pytest
from walkers import crossing, people_at

from bupose.track import LiveSmoother, SteadyOptions, Tracker, TrackOptions, finish
from bupose.track.smoothing import fill_gaps, reach, smooth, steady_window

OPTIONS = SteadyOptions()


def uneven_times(seconds=4.0, rate=25.0, seed=0):
    rng = np.random.default_rng(seed)
    return np.sort(np.arange(0, seconds, 1 / rate) + rng.uniform(-0.3, 0.3, int(seconds * rate)) / rate)


def steady(times, xy, size=80.0, options=OPTIONS, score=0.5):
    return smooth(times, xy, np.full(xy.shape[:2], score), np.full(len(times), size), options)


def by_polyfit(times, xy, score, size, options):
    """The same filter, as plain as it can be written."""
    fit = xy.copy()
    for _ in range(3):
        weight = score * np.clip(1 - (np.linalg.norm(xy - fit, axis=-1) / (options.outlier * size)) ** 2, 0, 1) ** 2
        new = fit.copy()
        for t, time in enumerate(times):
            apart = np.abs(times - time) / options.window
            near = apart < 1
            root = np.sqrt((1 - apart[near] ** 3) ** 3)
            for k in range(xy.shape[1]):
                w = root * np.sqrt(weight[near, k])
                new[t, k] = np.polyfit(times[near] - time, xy[near, k], 2, w=w)[-1]
        fit = new
    return fit


def test_it_is_robust_local_regression():
    rng, times = np.random.default_rng(1), uneven_times()
    truth = np.stack([40 * np.sin(3 * times), 200 * times], -1)[:, None]
    noise = rng.normal(0, 2, (len(times), 2, 2))
    xy, score = truth + noise, rng.uniform(0.2, 1, (len(times), 2))
    xy[30:33, 0] += 60
    size = np.full(len(times), 80.0)
    twin = by_polyfit(times, xy, score, size[:, None], OPTIONS)
    ours = smooth(times, xy, score, size, OPTIONS)
    assert np.abs(ours - twin)[6:-6].max() < 0.2
    assert np.abs(ours - twin).max() < 1  # at the ends, where parabolas are bent less
    assert np.abs(ours - truth)[30:33, 0].max() < 6


def test_joints_at_rest_or_evenly_accelerated_are_where_they_were():
    times = uneven_times()[:, None, None]
    even = np.array([100.0, 50.0]) + times * np.array([[[0, 0], [300.0, -30.0]]])
    assert np.abs(steady(times[:, 0, 0], even) - even).max() < 1e-3
    faster = even + times**2 * np.array([90.0, 40.0])
    assert np.abs(steady(times[:, 0, 0], faster) - faster).max() < 0.15  # at the ends, where parabolas are bent less


def test_size_and_tempo_change_nothing():
    rng, times = np.random.default_rng(2), uneven_times()
    xy = rng.normal(0, 3, (len(times), 3, 2)) + 60 * times[:, None, None]
    once = steady(times, xy)
    np.testing.assert_allclose(steady(times, 4 * xy, size=320.0), 4 * once, rtol=1e-9)
    slow = SteadyOptions(window=5 * OPTIONS.window)
    np.testing.assert_allclose(steady(5 * times, xy, options=slow), once, rtol=1e-9)
    np.testing.assert_allclose(steady(times, xy[..., ::-1]), once[..., ::-1], rtol=1e-9)
    backwards = steady(-times[::-1], xy[::-1])[::-1]
    np.testing.assert_allclose(backwards, once, atol=1e-6)


def test_jitter_goes_and_motion_stays():
    """White noise, of which a fit through n evenly weighted neighbours keeps 1.5 / sqrt(n), and its ends more."""
    rng, times = np.random.default_rng(3), np.arange(200) / 25
    truth = np.stack([120 * times, 12 * np.sin(2 * np.pi * times)], -1)[:, None]
    xy = truth + rng.normal(0, 2, (200, 17, 2))
    after = steady(times, xy)
    assert np.abs(after - truth).mean() < 0.6 * np.abs(xy - truth).mean()
    jerks = [np.abs(np.diff(x - truth, 2, axis=0)).mean() for x in (after, xy)]
    assert jerks[0] < jerks[1] / 4


def test_short_gaps_are_filled_and_long_ones_are_breaks():
    times = np.arange(40) / 25
    xy = np.stack([100 + 60 * times, 300 - 20 * times], -1)[:, None].repeat(2, 1)
    score = np.full((40, 2), 0.8, np.float32)
    found = xy.copy()
    found[10:15, 0], found[20:30, 1], score[9, 0] = np.nan, np.nan, 0.3
    filled, scores, interpolated = fill_gaps(times, found, score, OPTIONS)
    assert np.argwhere(interpolated).tolist() == [[f, 0] for f in range(10, 15)]
    np.testing.assert_allclose(filled[:, 0], xy[:, 0], atol=1e-9)
    np.testing.assert_allclose(scores[10:15, 0], 0.3)
    assert np.isnan(filled[20:30, 1]).all()
    assert np.isnan(smooth(times, filled, scores, np.full(40, 80.0), OPTIONS)[20:30, 1]).all()
    ends = found.copy()
    ends[:5] = ends[-3:] = np.nan
    assert np.isnan(fill_gaps(times, ends, score, OPTIONS)[0][[0, 4, -3, -1]]).all()
    kept, _, none = fill_gaps(times, found, score, SteadyOptions(bridge=0))
    assert not none.any()
    np.testing.assert_array_equal(kept, found)


def test_two_places_on_both_sides_of_a_break_do_not_pull_each_other():
    """A hidden joint comes back elsewhere."""
    times = np.arange(50) / 25
    xy = np.where(times < 0.8, 100.0, 150.0)[:, None, None].repeat(2, 2)
    xy[20:31] = np.nan
    after = steady(times, xy)
    np.testing.assert_allclose(after[:20], 100, atol=1e-6)
    np.testing.assert_allclose(after[31:], 150, atol=1e-6)


def jittery(frames=120):
    for n, (time, people, *_) in enumerate(crossing(frames)):
        xy = people.xy.copy()
        xy[0, n % 17] = np.nan
        xy[1, 3] += 40 * (n % 9 == 0)
        yield time, people_at([]) if n == 70 else type(people)(xy, people.score, people.person_score, people.skeleton)


def test_windows_give_what_the_whole_gives():
    tracker = Tracker()
    frames = [(t, tracker.update(p, t)) for t, p in jittery(320)][10:]
    whole, part = steady_window(frames, OPTIONS)[30:270], steady_window(frames[30:270], OPTIONS)
    first, last = part[0][0] + reach(OPTIONS), part[-1][0] - reach(OPTIONS)
    inner = [n for n, (time, _) in enumerate(part) if first < time < last]
    assert len(inner) > 30
    assert [part[n] for n in inner] == [whole[n] for n in inner]
    assert part[0] != whole[0]


@pytest.mark.parametrize("on", [True, False])
def test_finish_steadies_and_keeps_what_was_found(on):
    options = TrackOptions(steady=SteadyOptions(offline=on))
    tracker, frames = Tracker(options), list(jittery())
    live = [(t, tracker.update(p, t)) for t, p in frames]
    done = [p for _, p in finish(lambda: iter(live), options)]
    for n, ((_, found), people) in enumerate(zip(frames, done, strict=True)):
        here = people.data["raw_xy"][: len(found)]
        np.testing.assert_array_equal(here, found.xy)
        hole = people.data["interpolated"][: len(found)]
        if len(found) and 20 < n < 60:
            assert hole[0, n % 17] == on
            assert hole.sum() == on
            assert np.isnan(people.xy[0, n % 17, 0]) == (not on)
            assert (np.abs(people.xy[1, 3] - found.xy[1, 3]).max() > 30) == (on and n % 9 == 0)
        if not on:
            np.testing.assert_array_equal(people.xy[: len(found)], found.xy)


@pytest.mark.parametrize("rate", [8, 10, 25])
def test_what_lies_far_off_never_throws_a_joint_farther(rate):
    """Small people, of whom noise is as large as what counts as an outlier: few neighbours are left, here and there."""
    rng, times = np.random.default_rng(rate), np.arange(400) / rate
    xy = 650 + 20 * times[:, None, None] + rng.normal(0, 4, (400, 8, 2)) * (1 + 10 * (rng.random((400, 8, 1)) < 0.2))
    after = steady(times, xy, size=20.0)
    for t, time in enumerate(times):
        near = xy[np.abs(times - time) < OPTIONS.window]
        low, high = near.min(0), near.max(0)
        assert (after[t] > low - (high - low)).all()
        assert (after[t] < high + (high - low)).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(40))
def test_repeated_times_and_odd_people_give_a_place_for_every_joint(seed):
    """Damaged files repeat times; people may be a point, or absent but for their id."""
    rng = np.random.default_rng(seed)
    options = SteadyOptions(bridge=rng.choice([0, 0.1, 10]), window=rng.choice([0.001, 0.25, 10]))
    smoother, frames, time = LiveSmoother(options), [], 0.0
    for _ in range(30):
        time += rng.choice([0, 1e-9, 0.04, 0.04, 0.04, 0.5])
        people = people_at(rng.normal(0, 10.0 ** rng.integers(0, 6), (3, 2)), size=rng.choice([0, 1, 80]))
        xy = np.where(rng.random((3, 17, 1)) < rng.choice([0, 0.3, 1]), np.nan, people.xy)
        ids, tracklet = rng.permutation(4)[:3].astype(np.int32) - 1, {"tracklet": np.arange(3, dtype=np.int32)}
        frames.append((time, type(people)(xy, people.score, people.person_score, people.skeleton, None, ids, tracklet)))
    for (time, people), (_, offline) in zip(frames, steady_window(frames, options), strict=True):
        live = smoother.update(people, time)
        assert (live.present == people.present).all()
        assert (offline.present >= people.present).all()
        assert (offline.present == (people.present | offline.data["interpolated"])).all()
        assert np.isfinite(live.xy[live.present]).all()
        assert np.isfinite(offline.xy[offline.present]).all()
