"""Sigmas: known ones by name, others from the annotations."""

import numpy as np
import pytest

from bupose.evaluate import read_ground_truth
from bupose.evaluate.sigmas import choose_sigmas, estimate_sigmas
from bupose.skeleton import DEFAULT_SIGMA, Skeleton
from bupose.skeletons import COCO17, CROWDPOSE14


def test_known_joints_have_their_published_sigmas(make):
    assert read_ground_truth(make.coco({1: []})).sigmas.tolist() == list(COCO17.sigmas)
    assert read_ground_truth(make.coco({1: []}, CROWDPOSE14.joints)).sigmas == pytest.approx(list(CROWDPOSE14.sigmas))
    assert read_ground_truth(make.coco({1: []})).notes == ()


def test_a_skeleton_says_its_own():
    own = Skeleton("own", ("nose", "tip"), (("nose", "tip"),), (0.5, 0.6))
    sigmas, notes = choose_sigmas(("tip", "nose"), np.zeros((0, 2, 2)), np.zeros((0, 2), bool), np.zeros(0), own)
    assert sigmas.tolist() == [0.6, 0.5]
    assert notes == ()


def test_estimates_resemble_what_coco_measured(shared):
    truth = read_ground_truth(shared / "data" / "coco" / "train.json")
    people = truth.person
    ratio = estimate_sigmas(truth.xy[people], truth.present[people], truth.area[people]) / np.asarray(COCO17.sigmas)
    assert np.abs(np.log(ratio)).max() < np.log(1.5)


def test_estimate_follows_the_distance_to_the_next_joints():
    def estimate(people, times=1.0):
        xy = times * np.tile([[0.0, 0], [10, 0], [20, 0], [90, 0]], (people, 1, 1))
        return estimate_sigmas(xy, np.ones((people, 4), bool), np.full(people, times**2 * 10000.0))

    assert estimate(5) == pytest.approx([0.23 * 0.15, 0.025, 0.23 * 0.15, 0.107])
    assert estimate(5, times=3) == pytest.approx(estimate(5))
    assert estimate(2).tolist() == [DEFAULT_SIGMA] * 4  # too few to know
    assert estimate_sigmas(np.zeros((0, 1, 2)), np.zeros((0, 1), bool), np.zeros(0)).tolist() == [DEFAULT_SIGMA]
