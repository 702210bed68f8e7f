"""Limb lengths learned from labels."""

import dataclasses

import numpy as np
import pytest

from bupose.data import open_samples
from bupose.data.limb_lengths import learn_lengths
from bupose.images.sample import Sample
from bupose.people import Labels
from bupose.proportions import ENOUGH, measure_lengths, usual_length
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO17

TRUE = np.array([1.0, 0.3, 2.5, 0.8, 1.3])
CRAB = Skeleton("crab", ("eye", "belly", "left_claw", "right_claw", "tail"),
                (("eye", "belly"), ("belly", "left_claw"), ("belly", "right_claw"), ("belly", "tail")))  # fmt: skip


def table(people, seed=0, missing=0.3, spread=0.1):
    """Limbs of people of very different sizes, each limb a little shorter or longer, some not labelled."""
    rng = np.random.default_rng(seed)
    lengths = TRUE * rng.uniform(20, 400, (people, 1)) * np.exp(rng.normal(0, spread, (people, 5)))
    lengths[rng.random(lengths.shape) < missing] = np.nan
    return lengths


def test_lengths_beside_each_other_are_found_again():
    """The median of n values spread by 0.1 is off by 1.25 * 0.1 / sqrt(n), 0.006 for these; sizes add as much."""
    measured = measure_lengths(table(600))
    np.testing.assert_allclose(measured / measured[0], TRUE / TRUE[0], rtol=0.05)
    assert np.median(measured) == pytest.approx(1)


def test_sizes_units_and_wrong_labels_change_little():
    lengths = table(600)
    measured = measure_lengths(lengths)
    sizes = np.random.default_rng(1).uniform(0.01, 100, (600, 1))
    np.testing.assert_allclose(measure_lengths(lengths * sizes), measured, rtol=1e-9)
    wrong = lengths.copy()
    wrong[:5, 1] *= 30  # fewer than 1 in 100 of the labelled
    np.testing.assert_allclose(measure_lengths(wrong), measured, rtol=0.02)
    wrong[:5, 2] = 0
    np.testing.assert_allclose(measure_lengths(wrong), measured, rtol=0.02)


def test_a_limb_that_changes_much_is_held_to_its_long_cases():
    lengths = table(600, missing=0)
    lengths[:, 4] *= np.random.default_rng(2).uniform(0.02, 1, 600) ** 2
    measured, size = measure_lengths(lengths), np.median(lengths[:, :4] / TRUE[:4], axis=1)
    ratio = lengths[:, 4] / size / (measured[4] / measured[0])
    assert np.median(ratio) < 0.7
    assert (ratio > 2.2).mean() < 0.01  # decoder.max_limb_ratio


def test_few_labels_tell_nothing():
    lengths = table(ENOUGH, missing=0)
    lengths[0, 3] = np.nan
    measured = measure_lengths(lengths)
    assert measured[3] == 0
    assert (measured[[0, 1, 2, 4]] > 0).all()
    assert not measure_lengths(np.full((50, 5), np.nan)).any()
    assert not measure_lengths(np.where(np.arange(5) == 2, table(50), np.nan)).any()  # a limb alone has no size


class Crabs:
    """A set whose crabs have a claw of 2, an eye of 0.5 and, in every seventh, a labelled tail of 1."""

    skeleton = CRAB

    def __len__(self):
        return 60

    def __getitem__(self, i):
        rng = np.random.default_rng(i)
        turn, scale = rng.uniform(0, 6.3), rng.uniform(5, 50)
        xy = np.array([[0, -0.5], [0, 0], [-2, 0], [2, 0], [0, 1]]) * scale
        xy = xy @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + 100
        seen = np.array([[2, 2, 2, 2, 2 * (i % 7 == 0)]])
        return Sample(np.zeros((8, 8, 3), np.uint8), Labels(xy[None], seen, CRAB), None, str(i), i)


def test_a_skeleton_learns_what_it_does_not_say():
    learned, told = learn_lengths(Crabs(), CRAB)
    assert learned == CRAB
    eye, left, right, tail = learned.limb_lengths
    assert left == right == pytest.approx(4 * eye, rel=1e-3)
    assert tail == 0  # eight are not enough
    assert told == "Limb lengths measured from 60 people: 3 of 4 limbs."
    own = dataclasses.replace(CRAB, limb_lengths=(1, 1, 1, 1))
    assert learn_lengths(Crabs(), own) == (own, "")
    assert learn_lengths(Crabs(), own)[0].limb_lengths == (1, 1, 1, 1)


def test_coco_has_the_lengths_that_bodies_have_by_name(shared):
    """They were measured in another way: medians in thighs."""
    samples = open_samples("coco", {"annotations": str(shared / "data" / "coco" / "train.json")})
    learned, _ = learn_lengths(samples, COCO17)
    measured, by_name = np.array(learned.limb_lengths), np.array([usual_length(limb) for limb in COCO17.limbs])
    np.testing.assert_allclose(measured / np.median(measured / by_name), by_name, rtol=0.1)
