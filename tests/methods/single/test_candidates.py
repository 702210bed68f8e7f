"""Joints of several crops are shared out as the best of all ways says."""

import itertools

import numpy as np
import pytest

from bupose import geometry
from bupose.maps import Grid
from bupose.methods.single import SingleCodec
from bupose.methods.single.candidates import Candidates, read_candidates, share_out
from bupose.people import Labels
from bupose.skeletons import COCO17

K = 3


def best_total(crops, worth, places):
    """The largest total weight of any way to give each place of each joint to at most one person, tried one by one."""
    total = 0.0
    for k in range(K):
        weight = np.zeros((len(crops), len(places)))
        for p, crop in enumerate(crops):
            for joint, xy, heat in zip(crop.joint, crop.xy, crop.score, strict=True):
                if joint == k:
                    weight[p, np.hypot(*(places - xy).T).argmin()] = heat * worth[p]
        padded = np.concatenate([weight, np.zeros((len(crops), len(crops)))], 1)  # somebody may get none
        ways = itertools.permutations(range(padded.shape[1]), len(crops))
        total += max(padded[np.arange(len(crops)), list(way)].sum() for way in ways)
    return total


def test_no_way_to_share_them_out_is_better():
    rng = np.random.default_rng(0)
    places = np.array([[0.0, 0], [40, 5], [90, 60], [10, 80]])
    for _ in range(15):
        crops, worth = [], rng.uniform(0.2, 1, int(rng.integers(1, 4)))
        for _ in worth:
            seen = np.argwhere(rng.random((K, len(places))) < 0.6)
            xy = places[seen[:, 1]] + rng.uniform(-1, 1, (len(seen), 2))
            crops.append(Candidates(seen[:, 0], xy, rng.uniform(0.1, 1, len(seen)), 4.0))
        xy, score = share_out(crops, worth, K)
        assert (score * worth[:, None]).sum() == pytest.approx(best_total(crops, worth, places), rel=1e-6)
        for k in range(K):  # nobody shares a joint
            given = xy[:, k][np.isfinite(xy[:, k, 0])]
            owner = np.hypot(*np.moveaxis(given[:, None] - places, -1, 0)).argmin(1)
            assert len(set(owner.tolist())) == len(owner)


def test_a_joint_goes_to_the_person_it_is_clearest_for():
    joint, here, there = np.zeros(2, int), np.array([[50.0, 50], [120, 50]]), np.array([[121.0, 51], [49, 50]])
    crops = [Candidates(joint, here, np.array([0.9, 0.3]), 5.0), Candidates(joint, there, np.array([0.6, 0.8]), 5.0)]
    xy, score = share_out(crops, np.ones(2), 1)
    np.testing.assert_array_equal(xy[:, 0], [[50, 50], [121, 51]])  # though the second crop's highest is the first's
    np.testing.assert_array_equal(score[:, 0], [0.9, 0.6])


def test_joints_farther_apart_than_their_gaussians_are_two():
    for distance, many in ((4.9, 1), (5.1, 2)):
        crops = [
            Candidates(np.zeros(1, int), np.array([[x, 7.0]]), np.array([0.5 + x / 100]), reach)
            for x, reach in ((0.0, 9.0), (distance, 5.0))
        ]
        assert np.isfinite(share_out(crops, np.ones(2), 1)[0][..., 0]).sum() == many


def test_nobody_has_no_joints():
    none = Candidates(np.zeros(0, int), np.zeros((0, 2)), np.zeros(0), 5.0)
    xy, score = share_out([none, none], np.ones(2), K)
    assert np.isnan(xy).all()
    assert not score.any()
    assert share_out([], np.ones(0), K)[0].shape == (0, K, 2)


@pytest.mark.parametrize("read", ["parabola", "quarter", "dark", "integral"])
def test_every_peak_is_a_candidate_in_the_pictures_pixels(read):
    rng = np.random.default_rng(1)
    xy = np.stack([rng.uniform(20, 90, (17, 2)), rng.uniform(20, 90, (17, 2)) + (110, 0)])
    labels = Labels(xy, np.full((2, 17), 2), COCO17)
    codec = SingleCodec(COCO17, Grid(4)).with_decoder(read=read)
    found = read_candidates(codec, codec.encode(labels, (220, 120)).maps)
    assert np.bincount(found.joint).tolist() == [2] * 17
    within = {"quarter": 1.5, "dark": 1.0}.get(read, 0.1)  # of a cell of 4 px
    for k in range(17):
        mine = found.xy[found.joint == k]
        assert np.hypot(*np.moveaxis(mine[:, None] - xy[:, k], -1, 0)).min(0).max() < within
    assert found.transform(geometry.scale(0.5)).reach == pytest.approx(codec.target.sigma / 2)
