"""Centres, offsets and heatmaps back to people: exact maps, noisy maps against a slow obvious twin, and odd ones."""

import math

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from bupose.kernels import reference
from bupose.people import Labels, People

SIZE = (640, 384)


def changed(maps, **arrays):
    return maps.replace(**arrays)


def noisy(maps, seed, heat=0.05, offset=0.4):
    """Maps with something of a network's errors: noise, faded maps, offsets astray."""
    rng = np.random.default_rng(seed)
    faded = {
        name: np.clip(a * rng.uniform(0.6, 1, (len(a), 1, 1)) + rng.normal(0, heat, a.shape), 0, 1).astype(np.float32)
        for name, a in maps.arrays.items()
        if name in ("heat", "centre")
    }
    astray = maps.arrays["offset"] + rng.normal(0, offset, maps.arrays["offset"].shape)
    return changed(maps, **faded, offset=astray.astype(np.float32))


def nearest_people(labels, people):
    """For each labelled person the row of who lies nearest, and how far its joints are, pixels."""
    gap = np.abs(people.xy[None] - labels.xy[:, None]).max(3)
    gap = np.where(labels.present[:, None], gap, 0).max(2)
    gap = np.where(np.isnan(gap), np.inf, gap)
    return gap.argmin(1), gap.min(1)


@pytest.mark.parametrize("stride", [4, 8])
@pytest.mark.parametrize("options", [{}, {"refine": "local"}, {"snap": "cells", "refine": "local"}])
@pytest.mark.parametrize("seed", range(3))
def test_perfect_maps_give_back_the_people(codec_of, row, stride, options, seed):
    codec, labels = codec_of(stride, {"local": True, "box": True}, **options), row(seed)
    people = codec.decode(codec.encode(labels, SIZE).maps)
    assert len(people) == 4
    rows, gap = nearest_people(labels, people)
    assert sorted(rows) == [0, 1, 2, 3]
    assert gap.max() < 0.05
    assert not people.completed.any()


@pytest.mark.parametrize("seed", range(4))
def test_crowds(codec_of, crowd, seed):
    """People whose centres do not share a cell are all found, each with its own joints."""
    codec, labels = codec_of(4), crowd(8, seed)
    cells = codec.grid.to_cells(labels.xy)
    centre = np.array([xy[here].mean(0) for xy, here in zip(cells, labels.present)])
    apart = np.hypot(*(centre[:, None] - centre[None]).transpose(2, 0, 1)) + 99 * np.eye(8)
    alone = apart.min(1) > 2 * codec.target.radius
    assert alone.sum() >= 2
    people = codec.decode(codec.encode(labels, SIZE).maps)
    assert len(people) <= 8
    _, gap = nearest_people(labels[alone], people)
    assert (gap < 4).mean() > 0.7  # others' peaks of one type melt into theirs


@pytest.mark.parametrize("seed", range(3))
def test_as_a_slow_twin_reads_noisy_maps(codec_of, crowd, seed):
    codec = codec_of(4, duplicate_similarity=1.0, min_joint_score=0.0, min_joints=1, localization_sigma=0.3)
    maps = noisy(codec.encode(crowd(6, seed), SIZE).maps, seed)
    people, expected = codec.decode(maps), slow_decode(maps, codec.decoder)
    assert len(people) == len(expected) > 3
    np.testing.assert_allclose(people.person_score, expected.person_score, rtol=1e-4)
    np.testing.assert_array_equal(people.completed, expected.completed)
    np.testing.assert_allclose(people.xy, expected.xy, atol=1e-2)
    np.testing.assert_allclose(people.score, expected.score, rtol=1e-3, atol=1e-5)


def slow_decode(maps, options):
    """People by loops and full matrices: the description in docs/centre.md, line by line."""
    heat, centre, offset = (maps.arrays[name] for name in ("heat", "centre", "offset"))
    joints, h, w = heat.shape
    found = []
    for _, y, x in reference.find_peaks(centre, options.centre_threshold)[0]:
        found.append((centre[0, y, x], np.array([x, y]) + offset[:, :, y, x]))
    found.sort(key=lambda one: -one[0])
    chosen = {}
    for k in range(joints):
        cells, _ = reference.find_peaks(heat[k : k + 1], options.peak_threshold)
        xy, score = (values.tolist() for values in reference.refine_peaks(heat[k : k + 1], cells))
        weight = np.zeros((len(found), len(cells)))
        near = np.zeros_like(weight)
        for p, (sure, places) in enumerate(found):
            sigma = max(options.reach * np.hypot(*np.ptp(places, 0)), 0.5)
            for n in range(len(cells)):
                far = math.dist(xy[n], places[k]) / sigma
                if far < 3:
                    near[p, n] = score[n] * math.exp(-(far**2) / 2)
                    weight[p, n] = near[p, n] * sure
        for p, n in zip(*linear_sum_assignment(-weight)):
            if weight[p, n] > 0:
                chosen[p, k] = xy[n], np.sqrt(score[n] * near[p, n])
    rows = []
    for p, (sure, places) in enumerate(found):
        xy, score, completed = np.full((joints, 2), np.nan), np.zeros(joints), np.zeros(joints, bool)
        for k in range(joints):
            if (p, k) in chosen:
                xy[k], score[k] = chosen[p, k]
            else:
                x, y = np.rint(places[k]).astype(int)
                if 0 <= x < w and 0 <= y < h:
                    xy[k], completed[k] = places[k], True
        here = score > 0
        if not here.any():
            continue
        sides = np.nanmax(xy, 0) - np.nanmin(xy, 0)
        sigma, kappa = options.localization_sigma, 2 * np.array(maps.skeleton.sigmas)
        similar = 1 / (1 + sigma**2 / (max(0.53 * sides.prod(), 100 * sigma**2) * kappa**2))
        evidence = ((score**2).sum() + sure**2) / np.sqrt((here.sum() + 1) * (joints + 1))
        person = min(np.sqrt(evidence * (similar * score).sum() / score.sum()), 1)
        for k in np.flatnonzero(completed):
            x, y = np.rint(places[k]).astype(int)
            score[k] = np.sqrt(0.5 * heat[k, y, x] * sure)
        rows.append((person, xy, score * np.sqrt(similar), completed))
    rows = sorted((row for row in rows if row[0] >= options.min_person_score), key=lambda row: -row[0])
    person, xy, score, completed = (np.array(column) for column in zip(*rows))
    return People(maps.grid.to_pixels(xy), score, person, maps.skeleton, completed)


@pytest.mark.parametrize("seed", range(3))
def test_mirrored_maps_hold_the_mirrored_people(codec_of, crowd, seed):
    codec = codec_of(4, duplicate_similarity=1.0)
    maps = noisy(codec.encode(crowd(5, seed), SIZE).maps, seed)
    one, other = codec.decode(maps).flip(SIZE[0]), codec.decode(maps.flip())
    assert len(one) == len(other) > 2
    np.testing.assert_allclose(one.person_score, other.person_score, rtol=1e-4)
    np.testing.assert_allclose(one.xy, other.xy, atol=1e-2)
    np.testing.assert_array_equal(one.completed, other.completed)


def test_a_joint_without_a_peak_stays_where_the_offsets_put_it(codec_of, row):
    codec, labels = codec_of(4, min_joint_score=0.0), row(3)
    maps = codec.encode(labels, SIZE).maps
    heat = maps.arrays["heat"].copy()
    x, y = np.rint(codec.grid.to_cells(labels.xy[1, 9])).astype(int)
    heat[9, y - 8 : y + 9, x - 8 : x + 9] *= 0.05  # below the threshold
    people = codec.decode(changed(maps, heat=heat))
    rows, gap = nearest_people(labels, people)
    assert gap.max() < 0.05
    wrist = people[int(rows[1])]
    assert people.completed[rows[1]].nonzero()[0].tolist() == [9]
    assert 0 < people.score[rows[1], 9] < 0.3 < people.score[rows[1], 10]
    assert wrist.score.shape == (1, 17)
    without = codec.with_decoder(completion=False).decode(changed(maps, heat=heat))
    assert np.isnan(without.xy[nearest_people(labels, people)[0][1], 9]).all()


def test_a_peak_serves_one_person_alone(codec_of, standing):
    """Two people and one left wrist, within reach of both: it goes to whom it lies nearer, the other has none."""
    codec, labels = codec_of(4, completion=False), standing([(280, 370), (360, 370)], [300, 300], astray=0)
    maps = codec.encode(labels, SIZE).maps
    wrist = codec.grid.to_cells(labels.xy[1, 9]) - (5, 0)
    heat = maps.arrays["heat"].copy()
    heat[9] = reference.paint_heat(heat.shape[1:], wrist[None, None].astype(float), np.ones((1, 1), bool), 1.25)[0]
    maps = changed(maps, heat=heat)
    trace = codec.explain(maps)
    people = trace.people
    left, right = np.nanmean(people.xy[..., 0], 1).argsort()
    np.testing.assert_allclose(people.xy[right, 9], codec.grid.to_pixels(wrist), atol=0.05)
    assert np.isnan(people.xy[left, 9]).all()
    assert (trace.links.kind == 9).sum() == 2  # both had it within reach


def test_ghosts_beside_a_person_take_nothing_from_it(codec_of, row):
    codec, labels = codec_of(4), row(4)
    maps = codec.encode(labels, SIZE).maps
    centre, offset = maps.arrays["centre"].copy(), maps.arrays["offset"].copy()
    x, y = np.rint(codec.grid.to_cells(labels.xy[0]).mean(0)).astype(int)
    offset[:, :, y, x + 6] = offset[:, :, y, x] - np.array([6, 0], np.float32)  # it says the same
    centre[0, y, x + 6] = 0.6
    people = codec.decode(changed(maps, centre=centre, offset=offset))
    assert len(people) == 4
    assert nearest_people(labels, people)[1].max() < 0.05


@pytest.mark.parametrize("options", [{}, {"snap": "cells"}], ids=["peaks", "cells"])
@pytest.mark.parametrize("value", [0.0, 1.0, np.nan, np.inf, -1e30])
def test_odd_maps(codec_of, options, value):
    codec = codec_of(4, min_joints=1, min_person_score=0, min_joint_score=0, **options)
    like = codec.encode(Labels.nobody(codec.skeleton), (80, 48)).maps
    people = codec.decode(changed(like, **{n: np.full_like(a, value) for n, a in like.arrays.items()}))
    assert np.isfinite(people.person_score).all()
    assert np.isfinite(people.score).all()
    assert not np.isinf(people.xy).any()
