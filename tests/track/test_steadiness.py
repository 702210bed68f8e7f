"""What steady joints promise, on drawn videos with noise as a network has it."""

import numpy as np
import pytest

from bupose.benchmark.steady import RATE, compare, delay, seen_with_noise


@pytest.fixture(scope="module")
def sights():
    return seen_with_noise(range(200, 202), frames=100)


@pytest.fixture(scope="module")
def table(sights):
    return {row["way"]: row for row in compare(sights)}


def test_offline_a_third_of_the_jitter_is_left_at_most(table):
    row = table["track.steady.offline"]
    assert row["acceleration"] < 1 / 3
    assert row["place"] < 1
    assert abs(row["frames late"]) <= 0.05


def test_live_a_third_of_the_jitter_is_left_at_most_without_half_a_frame_of_delay(table):
    row = table["track.steady.live"]
    assert row["acceleration"] < 1 / 3
    assert row["place"] < 1
    assert abs(row["frames late"]) <= 0.25
    slow, prompt = (table[name] for name in table if name.startswith("one-euro"))
    assert row["acceleration"] < min(slow["acceleration"], prompt["acceleration"])


@pytest.mark.parametrize("late", [-0.5, 0, 1.2])
def test_a_delay_is_measured(sights, late):
    """Of the truth itself, with noise."""
    rng, after = np.random.default_rng(0), []
    for s in sights:
        then = np.interp(np.arange(len(s.times)) - late, np.arange(len(s.times)), np.arange(len(s.times)))
        low = then.astype(int).clip(0, len(s.times) - 2)
        share = (then - low)[:, None, None]
        after.append((1 - share) * s.truth[low] + share * s.truth[low + 1] + rng.normal(0, 1, s.truth.shape))
    assert delay(sights, after) == pytest.approx(late, abs=0.06)


def test_the_noise_is_of_the_kind_it_says(sights):
    off = [(s.found - s.truth) / s.size[:, None, None] for s in sights]
    far = np.concatenate([np.linalg.norm(o, axis=-1)[s.here] for o, s in zip(off, sights, strict=True)])
    assert np.median(far) == pytest.approx(1.177 * np.hypot(0.02, 0.016), rel=0.2)  # of a normal error in two axes
    assert 0.02 < (far > 0.2).mean() < 0.12  # left and right exchanged
    step = np.concatenate([np.diff(o, axis=0)[s.here[1:] & s.here[:-1]] for o, s in zip(off, sights, strict=True)])
    keeps = np.array([np.exp(-1 / (RATE * lasts)) for lasts in (1.5, 0.12)])
    each = np.sqrt(2 * ((1 - keeps) * np.array([0.02, 0.016]) ** 2).sum() + 2 * 0.004**2)
    assert np.median(np.abs(step)) == pytest.approx(0.6745 * each, rel=0.15)
    assert all(np.isnan(s.found[~s.here]).all() for s in sights)
