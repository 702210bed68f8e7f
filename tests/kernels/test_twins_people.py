"""Compiled kernels against their twins: people out of candidates, tags and centres; and painting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_inputs import (
    kinds,
    made,
    seeds,
    shapes,
    some_bodies,
    some_candidates,
    some_cells,
    some_peaks,
    straight_fields,
)

from bupose import kernels
from bupose.kernels import reference

kernels.load("encode")
kernels.load("tags")
kernels.load("centre")
compiled = kernels.load("decode")


@given(seeds, st.floats(0, 1), st.sampled_from([0, 2]))
def test_match_hungarian(seed, density, levels):
    ids, weight, joint = some_candidates(np.random.default_rng(seed), density=density, levels=levels)
    fast, slow = (k.match_hungarian(ids, weight, len(joint)) for k in (compiled, reference))
    assert fast.dtype == slow.dtype == bool
    for limb in range(6):
        here = ids[:, 0] == limb
        assert weight[fast & here].sum() == pytest.approx(weight[slow & here].sum(), abs=1e-5)
    if not levels:  # without ties there is one best choice
        np.testing.assert_array_equal(fast, slow)


@given(seeds, st.floats(0, 1), st.sampled_from([0, 2]))
def test_match_greedy(seed, density, levels):
    ids, weight, joint = some_candidates(np.random.default_rng(seed), density=density, levels=levels)
    order = np.argsort(-weight, kind="stable")
    fast, slow = (k.match_greedy(ids, order, len(joint)) for k in (compiled, reference))
    np.testing.assert_array_equal(fast, slow)


@given(seeds, st.floats(0, 0.6))
def test_group_people(seed, density):
    rng = np.random.default_rng(seed)
    ids, _, joint = some_candidates(rng, density=density)
    order = rng.permutation(len(ids))[: rng.integers(0, len(ids) + 1)]
    fast, slow = (k.group_people(ids, order, joint, 4) for k in (compiled, reference))
    for name, a, b in zip(("members", "person", "used"), fast, slow, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=name)
    members, person, used = fast
    assert sorted(members[members >= 0]) == list(range(len(joint)))  # every peak in one place
    assert not used[np.setdiff1d(np.arange(len(ids)), order)].any()
    np.testing.assert_array_equal(person[ids[used, 1]], person[ids[used, 2]])


@given(seeds, st.floats(0, 0.6), st.booleans(), st.sampled_from([0.5, 2.2]))
def test_assemble_people(seed, density, greedy, most):
    rng = np.random.default_rng(seed)
    ids, weight, joint = some_candidates(rng, density=density)
    xy, usual = rng.uniform(0, 40, (len(joint), 2)), rng.uniform(0.2, 2, 6)
    values = np.stack([weight, weight, weight], 1)
    rest = joint, 4, xy.astype(np.float32), usual.astype(np.float32), (greedy, 2, most, 0.6789)
    fast, slow = (k.assemble_people(ids, values, *rest) for k in (compiled, reference))
    for name, a, b in zip(("matched", "overlong", "members", "person", "used"), fast, slow, strict=False):
        np.testing.assert_array_equal(a, b, err_msg=name)
    np.testing.assert_allclose(fast[5], slow[5], rtol=1e-5)
    assert not (fast[0] & fast[1]).any()


@given(seeds, some_cells, st.sampled_from([0.02, 0.3]), st.sampled_from([[0, 1, 2, 3], [0, 3, 2, 1]]))
def test_complete_people(seed, shape, threshold, mirror):
    rng = np.random.default_rng(seed)
    h, w = shape
    limb_joints, paf = np.array([[0, 1], [1, 2], [3, 2]], np.int32), straight_fields(rng, shape, 3)
    heat = made(rng, "sparse", 4, h, w)
    xy = np.full((3, 4, 2), np.nan, np.float32)
    evidence = np.zeros((3, 4), np.float32)
    known = rng.random((3, 4)) < 0.4
    xy[known] = rng.uniform(-0.3, (w - 0.7, h - 0.7), (known.sum(), 2))
    evidence[known] = 0.5
    fast, slow = (xy.copy(), evidence.copy()), (xy.copy(), evidence.copy())
    usual, scale = np.array([1, 1.27, 0], np.float32), rng.choice([1.93, 4.07, np.nan], 3).astype(np.float32)
    skeleton = limb_joints, usual, np.array(mirror, np.int32)
    rest = scale, (rng.choice([0.0, 0.6]), 2.2, 0.77), (threshold, 0.5, 0.5)
    completed = compiled.complete_people(paf, heat, skeleton, *fast, *rest)
    np.testing.assert_array_equal(completed, reference.complete_people(paf, heat, skeleton, *slow, *rest))
    np.testing.assert_allclose(fast[1], slow[1], atol=1e-4)
    np.testing.assert_allclose(fast[0], slow[0], atol=1e-3)
    np.testing.assert_array_equal(completed, (fast[1] > 0) & ~known)
    assert (fast[1][completed] <= 0.5).all()


@given(seeds, st.floats(0, 0.6), st.integers(1, 4))
def test_limbs_measured_against_their_person(seed, density, least):
    rng = np.random.default_rng(seed)
    ids, _, joint = some_candidates(rng, density=density)
    xy = rng.uniform(0, 40, (len(joint), 2)).astype(np.float32)
    usual = (rng.uniform(0.2, 2, 6) * (rng.random(6) < 0.8)).astype(np.float32)  # 0: unknown
    _, person, used = reference.group_people(ids, rng.permutation(len(ids)), joint, 4)
    fast, slow = (k.measure_people(ids, xy, usual, person, used, least) for k in (compiled, reference))
    assert fast.dtype == slow.dtype == np.float32
    np.testing.assert_allclose(fast, slow, rtol=1e-5)
    given_these = (ids, xy, usual, person, slow, 1.2345, 0.6789)
    overlong = compiled.find_overlong(*given_these)
    assert overlong.dtype == bool
    np.testing.assert_array_equal(overlong, reference.find_overlong(*given_these))


@given(seeds, st.integers(0, 8), st.sampled_from([0.3, 0.8]), st.floats(0, 0.6))
def test_find_duplicates(seed, people, similarity, absent):
    rng = np.random.default_rng(seed)
    base = rng.uniform(0, 20, (3, 5, 2))
    xy = base[rng.integers(0, 3, people)] + rng.normal(0, 1, (people, 5, 2)) * rng.choice([0.1, 1], (people, 1, 1))
    gone = rng.random((people, 5)) < absent
    gone[:, 0] &= ~gone.all(1)
    xy = np.where(gone[..., None], np.nan, xy).astype(np.float32)
    box = compiled.box_joints(xy)
    np.testing.assert_array_equal(box, reference.box_joints(xy))
    sigmas = np.array([0.03, 0.05, 0.08, 0.1, 0.1], np.float32)
    given_these = (xy, np.argsort(box[:, 0], kind="stable"), sigmas, similarity)
    np.testing.assert_array_equal(compiled.find_duplicates(*given_these), reference.find_duplicates(*given_these))


@given(seeds, st.floats(0, 0.6), st.integers(1, 3))
def test_collect_evidence(seed, density, least):
    rng = np.random.default_rng(seed)
    ids, weight, joint = some_candidates(rng, density=density)
    members, _, used = reference.group_people(ids, rng.permutation(len(ids)), joint, 4)
    members = members[(members >= 0).sum(1) >= least]
    xy, heat = rng.uniform(0, 9, (len(joint), 2)), rng.uniform(0.01, 1, len(joint))
    values = np.stack([rng.uniform(0, 1.3, len(ids)), weight, weight], 1)
    parts = np.array([0, 2, 0, 1], np.int32), np.array([0, 2, 0, 1, 1, 0], np.int32)
    values, xy, heat = (a.astype(np.float32) for a in (values, xy, heat))
    answers = [k.collect_evidence(members, ids, values, used, xy, heat, *parts) for k in (compiled, reference)]
    for fast, slow in zip(*answers, strict=True):
        assert fast.dtype == slow.dtype
        np.testing.assert_allclose(fast, slow, rtol=1e-5)


@given(seeds, st.integers(0, 5), st.sampled_from([0.3, 2.0]), st.floats(0, 0.9))
def test_expected_similarity(seed, people, sigma, absent):
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 20, (people, 4, 2)).astype(np.float32)
    xy[rng.random((people, 4)) < absent] = np.nan
    sigmas = rng.uniform(0.03, 0.1, 4)
    fast, slow = (k.expected_similarity(xy, sigmas, sigma) for k in (compiled, reference))
    assert fast.dtype == slow.dtype == np.float64
    np.testing.assert_allclose(fast, slow, rtol=1e-5)
    assert (np.isnan(fast) == np.isnan(xy).all((1, 2))[:, None]).all()


@given(seeds, st.integers(0, 5), st.integers(1, 4))
def test_score_people(seed, people, parts):
    rng = np.random.default_rng(seed)
    joint_parts = np.concatenate([np.arange(parts), rng.integers(0, parts, 3)]).astype(np.int32)
    shape = (people, len(joint_parts))
    joint_score = (rng.uniform(0, 1, shape) * (rng.random(shape) < 0.5)).astype(np.float32)
    everything = np.bincount(joint_parts)
    count = rng.integers(0, everything + 1, (people, parts))
    given_these = (rng.uniform(0, 1, (people, parts)) * count, count, everything, rng.uniform(0, 1, shape), joint_score)
    fast, slow = (k.score_people(*given_these, joint_parts) for k in (compiled, reference))
    assert fast.dtype == slow.dtype == np.float32
    np.testing.assert_allclose(fast, slow, rtol=1e-5)


@given(seeds, st.integers(0, 40), st.sampled_from([0, 3]))
def test_heaviest_first(seed, count, levels):
    weight = np.random.default_rng(seed).uniform(0, 1, count).astype(np.float32)
    if levels:
        weight = np.round(weight * levels)
    fast, slow = (k.heaviest_first(weight) for k in (compiled, reference))
    assert fast.dtype == slow.dtype == np.int64
    np.testing.assert_array_equal(fast, slow)


@given(seeds, st.floats(0, 0.6), st.integers(1, 3), st.sampled_from([0.0, 0.4]), st.sampled_from([0.0, 0.4]))
def test_rank_people(seed, density, min_joints, sigma, min_score):
    rng = np.random.default_rng(seed)
    ids, weight, joint = some_candidates(rng, density=density)
    xy, heat = rng.uniform(0, 9, (len(joint), 2)).astype(np.float32), rng.uniform(0.01, 1, len(joint))
    values, usual = np.stack([weight, weight, weight], 1), (rng.uniform(0.2, 2, 6) * (rng.random(6) < 0.8))
    found, usual = (ids, values, joint, xy, heat.astype(np.float32)), usual.astype(np.float32)
    assembled = reference.assemble_people(ids, values, joint, 4, xy, usual, (False, 2, 2.2, 0.6789))[2:]
    parts = np.array([0, 2, 0, 1], np.int32), np.array([0, 2, 0, 1, 1, 0], np.int32)
    skeleton = *parts, rng.uniform(0.03, 0.1, 4), usual, 1.3
    rest = skeleton, (min_joints, sigma, min_score), (4.5, 0.3, 1.3)
    answers = [k.rank_people(found, assembled, *rest) for k in (compiled, reference)]
    for fast, slow in zip(*answers, strict=True):
        assert fast.dtype == slow.dtype
        np.testing.assert_allclose(fast, slow, rtol=1e-4)
    members, _, _, score, _, _ = answers[0]
    assert ((members[:, [0, 2]] >= 0).sum(1) >= min_joints).all()
    assert (score >= min_score).all()
    assert (np.diff(score) <= 0).all()


@given(seeds, st.integers(0, 8), st.sampled_from([0.3, 0.8, 1.0]), st.floats(0, 0.9), st.integers(1, 3))
def test_list_people(seed, people, similarity, absent, min_joints):
    rng = np.random.default_rng(seed)
    base = rng.uniform(0, 20, (3, 5, 2))
    xy = base[rng.integers(0, 3, people)] + rng.normal(0, 1, (people, 5, 2)) * rng.choice([0.1, 1], (people, 1, 1))
    gone = rng.random((people, 5)) < absent  # sometimes all
    xy, score = np.where(gone[..., None], np.nan, xy).astype(np.float32), -np.sort(-rng.uniform(0, 1, people))
    joint_score = np.where(gone, 0, rng.uniform(0, 1, gone.shape)).astype(np.float32)
    arrays = xy, joint_score, score.astype(np.float32), rng.uniform(0.1, 1, gone.shape), rng.random(gone.shape) < 0.2
    skeleton = np.array([0, 0, 1, 0, 1], np.int32), np.array([0.03, 0.05, 0.02, 0.1, 0.1])
    answers = [
        k.list_people(*(a.copy() for a in arrays), skeleton, (similarity, 0.2, min_joints), (8, 3.5))
        for k in (compiled, reference)
    ]
    for fast, slow in zip(*answers, strict=True):
        assert fast.dtype == slow.dtype
        np.testing.assert_allclose(fast, slow, rtol=1e-5)
    kept, _, left, _, _ = answers[0]
    assert kept.sum() == len(left)
    assert ((left[:, [0, 1, 3]] > 0).sum(1) >= min_joints).all()


@given(seeds, shapes, st.integers(0, 4), st.floats(0.3, 4))
def test_paint_heat(seed, shape, people, sigma):
    xy, present = some_bodies(np.random.default_rng(seed), shape, people)
    fast, slow = (k.paint_heat(shape, xy, present, sigma) for k in (compiled, reference))
    assert fast.dtype == slow.dtype == np.float32
    np.testing.assert_allclose(fast, slow, atol=1e-6)


@given(seeds, shapes, st.integers(0, 4), st.floats(1, 3))
def test_paint_limbs(seed, shape, people, width):
    xy, present = some_bodies(np.random.default_rng(seed), shape, people)
    limb_joints = np.array([[0, 1], [2, 1]], np.int32)
    fast, slow = (k.paint_limbs(shape, xy, present, limb_joints, width) for k in (compiled, reference))
    assert fast.dtype == slow.dtype == np.float32
    np.testing.assert_allclose(fast, slow, atol=1e-6)


@given(seeds, st.integers(1, 3), st.integers(1, 4), st.sampled_from([0, 3, 12]), st.sampled_from([2, 16]))
def test_group_tags(seed, size, joints, most, nearest):
    rng = np.random.default_rng(seed)
    start, _, score = some_peaks(rng, (9, 9), joints, most)
    people = rng.uniform(-4, 4, (5, size))
    tags = people[rng.integers(0, 5, len(score))] + rng.normal(0, 0.2, (len(score), size))
    tags = tags.astype(np.float32)
    order = rng.permutation(joints).astype(np.int32)
    fast, slow = (k.group_tags(start, tags, score, order, (1.0, 2.0, nearest)) for k in (compiled, reference))
    for name, a, b in zip(("members", "ids", "values", "matched"), fast, slow, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b, err_msg=name)
    members, _, values, matched = fast
    assert sorted(members[members >= 0]) == list(range(len(score)))  # every peak in one person
    assert ((values[:, 1] > 0) == (values[:, 0] < 1)).all()
    assert not (matched & (values[:, 1] == 0)).any()


@given(seeds, kinds, some_cells, st.integers(1, 3))
def test_find_tagged(seed, kind, shape, size):
    rng = np.random.default_rng(seed)
    heat, tags = made(rng, kind, 3, *shape), 2 * made(rng, kind, 3, size, *shape)
    mean, absent = rng.normal(0, 1, (4, size)), rng.random((4, 3)) < 0.5
    fast, slow = (k.find_tagged(heat, tags, mean, absent) for k in (compiled, reference))
    assert fast.dtype == slow.dtype == np.int32
    np.testing.assert_array_equal(fast, slow)


@given(seeds, kinds, some_cells, st.integers(1, 3))
def test_keep_highest(seed, kind, shape, reach):
    heat = made(np.random.default_rng(seed), kind, 2, *shape)
    cells, _ = reference.find_peaks(heat, 0.0)
    fast, slow = (k.keep_highest(heat, cells, reach) for k in (compiled, reference))
    assert fast.dtype == slow.dtype == bool
    np.testing.assert_array_equal(fast, slow)
    assert reach > 1 or fast.all()  # what a peak is


@given(seeds, some_cells, st.integers(0, 5), st.sampled_from([0.5, 3.0]))
def test_pair_with_peaks(seed, shape, people, cut):
    rng = np.random.default_rng(seed)
    start, xy, score = some_peaks(rng, shape, 3)
    xy = xy[np.lexsort((xy[:, 1], np.repeat(np.arange(3), np.diff(start))))]
    places = rng.uniform(-3, max(shape) + 3, (people, 3, 2)).astype(np.float32)
    spread = rng.uniform(0.3, 4, (people, 3)).astype(np.float32)
    (ids, weight), (slow_ids, slow_weight) = (
        k.pair_with_peaks(places, spread, start, xy, score, cut) for k in (compiled, reference)
    )
    assert ids.dtype == slow_ids.dtype == np.int32
    assert weight.dtype == slow_weight.dtype == np.float32
    fast, slow = dict(zip(map(tuple, ids.tolist()), weight)), dict(zip(map(tuple, slow_ids.tolist()), slow_weight))
    assert list(fast) == sorted(fast)
    for k, p, n in set(fast) ^ set(slow):  # at the edge of the reach a rounding decides
        assert np.hypot(*(xy[n] - places[p, k])) / spread[p, k] == pytest.approx(cut, rel=1e-5)
    for pair in set(fast) & set(slow):
        np.testing.assert_allclose(fast[pair], slow[pair], rtol=1e-4)


@given(seeds, kinds, some_cells, st.integers(0, 4), st.sampled_from([0.5, 9.6]))
def test_search_heat(seed, kind, shape, people, variance):
    rng = np.random.default_rng(seed)
    heat = np.clip(made(rng, kind, 3, *shape), 0, 1)
    places = rng.uniform(-3, max(shape) + 3, (people, 3, 2)).astype(np.float32)
    low = rng.uniform(-5, max(shape), (people, 2))
    box = np.concatenate([low, low + rng.uniform(-1, max(shape), (people, 2))], 1).astype(np.float32)
    (cells, weight), (slow_cells, slow_weight) = (
        k.search_heat(heat, places, box, variance) for k in (compiled, reference)
    )
    assert cells.dtype == slow_cells.dtype == np.int32
    np.testing.assert_allclose(weight, slow_weight, rtol=1e-4, atol=1e-30)
    v, u = cells[..., 0], cells[..., 1]  # cells that weigh the same but for a rounding may change places
    distance = (u - places[..., 0]) ** 2 + (v - places[..., 1]) ** 2
    here = heat[np.arange(3), v, u] * np.exp(-distance.astype(np.float64) / (2 * variance))
    np.testing.assert_allclose(here[weight > 0], slow_weight[weight > 0], rtol=1e-4, atol=1e-30)
    assert (cells[weight == 0] == 0).all()
