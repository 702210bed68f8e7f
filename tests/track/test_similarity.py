"""Similarity and motion against their definitions."""

from itertools import permutations

import numpy as np
import pytest
from walkers import people_at

from bupose.evaluate.oks import keypoint_similarity
from bupose.skeletons import COCO17
from bupose.track.joining import _choose
from bupose.track.motion import corners, correct, predict, sizes
from bupose.track.similarity import box_overlap, joint_similarity, mutual_similarity

SIGMAS = np.asarray(COCO17.sigmas)


def test_similarity_is_the_mean_of_cocos_over_where_somebody_may_be():
    rng = np.random.default_rng(0)
    size, unsure, off = 80.0, 15.0, rng.uniform(-20, 20, (17, 2))
    places = rng.normal(0, unsure, (200_000, 1, 2))
    squared = ((off - places) ** 2).sum(2)
    sampled = keypoint_similarity(squared[:, None], np.array([size**2]), SIGMAS).mean((0, 1))
    near, sharp = joint_similarity((off**2).sum(1)[None], np.array([size]), np.array([unsure]), SIGMAS)
    np.testing.assert_allclose((near * sharp)[0], sampled, atol=4 * 0.5 / np.sqrt(len(places)))


def test_absent_joints_are_not_alike():
    near, _ = joint_similarity(np.array([[0.0, np.nan]]), np.ones(1), np.zeros(1), SIGMAS[:2])
    assert near.tolist() == [[1, 0]]


def test_mutual_similarity_is_that_of_each_pair():
    xy = people_at([(100, 300), (106, 303), (150, 300), (900, 10)], noise=3.0).xy.astype(float)
    xy[1, 5:] = np.nan
    alike = mutual_similarity(xy, corners(xy), SIGMAS)
    for a in range(4):
        size = sizes(np.nanmin(xy[a], 0)[None], np.nanmax(xy[a], 0)[None])
        for b in range(4):
            shared = [k for k in range(17) if np.isfinite(xy[[a, b], k]).all()]
            each = [np.exp(-((xy[a, k] - xy[b, k]) ** 2).sum() / (2 * (2 * SIGMAS[k] * size[0]) ** 2)) for k in shared]
            few = min(np.isfinite(xy[n, :, 0]).sum() for n in (a, b))
            assert alike[a, b] == pytest.approx(0 if a == b else sum(each) / few, abs=0.003)


def test_box_overlap():
    low, high = np.array([[0, 0], [0, 0], [0, 0.0]]), np.array([[2, 2], [2, 2], [2, 2.0]])
    other_low, other_high = np.array([[1, 0], [0, 0], [5, 5.0]]), np.array([[3, 2], [2, 2], [6, 6.0]])
    np.testing.assert_allclose(box_overlap(low, high, other_low, other_high), [1 / 3, 1, 0])


def test_prediction_and_correction_are_kalmans():
    dt, density, noise = 0.3, 1.7, 0.02
    p = np.array([[0.5, 0.1], [0.1, 0.8]])
    f, h = np.array([[1, dt], [0, 1]]), np.array([[1.0, 0.0]])
    q = density * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
    later = f @ p @ f.T + q
    packed = predict(np.array([[0.5, 0.1, 0.8]]), dt, density)
    np.testing.assert_allclose(packed[0], [later[0, 0], later[0, 1], later[1, 1]])
    gain = later @ h.T / (later[0, 0] + noise)
    after = (np.eye(2) - gain @ h) @ later
    here, swift, corrected = correct(packed, noise)
    np.testing.assert_allclose([here[0], swift[0]], gain[:, 0])
    np.testing.assert_allclose(corrected[0], [after[0, 0], after[0, 1], after[1, 1]])


def test_two_steps_of_prediction_are_one():
    start = np.array([[0.5, 0.1, 0.8]])
    np.testing.assert_allclose(predict(predict(start, 0.1, 2.0), 0.25, 2.0), predict(start, 0.35, 2.0))


def test_the_choice_of_pairs_is_the_best_of_all():
    rng = np.random.default_rng(3)
    for _ in range(20):
        n = 5
        table = np.where(rng.random((n, n)) < 0.5, rng.random((n, n)), 0)
        worth = {(a, b): float(table[a, b]) for a, b in zip(*np.nonzero(table), strict=True)}
        best = max(sum(table[a, b] for a, b in enumerate(order)) for order in permutations(range(n)))
        chosen = _choose(worth, n)
        assert len({a for a, _ in chosen}) == len({b for _, b in chosen}) == len(chosen)
        assert sum(worth[pair] for pair in chosen) == pytest.approx(best)
    assert _choose({}, 4) == []
