"""Sigmas: known ones by name, others from the annotations."""

import numpy as np
import pytest

from bupose.evaluate import read_truth
from bupose.evaluate.sigmas import choose_sigmas, estimate_sigmas
from bupose.skeleton import DEFAULT_SIGMA, Skeleton
from bupose.skeletons import COCO17, CROWDPOSE14


def test_known_joints_have_their_published_sigmas(make):
    assert read_truth(make.coco({1: []})).sigmas.tolist() == list(COCO17.sigmas)
    assert read_truth(make.coco({1: []}, CROWDPOSE14.joints)).sigmas == pytest.approx(list(CROWDPOSE14.sigmas))
    assert read_truth(make.coco({1: []})).notes == ()


def test_a_skeleton_says_its_own():
    own = Skeleton("own", ("nose", "tip"), (("nose", "tip"),), (0.5, 0.6))
    sigmas, notes = choose_sigmas(("tip", "nose"), [], own)
    assert sigmas.tolist() == [0.6, 0.5]
    assert notes == ()


def test_estimates_resemble_what_coco_measured(shared):
    truth = read_truth(shared / "data" / "coco" / "train.json")
    ratio = estimate_sigmas(truth.annotations, 17) / np.asarray(COCO17.sigmas)
    assert np.abs(np.log(ratio)).max() < np.log(1.5)


def test_estimate_follows_the_distance_to_the_next_joints():
    triples = np.array([[0, 0, 2], [10, 0, 2], [20, 0, 2], [90, 0, 2.0]])
    a = {"keypoints": triples.reshape(-1).tolist(), "area": 10000.0, "iscrowd": 0}
    got = estimate_sigmas([a] * 5, 4)
    assert got == pytest.approx([0.23 * 0.15, 0.025, 0.23 * 0.15, 0.107])
    scaled = {**a, "keypoints": (triples * [3, 3, 1]).reshape(-1).tolist(), "area": 90000.0}
    assert estimate_sigmas([scaled] * 5, 4) == pytest.approx(got)
    assert estimate_sigmas([a] * 2, 4).tolist() == [DEFAULT_SIGMA] * 4  # too few to know
    assert estimate_sigmas([], 1).tolist() == [DEFAULT_SIGMA]
