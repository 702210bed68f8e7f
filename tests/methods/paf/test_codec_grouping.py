"""Odd people, and what makes a person whole: completion, redundant limbs, removal of duplicates."""

from dataclasses import replace

import numpy as np
import pytest

from bupose import geometry, skeletons
from bupose.evaluate import oks
from bupose.methods.paf import FieldCodec, completion
from bupose.methods.paf.fields import Fields
from bupose.people import Labels, People
from bupose.skeleton import Skeleton

COCO17 = skeletons.COCO17
SIZE = (640, 368)


def shown(xy, joints=None, skeleton=COCO17):
    """Labels of people of whom only some joints are labelled."""
    visibility = np.full(np.shape(xy)[:2], 2)
    if joints is not None:
        visibility[:] = 0
        visibility[:, [skeleton.index[j] for j in joints]] = 2
    return Labels(xy, visibility, skeleton)


@pytest.fixture
def body(crowd):
    """One whole person 330 pixels tall, standing in the middle."""
    labels = crowd(40, 8, SIZE, (330, 330))
    return labels[labels.present.all(1)][0].transform(np.eye(2, 3))


# --- scores ---


@pytest.mark.parametrize(("scale", "jitter"), [(1.0, 0.4), (0.5, 0.4), (0.5, 0.8)])
def test_the_score_knows_how_similar_inexact_joints_can_be(scale, jitter, body):
    """Against the similarity that joints moved at random really have."""
    codec, labels = FieldCodec(COCO17), body.transform(geometry.scale(scale))
    fields = codec.encode(labels, SIZE)
    sure, unsure = (codec.with_decoder(localization_sigma=j).decode(fields).person_score[0] for j in (0, jitter))
    noise = np.random.default_rng(0).normal(0, jitter * codec.grid.stride, (2000, 17, 2))
    moved = People(labels.xy + noise, np.ones((2000, 17)), np.ones(2000), COCO17)
    odds = [float(score / (1 - score)) for score in (unsure, sure)]
    assert (odds[0] / odds[1]) ** 2 == pytest.approx(oks(moved, labels).mean(), abs=0.02)


# --- odd people ---


def test_nobody():
    codec = FieldCodec(COCO17)
    people = codec.decode(codec.encode(Labels.nobody(COCO17), SIZE))
    assert len(people) == 0
    assert people.xy.shape == (0, 17, 2)


@pytest.mark.parametrize("joint", COCO17.joints)
def test_a_single_joint_is_a_person_on_request(joint, body):
    codec = FieldCodec(COCO17)
    fields = codec.encode(shown(body.xy, [joint]), SIZE)
    assert len(codec.decode(fields)) == 0
    people = codec.with_decoder(min_joints=1, localization_sigma=0).decode(fields)
    assert people.present.tolist() == [[j == joint for j in COCO17.joints]]
    k = COCO17.index[joint]
    np.testing.assert_allclose(people.xy[0, k], body.xy[0, k], atol=0.05)
    assert 0.7 < people.score[0, k] <= 1  # the heat of its cell
    assert people.person_score[0] < 0.5  # one joint is little evidence of a person


@pytest.mark.parametrize("seed", range(5))
def test_absent_joints_stay_absent(seed, separated, codec_of):
    codec = codec_of()
    labels, size = separated(COCO17, 8, seed)
    rng = np.random.default_rng(seed)
    visibility = labels.visibility * (rng.random((len(labels), 17)) < 0.8)
    some = Labels(labels.xy, visibility, COCO17)
    trace = codec.with_decoder(min_joints=1, min_person_score=0).explain(codec.encode(some, size))
    # A person may fall into parts where a joint between them is absent; no part holds what is not there.
    found = {
        (k, *np.round(xy)) for p in range(len(trace.people)) for k, xy in enumerate(trace.people.xy[p]) if xy[0] > 0
    }
    expected = {(k, *np.round(labels.xy[p, k])) for p, k in np.argwhere(some.present)}
    assert len(found) == len(expected)
    for k, x, y in found:
        assert min(np.hypot(x - a, y - b) for j, a, b in expected if j == k) < 2
    assert (np.diff(trace.people.person_score) <= 0).all()


@pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
def test_people_cut_by_the_border(side, separated, codec_of):
    codec = codec_of()
    labels, (width, height) = separated(COCO17, 8, 3, columns=1, rows=1)
    for cut in range(-8, 9, 2):  # of cells, through the middle of the person
        x = {"left": -width / 2, "right": width / 2}.get(side, 0) + (cut * 8.3 if side in ("left", "right") else 0)
        y = {"top": -height / 2, "bottom": height / 2}.get(side, 0) + (cut * 8.3 if side in ("top", "bottom") else 0)
        moved = replace(labels, xy=labels.xy + np.array([x, y], np.float32))
        people = codec.with_decoder(min_joints=1, min_person_score=0).decode(codec.encode(moved, (width, height)))
        gap = np.minimum(moved.xy[0], np.array([width, height]) - 1 - moved.xy[0]).min(1)
        for k in np.flatnonzero(gap > 12):  # clear of the outermost cells
            error = np.linalg.norm(people.xy[:, k] - moved.xy[0, k], axis=1)
            assert np.nanmin(error) < 0.05
        for k in np.flatnonzero(gap < -28):  # not even its Gaussian reaches the picture
            seen = people.xy[:, k][people.present[:, k]]
            assert people.completed[:, k][people.present[:, k]].all()
            assert ((seen >= -0.5) & (seen <= np.array([width, height]) - 0.5)).all()


def test_two_people_on_the_same_spot(body):
    codec = FieldCodec(COCO17)
    twice = Labels(np.repeat(body.xy, 2, 0), np.repeat(body.visibility, 2, 0), COCO17)
    people = codec.decode(codec.encode(twice, SIZE))
    assert len(people) == 1
    np.testing.assert_allclose(people.xy[0], body.xy[0], atol=0.05)


def test_all_joints_of_a_person_at_one_place():
    codec = FieldCodec(COCO17)
    people = codec.decode(codec.encode(shown(np.full((1, 17, 2), 100.0)), SIZE))
    assert people.present.sum() <= 17
    np.testing.assert_allclose(people.xy[people.present], 100, atol=0.05)


# --- completion ---


def erased(fields, xy, joint, rest=0.0):
    """The fields with the heat of one joint reduced to a trace."""
    heat = fields.heat.copy()
    u, v = np.rint(fields.grid.to_cells(xy)).astype(int)
    heat[joint, max(v - 4, 0) : v + 5, max(u - 4, 0) : u + 5] *= rest
    return Fields(heat, fields.paf, fields.grid, fields.skeleton)


@pytest.mark.parametrize("joint", COCO17.joints)
def test_a_joint_too_faint_for_a_peak_comes_back(joint, body):
    codec, k = FieldCodec(COCO17), COCO17.index[joint]
    fields = codec.encode(body, SIZE)
    people = codec.decode(erased(fields, body.xy[0, k], k, 0.02))
    assert len(people) == 1
    assert people.present.all()
    assert people.completed[0, k]
    assert 0 < people.score[0, k] < codec.decode(fields).score[0, k] / 2
    assert np.linalg.norm(people.xy[0, k] - body.xy[0, k]) < 6  # half a cell's diagonal


@pytest.mark.parametrize("joint", [j for j in COCO17.joints if j.endswith(("nose", "eye", "ear", "wrist", "ankle"))])
def test_a_joint_without_any_heat_is_where_its_field_ends(joint, body):
    codec, k = FieldCodec(COCO17).with_decoder(min_joint_score=0), COCO17.index[joint]
    fields = erased(codec.encode(body, SIZE), body.xy[0, k], k)
    people = codec.decode(fields)
    assert len(people) == 1
    assert np.flatnonzero(people.completed[0]).tolist() == [k]
    assert 0 < people.score[0, k] < codec.decode(codec.encode(body, SIZE)).score[0, k] / 2
    assert np.linalg.norm(people.xy[0, k] - body.xy[0, k]) < 18  # its round end, and half a cell
    without = codec.with_decoder(completion=False).decode(fields)
    assert np.flatnonzero(~without.present[0]).tolist() == [k]
    assert not without.completed.any()
    assert without.score[0, k] == 0
    others = np.delete(np.arange(17), k)
    np.testing.assert_array_equal(without.xy[0, others], people.xy[0, others])


def test_a_joint_is_not_completed_onto_its_mirror_image(body):
    """Both wrists' fields end where only the right one has heat: a left one there is no knowledge."""
    codec = FieldCodec(COCO17).with_decoder(min_joint_score=0)
    left, right = COCO17.index["left_wrist"], COCO17.index["right_wrist"]
    body.xy[0, [left, right]] = body.xy[0, [COCO17.index["left_elbow"], COCO17.index["right_elbow"]]].mean(0)
    fields = erased(codec.encode(body, SIZE), body.xy[0, left], left, 0.02)
    people = codec.decode(fields)
    assert len(people) == 1
    assert np.flatnonzero(~people.present[0]).tolist() == [left]
    apart = Fields(fields.heat.copy(), fields.paf, fields.grid, fields.skeleton)
    apart.heat[right] = 0  # nothing is there to be mistaken for
    assert codec.decode(apart).completed[0, left]


def test_a_limb_of_no_length_is_not_completed(body, monkeypatch):
    """A wrist in front of its elbow: only where nothing forbids it is it put there."""
    codec = FieldCodec(COCO17).with_decoder(min_joint_score=0)
    elbow, wrist = COCO17.index["left_elbow"], COCO17.index["left_wrist"]
    near = body.xy.copy()
    near[0, wrist] = near[0, elbow] + 0.08 * (body.xy[0, wrist] - body.xy[0, elbow])
    fields = erased(codec.encode(replace(body, xy=near), SIZE), near[0, wrist], wrist, 0.02)

    def length():
        people = codec.decode(fields)
        return np.linalg.norm(people.xy[0, wrist] - people.xy[0, elbow])

    allowed = length()
    monkeypatch.setattr(completion, "SHORTEST", 0)
    assert length() < codec.grid.stride
    assert not allowed <= length()  # NaN where there is none


def test_completion_goes_on_from_what_it_found(body):
    codec = FieldCodec(COCO17)
    fields = codec.encode(body, SIZE)
    arm = [COCO17.index[j] for j in ("left_elbow", "left_wrist")]
    for k in arm:
        fields = erased(fields, body.xy[0, k], k, 0.02)
    people = codec.decode(fields)
    assert people.completed[0, arm].all()
    assert np.linalg.norm(people.xy[0, arm] - body.xy[0, arm], axis=1).max() < 6


def test_nothing_is_completed_where_no_field_leads(body):
    codec = FieldCodec(COCO17)
    fields, k = codec.encode(body, SIZE), COCO17.index["left_wrist"]
    fields = erased(fields, body.xy[0, k], k)
    paf = fields.paf.copy()
    paf[COCO17.limb_names.index("left_elbow-left_wrist")] = 0
    people = codec.decode(Fields(fields.heat, paf, fields.grid, COCO17))
    assert not people.present[0, k]
    assert people.score[0, k] == 0


# --- redundant limbs ---

TREE = Skeleton("tree", skeletons.COCO18.joints, skeletons.COCO18.limbs[:17], derived=skeletons.COCO18.derived)


def without(fields, *limbs):
    paf = fields.paf.copy()
    for limb in limbs:
        paf[fields.skeleton.limb_names.index(limb)] = 0
    return Fields(fields.heat, paf, fields.grid, fields.skeleton)


def test_a_redundant_limb_bridges_a_gap(body):
    assert len(TREE.redundant_limbs) == 0
    counts = []
    for skeleton in (TREE, skeletons.COCO18):
        codec = FieldCodec(skeleton)
        fields = codec.encode(body.to(skeleton), SIZE)
        assert len(codec.decode(fields)) == 1
        people = codec.decode(without(fields, "neck-nose"))  # the one limb between head and body
        counts.append(len(people))
    assert counts == [2, 1]
    np.testing.assert_allclose(people.xy[0], body.to(skeletons.COCO18).xy[0], atol=0.05)


def test_a_redundant_limb_settles_a_crossing(body):
    """Two heads whose necks point at each other's bodies with half a voice: ears and shoulders outvote them."""
    answers = []
    for skeleton in (TREE, skeletons.COCO18):
        codec = FieldCodec(skeleton).with_decoder(max_limb_ratio=1000)  # which would settle it, too
        one = body.to(skeleton).transform(np.array([[1, 0, -110 - body.xy[0, 0, 0] + 320], [0, 1, 0]]))
        other = one.transform(np.array([[1, 0, 220], [0, 1, 0]]))
        both = Labels(np.concatenate([one.xy, other.xy]), np.concatenate([one.visibility] * 2), skeleton)
        fields = codec.encode(both, SIZE)
        heads = [skeleton.index[j] for j in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
        swapped = both.xy.copy()
        swapped[:, heads] = swapped[::-1, heads]
        wrong = codec.encode(Labels(swapped, both.visibility, skeleton), SIZE)
        paf, neck = fields.paf.copy(), skeleton.limb_names.index("neck-nose")
        paf[neck] = 0.3 * fields.paf[neck] + 0.5 * wrong.paf[neck]
        people = codec.decode(Fields(fields.heat, paf, fields.grid, skeleton))
        error = np.linalg.norm(people.xy[:, None] - both.xy[None], axis=3).max(2)
        answers.append((len(people), (error.min(1) < 0.1).sum()))
    assert answers == [(2, 0), (2, 2)]


# --- duplicates ---


def test_a_person_seen_twice_is_one(body):
    codec = FieldCodec(COCO17)
    rng = np.random.default_rng(0)
    size = (2560, 1472)
    tall = body.transform(np.array([[4.0, 0, 0], [0, 4.0, 0]]))
    copies = np.concatenate([tall.xy + (11, 0), tall.xy - (11, 0)]) + rng.normal(0, 0.5, (2, 17, 2))
    fields = codec.encode(shown(copies), size)
    both = codec.with_decoder(duplicate_similarity=1).decode(fields)
    assert len(both) == 2
    people = codec.decode(fields)
    assert len(people) == 1
    np.testing.assert_array_equal(people.xy[0], both.xy[0])  # the better of the two
    assert len(codec.with_decoder(duplicate_similarity=0.99).decode(fields)) == 2


def test_neighbours_are_not_duplicates(body):
    codec = FieldCodec(COCO17)
    side = body.xy + np.array([[[40, 0]]], np.float32)  # an eighth of their height apart
    people = codec.decode(codec.encode(shown(np.concatenate([body.xy, side])), SIZE))
    assert len(people) == 2
