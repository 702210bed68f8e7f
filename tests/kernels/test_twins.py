"""Every compiled kernel against its slow, obvious twin, on inputs of all kinds and sizes."""

import inspect
import pkgutil
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bupose import kernels
from bupose.kernels import reference

kernels.load("encode")
kernels.load("tags")
kernels.load("centre")
compiled = kernels.load("decode")

ONLY_REFERENCE = {"project_samples"}  # the terms behind a mean, which a trace shows one limb at a time

seeds = st.integers(0, 2**32 - 1)
shapes = st.tuples(st.integers(1, 12), st.integers(1, 12)) | st.sampled_from([(0, 0), (0, 5), (4, 0), (1, 1), (1, 30)])
some_cells = st.tuples(st.integers(1, 12), st.integers(1, 12)) | st.sampled_from([(1, 1), (1, 30), (30, 1)])
kinds = st.sampled_from(["smooth", "noise", "plateaus", "sparse", "zero"])


def made(rng, kind, *shape):
    """A float32 array: noise, few levels with many ties, blobs, few values, or nothing; negative ones too."""
    values = rng.normal(0, 0.5, shape)
    if kind == "plateaus":
        values = np.round(values * 4) / 4
    elif kind == "sparse":
        values *= rng.random(shape) < 0.05
    elif kind == "smooth" and min(shape[-2:]) > 0:
        for axis in (-1, -2):
            values = (values + np.roll(values, 1, axis) + np.roll(values, 2, axis)) / 1.7
    elif kind == "zero":
        values *= 0
    return values.astype(np.float32)


def some_peaks(rng, shape, joints, most=8):
    """start, xy (cells, some on borders and on each other), strength."""
    counts = rng.integers(0, most + 1, joints)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    xy = rng.uniform(-0.5, np.array(shape[::-1]) - 0.5, (start[-1], 2))
    whole = rng.random(start[-1]) < 0.3
    xy[whole] = np.round(xy[whole])
    return start, xy.astype(np.float32), rng.uniform(0.05, 1, start[-1]).astype(np.float32)


def straight_fields(rng, shape, limbs):
    """Fields of one direction a limb, fading along it: where a trail leads does not hang on a last digit."""
    angle, fade = rng.uniform(0, 2 * np.pi, limbs), rng.uniform(0.5, 1, limbs)
    v, u = np.mgrid[: shape[0], : shape[1]]
    along = [np.cos(a) * u + np.sin(a) * v for a in angle]
    strength = [f - 0.02 * (t - t.min()) for t, f in zip(along, fade, strict=True)]
    return np.array([[s * np.cos(a), s * np.sin(a)] for s, a in zip(strength, angle, strict=True)], np.float32)


def public(module):
    """The functions of a package's modules, whether it exports them or not."""
    parts = [import_module(f"{module.__name__}.{part.name}") for part in pkgutil.iter_modules(module.__path__)]
    return {
        name: function
        for part in parts
        for name, f in vars(part).items()
        if inspect.isfunction(function := getattr(f, "py_func", f))
        and function.__module__ == part.__name__
        and not name.startswith("_")
        and name != "grown"  # an inner help of the compiled ones
    }


def test_every_function_has_a_twin_of_the_same_signature():
    fast, slow = public(compiled), public(reference)
    assert set(fast) == set(slow) - ONLY_REFERENCE
    assert len(fast) > 10
    for name, function in fast.items():
        assert inspect.signature(function) == inspect.signature(slow[name]), name
        assert len(inspect.signature(function).parameters) <= 8, name


@given(seeds, kinds, shapes, st.integers(0, 3), st.integers(0, 4))
def test_smooth(seed, kind, shape, joints, reach):
    rng = np.random.default_rng(seed)
    heat, taps = made(rng, kind, joints, *shape), rng.random(reach + 1).astype(np.float32)
    expected, got = reference.smooth(heat, taps), compiled.smooth(heat, taps)
    assert got.dtype == expected.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


@given(seeds, kinds, shapes, st.integers(1, 3), st.sampled_from([0.0, 0.025, 0.25, 0.5]))
def test_find_peaks(seed, kind, shape, joints, threshold):
    heat = made(np.random.default_rng(seed), kind, joints, *shape)
    expected = reference.find_peaks(heat, threshold)
    got = compiled.find_peaks(heat, threshold)
    assert got.dtype == expected.dtype == np.int32
    np.testing.assert_array_equal(got, expected)


@given(seeds, kinds, some_cells, st.integers(1, 3))
def test_refine_peaks(seed, kind, shape, joints):
    rng = np.random.default_rng(seed)
    heat = made(rng, kind, joints, *shape)
    cells = np.stack([rng.integers(0, n, 30) for n in (joints, *shape)], 1).astype(np.int32)  # peaks or not
    (xy, score), (slow_xy, slow_score) = (k.refine_peaks(heat, cells) for k in (compiled, reference))
    np.testing.assert_allclose(xy, slow_xy, atol=2e-4)
    np.testing.assert_array_equal(score, slow_score)
    assert (np.abs(xy - cells[:, :0:-1]) <= 0.5).all()


@given(seeds, kinds, some_cells)
def test_sample_field(seed, kind, shape):
    rng = np.random.default_rng(seed)
    paf = made(rng, kind, 2, 2, *shape)
    for x, y in rng.uniform(-1, max(shape) + 1, (20, 2)).astype(np.float32):
        np.testing.assert_allclose(compiled.sample_field(paf, 1, x, y), reference.sample_field(paf, 1, x, y), atol=1e-5)


@given(seeds, kinds, some_cells, st.integers(2, 20), st.sampled_from([0.05, 0.2, 1.0, 3.0]))
def test_project_line(seed, kind, shape, samples, near):
    rng = np.random.default_rng(seed)
    paf = made(rng, kind, 2, 2, *shape)
    for ends in rng.uniform(-0.5, np.tile(shape[::-1], 2) - 0.5, (20, 4)).astype(np.float32):
        if rng.random() < 0.2:
            ends[2:] = ends[:2]  # both joints at one place
        fast = compiled.project_line(paf, 1, ends, samples, np.float32(near), np.float32(0.1234))
        slow = reference.project_line(paf, 1, ends, samples, near, 0.1234)
        np.testing.assert_allclose(fast, slow, atol=2e-5)


EVERY_PAIR = (10**6, 16, 4.0)  # no limb has a crowd


@given(seeds, kinds, some_cells, st.sampled_from([0.0, 0.3]), st.sampled_from([0.0, 0.55]))
def test_score_limbs(seed, kind, shape, least_score, least_share):
    rng = np.random.default_rng(seed)
    paf, limb_joints = made(rng, kind, 3, 2, *shape), np.array([[0, 1], [1, 2], [2, 0]], np.int32)
    start, xy, strength = some_peaks(rng, shape, 3)
    rest = (paf, limb_joints, start, xy, strength, (7, 0.5, 0.1234), (least_score, least_share), EVERY_PAIR)
    same_candidates(*(k.score_limbs(*rest) for k in (compiled, reference)), least_score)


def same_candidates(one, other, least_score):
    (ids, values), (slow_ids, slow_values) = one, other
    assert ids.dtype == slow_ids.dtype == np.int32
    assert values.dtype == slow_values.dtype == np.float32
    fast, slow = dict(zip(map(tuple, ids.tolist()), values)), dict(zip(map(tuple, slow_ids.tolist()), slow_values))
    assert list(fast) == sorted(fast)
    for key in set(fast) ^ set(slow):  # a projection of nothing but rounding may fall on either side of the limit
        assert abs((fast | slow)[key][0] - least_score) < 1e-5
    for key in set(fast) & set(slow):
        np.testing.assert_allclose(fast[key], slow[key], atol=2e-5)


@given(seeds, st.sampled_from([1, 3, 16]))
def test_score_limbs_in_a_crowd(seed, nearest):
    rng = np.random.default_rng(seed)
    paf, limb_joints = straight_fields(rng, (14, 11), 3), np.array([[0, 1], [1, 2], [2, 0]], np.int32)
    start, xy, strength = some_peaks(rng, (14, 11), 3, most=20)
    rest = (paf, limb_joints, start, xy, strength, (7, 0.5, 0.1234), (0.0, 0.0))
    one, other = (k.score_limbs(*rest, (0, nearest, 1.03)) for k in (compiled, reference))
    same_candidates(one, other, 0)
    every = compiled.score_limbs(*rest, EVERY_PAIR)
    assert set(map(tuple, one[0].tolist())) <= set(map(tuple, every[0].tolist()))


@given(seeds, st.sampled_from([1, -1]))
def test_follow_field(seed, way):
    rng = np.random.default_rng(seed)
    paf = straight_fields(rng, (14, 11), 2)
    _, xy, _ = some_peaks(rng, (14, 11), 1, most=20)
    fast, slow = (k.follow_field(paf, 1, xy, np.float32(0.3), np.float32(way)) for k in (compiled, reference))
    for got, expected in zip(fast, slow, strict=True):
        assert got.dtype == expected.dtype == np.float32
        np.testing.assert_allclose(got, expected, atol=1e-3)


@pytest.mark.parametrize("k", [compiled, reference], ids=["compiled", "reference"])
def test_where_fields_lead(k):
    paf = np.zeros((2, 2, 30, 40), np.float32)
    paf[0, 0, 8:13, 5:26] = 0.9  # a limb from x = 5 to 25 at y = 10
    v, u = np.mgrid[:30, :40] - np.array([15, 20])[:, None, None]
    paf[1] = np.stack([-v, u]) / np.maximum(np.hypot(u, v), 1)  # a whirl about (20, 15)
    xy = np.array([[5, 10], [15, 10], [35, 20]], np.float32)
    ends, length = k.follow_field(paf, 0, xy, np.float32(0.02), np.float32(1))
    np.testing.assert_allclose(length, [20, 10, 0], atol=1.5)
    np.testing.assert_allclose(ends, [[25, 10], [25, 10], [35, 20]], atol=1.5)
    np.testing.assert_allclose(k.follow_field(paf, 0, xy, np.float32(0.02), np.float32(-1))[1], [0, 10, 0], atol=1.5)
    _, length = k.follow_field(paf, 1, np.array([[26, 15]], np.float32), np.float32(0.02), np.float32(1))
    np.testing.assert_allclose(length, 12, atol=1)  # to the other side of the whirl, not round and round


@given(seeds, st.integers(0, 40), st.integers(0, 40), st.integers(1, 9), st.booleans())
def test_pair_joints(seed, firsts, seconds, nearest, on_cells):
    rng = np.random.default_rng(seed)
    points = [rng.uniform(-3, 40, (n, 2)) for n in (firsts, seconds, firsts, seconds)]
    if on_cells:  # many as near as each other, and at one place
        points = [np.round(p / 3) for p in points]
    lengths = [rng.uniform(0, 12, n) * (rng.random(n) < 0.8) for n in (firsts, seconds)]
    given_these = [np.asarray(a, np.float32) for a in (*points, *lengths)]
    (begin, found), (slow_begin, slow_found) = (
        k.pair_joints(*given_these, nearest, 1.3) for k in (compiled, reference)
    )
    assert found.dtype == slow_found.dtype == np.int32
    np.testing.assert_array_equal(begin, slow_begin)
    np.testing.assert_array_equal(found, slow_found)
    most = nearest + max(nearest // 4, 1)
    assert len(found) <= (firsts + seconds) * most


def test_score_limbs_of_more_candidates_than_fit_at_first():
    paf, rng = np.ones((1, 2, 9, 9), np.float32), np.random.default_rng(0)
    xy = np.concatenate([rng.uniform(0, 2, (40, 2)), rng.uniform(6, 8, (40, 2))]).astype(np.float32)
    start, strength = np.array([0, 40, 80], np.int32), np.ones(80, np.float32)
    rest = (strength, (7, 0.5, 0.1234), (0.0, 0.0), EVERY_PAIR)
    results = [k.score_limbs(paf, np.array([[0, 1]], np.int32), start, xy, *rest) for k in (compiled, reference)]
    assert len(results[0][0]) == 1600
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_allclose(results[0][1], results[1][1], atol=2e-5)


def some_candidates(rng, joints=4, most=7, density=0.5, levels=0):
    """ids, weight, joint of each peak: random pairs of all limb types; few levels of weight make ties."""
    counts = rng.integers(0, most + 1, joints)
    start = np.concatenate([[0], np.cumsum(counts)])
    pairs = [(a, b) for a in range(joints) for b in range(joints) if a < b]
    rows = [
        (n, a, b)
        for n, (j, k) in enumerate(pairs)
        for a in range(start[j], start[j + 1])
        for b in range(start[k], start[k + 1])
        if rng.random() < density
    ]
    weight = rng.uniform(0.01, 1, len(rows))
    if levels:
        weight = np.ceil(weight * levels) / levels
    joint = np.repeat(np.arange(joints), counts)
    return np.array(rows, np.int32).reshape(-1, 3), weight.astype(np.float32), joint.astype(np.int32)


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


@given(seeds, some_cells, st.sampled_from([0.02, 0.3]))
def test_complete_people(seed, shape, threshold):
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
    span = np.stack([rng.choice([0, 1.03, 2.47], (3, 3)), rng.choice([1.93, 4.07, np.inf], (3, 3))], 2)
    span = span.astype(np.float32)
    compiled.complete_people(paf, heat, limb_joints, *fast, span, threshold, 0.5)
    reference.complete_people(paf, heat, limb_joints, *slow, span, threshold, 0.5)
    np.testing.assert_allclose(fast[1], slow[1], atol=1e-4)
    np.testing.assert_allclose(fast[0], slow[0], atol=1e-3)


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
    box = np.zeros((0, 4), np.float32)
    if people:
        box = np.concatenate([np.nanmin(xy, 1), np.nanmax(xy, 1)], 1)
    sigmas = np.array([0.03, 0.05, 0.08, 0.1, 0.1], np.float32)
    given_these = (xy, box, np.argsort(box[:, 0], kind="stable"), sigmas, similarity)
    np.testing.assert_array_equal(compiled.find_duplicates(*given_these), reference.find_duplicates(*given_these))


def some_bodies(rng, shape, people):
    xy = rng.uniform(-4, np.array(shape[::-1]) + 4, (people, 3, 2))
    if people > 1:
        xy[1, 1] = xy[1, 0]  # a limb without length
    return xy, rng.random((people, 3)) < 0.8


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
    cells = reference.find_peaks(heat, 0.0)
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
