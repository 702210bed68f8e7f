"""Every compiled kernel against its slow, obvious twin: peaks, fields and limbs."""

import inspect
import pkgutil
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_inputs import EVERY_PAIR, kinds, made, seeds, shapes, some_cells, some_peaks, straight_fields

from bupose import kernels
from bupose.kernels import reference

kernels.load("encode")
kernels.load("tags")
kernels.load("centre")
compiled = kernels.load("decode")

ONLY_REFERENCE = {"project_samples"}  # the terms behind a mean, which a trace shows one limb at a time


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
    answers = [k.find_peaks(heat, threshold) for k in (compiled, reference)]
    for got, expected in zip(*answers, strict=True):
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
