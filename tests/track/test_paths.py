"""People found beside their path."""

import numpy as np
from walkers import people_at

from bupose.track import Tracker, finish
from bupose.track.paths import smooth_path

RATE = 25.0


def finished(frames):
    tracker = Tracker()
    live = [(time, tracker.update(people, time)) for time, people in frames]
    return list(finish(lambda: iter(live)))


def test_somebody_found_beside_the_path_is_filled_in():
    places = {n: (100 + 4 * n, 300) for n in range(60)}
    frames = [(n / RATE, people_at([(x, y) if n != 30 else (x + 50, y)])) for n, (x, y) in places.items()]
    people = finished(frames)[30][1]
    mine = people[people.ids == 0]
    assert mine.data["interpolated"].all()
    np.testing.assert_allclose(mine.xy[0], people_at([places[30]]).xy[0], atol=0.5)


def test_a_jump_is_not_taken_for_a_stray():
    t = np.arange(0, 4, 1 / RATE)
    height = np.where(
        (t > 2) & (t < 2.5), 0.4 * (1 - ((t - 2.25) / 0.25) ** 2), 0
    )  # body sizes: half a second in the air
    done = finished([(float(s), people_at([(300, 300 - 80 * h)])) for s, h in zip(t, height, strict=True)])
    assert not any(people.data["interpolated"].any() for _, people in done)


def test_a_parabola_is_its_own_path():
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(0, 5, 80))
    place = np.stack([3 + 40 * times - 6 * times**2, 5 * times], 1)
    np.testing.assert_allclose(smooth_path(times, place, np.full(80, 50.0)), place, atol=0.05)  # the slight ridge


def test_few_sights_have_a_path():
    for n in (1, 2, 3):
        place = np.arange(2.0 * n).reshape(n, 2)
        assert np.isfinite(smooth_path(np.arange(n) * 1.0, place, np.ones(n))).all()
