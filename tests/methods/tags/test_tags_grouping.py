"""People read out of heatmaps and tags: against a slow twin, and by what must hold of any way to do it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import maximum_filter
from scipy.optimize import linear_sum_assignment

from bupose import skeletons
from bupose.evaluate import oks
from bupose.methods.tags.grouping import joint_order
from bupose.people import Labels

SIZE = (640, 368)
COCO17 = skeletons.COCO17
seeds = st.integers(0, 2**32 - 1)


def spread(people, seed, gap=1.5, size=1):
    """One tag a person, (P, size), ``gap`` apart, in any order."""
    rng = np.random.default_rng(seed)
    return gap * rng.permutation(people)[:, None] + np.zeros(size)


def noisy(maps, seed, heat=0.015, tags=0.15):
    """Something of a network's errors."""
    rng = np.random.default_rng(seed)
    noise = {name: rng.normal(0, 1, a.shape) for name, a in maps.arrays.items()}
    shown = np.clip(maps.arrays["heat"] * rng.uniform(0.5, 1, (17, 1, 1)) + heat * noise["heat"], 0, 1)
    tag = maps.arrays["tags"] + tags * noise["tags"]
    return maps.replace(heat=shown, tags=tag)


# --- the slow twin ---


def slow_people(maps, options, order):
    """Sets of (joint, row, column), one a person, by scipy's filter and scipy's assignment."""
    heat, tags = maps.arrays["heat"], maps.arrays["tags"].astype(np.float64)
    peaks = (heat == maximum_filter(heat, (1, 3, 3), mode="constant", cval=-1)) & (heat > options.peak_threshold)
    people = []
    for k in order.tolist():
        here = np.argwhere(peaks[k])
        tag = np.array([tags[k, :, y, x] for y, x in here]).reshape(len(here), tags.shape[1])
        cost = np.zeros((len(here), len(people)))
        for n, (y, x) in enumerate(here):
            for g, person in enumerate(people):
                distance = np.linalg.norm(tag[n] - np.mean([tags[j, :, v, u] for j, v, u in person], 0))
                if distance < options.tag_threshold:
                    strength = sum(heat[j, v, u] for j, v, u in person)
                    cost[n, g] = -heat[k, y, x] * np.sqrt(strength) * (1 - distance**2)
        taken = set()
        for n, g in zip(*linear_sum_assignment(cost), strict=True):
            if cost[n, g] < 0:
                people[g].append((k, *here[n].tolist()))
                taken.add(n)
        people += [[(k, *cell)] for n, cell in enumerate(here.tolist()) if n not in taken]
    return [set(person) for person in people]


def found_cells(trace, members):
    """The same sets, as a trace has them."""
    return [{(k, *trace.peaks.cell[n].tolist()) for k, n in enumerate(row) if n >= 0} for row in members]


@given(seeds, st.integers(1, 8), st.integers(1, 3), st.sampled_from([0.4, 0.8, 1.5]))
def test_people_are_those_of_a_slow_twin(crowd, paint, codec, seed, people, size, gap):
    half = SIZE[0] // 2, SIZE[1] // 2
    labels = crowd(people, seed, half, (60, 150))
    maps = noisy(paint(codec, labels, half, spread(people, seed, gap, size)), seed, heat=0.03)  # false peaks, too
    everybody = codec.with_decoder(
        min_joints=1, min_person_score=0, min_joint_score=0, completion=False, duplicate_similarity=1
    )
    trace = everybody.explain(maps)
    expected = slow_people(maps, everybody.decoder, joint_order(COCO17))
    got = found_cells(trace, trace.members)
    assert sorted(map(sorted, got)) == sorted(map(sorted, expected))
    for person, members in zip(trace.people, trace.members, strict=True):
        heat = trace.peaks.score[members[members >= 0]]
        score = np.sqrt((heat**2).sum() / np.sqrt(len(heat) * 17))
        assert person.person_score[0] == pytest.approx(score, abs=1e-5)
    assert (np.diff(trace.people.person_score) <= 0).all()


# --- what must hold ---


@pytest.mark.parametrize(("people", "size"), [(1, 1), (4, 1), (12, 1), (12, 3)])
def test_perfect_maps_give_back_the_people(people, size, crowd, paint, codec):
    labels = crowd(people, people)
    found = codec.decode(paint(codec, labels, SIZE, spread(people, 0, size=size)))
    assert len(found) == people
    similarity = oks(found, labels)
    assert similarity.max(0).min() > 0.9
    assert (np.sort(similarity.argmax(0)) == np.arange(people)).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_mirrored_picture_has_the_mirrored_people(seed, crowd, paint, codec):
    maps = noisy(paint(codec, crowd(6, seed), SIZE, spread(6, seed)), seed)
    mirrored, found = codec.decode(maps.flip()).flip(SIZE[0]), codec.decode(maps)
    assert len(found) > 3
    np.testing.assert_allclose(mirrored.person_score, found.person_score, atol=1e-5)
    np.testing.assert_allclose(mirrored.xy, found.xy, atol=1e-2)


@pytest.mark.parametrize("seed", range(4))
def test_neither_the_order_of_people_nor_what_their_tags_are_matters(seed, crowd, paint, codec):
    labels = crowd(6, seed)
    values, other = np.arange(6) * 2.0, np.random.default_rng(seed).permutation(6) * 3.5 - 40
    found = codec.decode(paint(codec, labels, SIZE, values))
    for maps in (paint(codec, labels[::-1], SIZE, values[::-1]), paint(codec, labels, SIZE, other)):
        np.testing.assert_array_equal(codec.decode(maps).xy, found.xy)


@pytest.mark.parametrize("shift", [-64.0, 0.25, 1000.0])
def test_a_shift_of_all_tags_changes_nothing(shift, crowd, paint, codec):
    maps = noisy(paint(codec, crowd(6, 0), SIZE, spread(6, 0)), 0)
    tags = np.round(maps.arrays["tags"] * 256) / 256  # sums are exact
    one, other = (codec.decode(maps.replace(tags=tags + t)) for t in (0, shift))
    np.testing.assert_array_equal(one.xy, other.xy)
    np.testing.assert_array_equal(one.score, other.score)


def test_people_whose_tags_are_alike_share_joints_one_to_one(crowd, paint, codec):
    """Nobody has two joints of a type, however alike the tags: what is left over begins people of its own."""
    trace = codec.with_decoder(min_joints=1, min_person_score=0, completion=False).explain(
        paint(codec, crowd(5, 3), SIZE, np.zeros(5))
    )
    rows = trace.members[trace.members >= 0]
    assert len(set(rows)) == len(rows) == len(trace.peaks)
    assert (trace.peaks.joint[rows] == np.nonzero(trace.members >= 0)[1]).all()


def test_the_gate_parts_people(crowd, paint, codec):
    maps = paint(codec, crowd(2, 1), SIZE, [0.0, 0.8])
    sure = codec.with_decoder(tag_threshold=0.4)
    assert len(sure.decode(maps)) == 2
    torn = maps.replace(tags=maps.arrays["tags"].copy())
    legs = [k for k, joint in enumerate(COCO17.joints) if joint.endswith(("hip", "knee", "ankle"))]
    torn.arrays["tags"][legs] += 20
    halves = codec.with_decoder(completion=False).decode(torn)
    assert len(halves) == 4
    assert (halves.present[:, legs].all(1) ^ ~halves.present[:, legs].any(1)).all()


# --- completion ---


def faded(maps, xy, joint, rest):
    """The heat of one joint reduced."""
    u, v = np.rint(maps.grid.to_cells(xy[joint])).astype(int)
    heat = maps.arrays["heat"].copy()
    heat[joint, max(v - 4, 0) : v + 5, max(u - 4, 0) : u + 5] *= rest
    return maps.replace(heat=heat)


@pytest.mark.parametrize("joint", ["nose", "left_wrist", "right_ankle"])
def test_a_joint_too_faint_for_a_peak_is_found_by_its_tag(joint, crowd, paint, codec):
    labels, k = crowd(40, 8), COCO17.index[joint]
    labels = labels[np.flatnonzero(labels.present.all(1))[:2]]
    maps = faded(paint(codec, labels, SIZE, [3.0, -3.0]), labels.xy[0], k, 0.09)
    codec = codec.with_decoder(min_joint_score=0)
    found, without = codec.decode(maps), codec.with_decoder(completion=False).decode(maps)
    p = int(oks(found, labels)[:, 0].argmax())
    assert np.argwhere(found.completed).tolist() == [[p, k]]
    assert np.linalg.norm(found.xy[p, k] - labels.xy[0, k]) < 2  # half a cell
    assert found.score[p, k] == pytest.approx(0.045, abs=0.01)  # half of its heat
    assert np.argwhere(~without.present).tolist() == [[int(oks(without, labels)[:, 0].argmax()), k]]


def test_heat_with_another_tag_completes_nobody(crowd, paint, codec):
    labels, k = crowd(1, 0), COCO17.index["left_wrist"]
    maps = faded(paint(codec, labels, SIZE, [3.0]), labels.xy[0], k, 0.09)
    maps.arrays["tags"][k] += 5
    assert not codec.with_decoder(min_joint_score=0).decode(maps).present[0, k]


# --- odd maps ---


def test_nobody(paint, codec):
    found = codec.decode(paint(codec, Labels.nobody(COCO17), SIZE, []))
    assert found.xy.shape == (0, 17, 2)


def test_maps_without_cells_and_of_no_numbers(crowd, paint, codec):
    maps = paint(codec, crowd(3, 0), SIZE, spread(3, 0))
    assert len(codec.decode(maps.crop(0, 0))) == 0
    empty = maps.arrays["heat"] == 0
    spoilt = {"heat": np.where(empty, np.nan, maps.arrays["heat"]), "tags": maps.arrays["tags"].copy()}
    spoilt["tags"][:, :, -1, -1] = np.inf
    assert codec.decode(maps.replace(**spoilt)) == codec.decode(maps)


# --- the order of joints ---


@pytest.mark.parametrize("name", sorted(skeletons.SKELETONS))
def test_joints_are_taken_from_the_torso_outwards(name):
    skeleton = skeletons.get(name)
    order = joint_order(skeleton)
    assert sorted(order) == list(range(len(skeleton.joints)))
    limbs = {frozenset(map(int, limb)) for limb in skeleton.limb_joints}
    mirror = skeleton.mirror_joints
    for n, k in enumerate(order[1:], start=1):
        before = {int(j) for j in order[:n]}
        assert any(frozenset((int(k), j)) in limbs for j in before) or int(mirror[k]) in before
    assert {j.split("_")[-1] for j in (skeleton.joints[k] for k in order[:2])} <= {"shoulder", "neck", "nose"}
