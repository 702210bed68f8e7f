"""People and Labels: exchange with COCO under its own referee, change of skeleton, mirror, transforms."""

import contextlib
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bupose import geometry
from bupose.annotations.categories import CategoryOptions
from bupose.errors import LabelsError
from bupose.exchange.coco_results import as_coco
from bupose.people import Labels, People, joint_boxes
from bupose.predict.entries import as_lists, people_of
from bupose.skeleton import mirror_name
from bupose.skeletons import BODY25, COCO17, COCO18, CROWDPOSE14, SKELETONS

ALL = pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=SKELETONS)
ONE_PART = {name: s for name, s in SKELETONS.items() if len(s.parts) == 1}  # of others COCO's files have more lists
IN_ONE_LIST = pytest.mark.parametrize("skeleton", ONE_PART.values(), ids=ONE_PART)


def some_people(skeleton, count=4, seed=0) -> People:
    rng = np.random.default_rng(seed)
    xy = rng.uniform(5, 300, (count, len(skeleton.joints), 2))
    score = rng.uniform(0.1, 1, xy.shape[:2])
    absent = rng.random(score.shape) < 0.3
    xy[absent], score[absent] = np.nan, 0
    return People(xy, score, np.sort(rng.random(count))[::-1], skeleton, rng.random(score.shape) < 0.2)


def some_labels(skeleton, count=4, seed=0) -> Labels:
    rng = np.random.default_rng(seed)
    visibility = rng.integers(0, 3, (count, len(skeleton.joints)))
    visibility[:, :2] = 2
    return Labels(rng.uniform(5, 300, (*visibility.shape, 2)), visibility, skeleton)


def assert_same(a, b, tolerance=1e-4):
    assert type(a) is type(b)
    assert a.skeleton == b.skeleton
    for name in ("xy", "score", "person_score", "completed", "visibility", "area", "box"):
        if hasattr(a, name):
            np.testing.assert_allclose(getattr(a, name), getattr(b, name), atol=tolerance, rtol=1e-5, err_msg=name)


def test_hidden_joints_follow_their_joints():
    """Mirrored, renamed, written and read again; a derived joint is hidden if one of its parts is."""
    labels = some_labels(COCO17)
    told = labels.visibility == 1
    people = replace(labels.to_people(), hidden=told)
    np.testing.assert_array_equal(people.flip(300).hidden[:, COCO17.mirror_joints], told)
    assert people[1:].hidden.shape == (3, 17)
    other = people.to(BODY25)
    for k, name in enumerate(COCO17.joints):
        np.testing.assert_array_equal(other.hidden[:, BODY25.index[name]], told[:, k])
    shoulders = [COCO17.index["left_shoulder"], COCO17.index["right_shoulder"]]
    expected = people.present[:, shoulders].all(1) & told[:, shoulders].any(1)
    np.testing.assert_array_equal(other.hidden[:, BODY25.index["neck"]], expected)
    results = json.loads(json.dumps(people.to_coco(7)))
    np.testing.assert_array_equal([r["hidden"] for r in results], told)
    np.testing.assert_array_equal(People.from_coco(results, COCO17).hidden, told)
    reordered = CategoryOptions(1, "person", [*reversed(COCO17.joints), "tail"])
    np.testing.assert_array_equal(as_coco(people, 7, reordered)[0]["hidden"], [*told[0, ::-1], False])
    again = people_of({"people": json.loads(json.dumps(as_lists(people)))}, COCO17)
    np.testing.assert_array_equal(again.hidden, told)
    assert "hidden" not in labels.to_people().to_coco(7)[0]
    assert people != labels.to_people()


# --- COCO ---


def annotations_of(labels: Labels, image_id: int, first_id: int) -> list[dict]:
    """COCO annotations, written out without the package."""
    rows = []
    for n in range(len(labels)):
        numbers = []
        for (x, y), v in zip(labels.xy[n].tolist(), labels.visibility[n].tolist(), strict=True):
            numbers += [x, y, v] if v else [0, 0, 0]
        rows.append(
            {
                "id": first_id + n, "image_id": image_id, "category_id": 1, "iscrowd": 0, "keypoints": numbers,
                "num_keypoints": int((labels.visibility[n] > 0).sum()), "area": float(labels.area[n]),
                "bbox": labels.box[n].tolist(),
            }
        )  # fmt: skip
    return rows


def average_precision(images: dict[int, tuple[list[dict], list[dict]]], sigmas) -> float:
    """COCO AP of results against annotations, by pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": i, "width": 320, "height": 320} for i in images],
            "categories": [{"id": 1, "name": "person"}],
            "annotations": [a for annotations, _ in images.values() for a in annotations],
        }
        truth.createIndex()
        results = truth.loadRes(json.loads(json.dumps([r for _, found in images.values() for r in found])))
        referee = COCOeval(truth, results, "keypoints")
        referee.params.kpt_oks_sigmas = np.array(sigmas)
        referee.evaluate()
        referee.accumulate()
        referee.summarize()
    return referee.stats[0]


@IN_ONE_LIST
def test_the_truth_scores_100(skeleton):
    perfect, shuffled, moved = {}, {}, {}
    for i in range(1, 4):
        labels = some_labels(skeleton, seed=i)
        annotations = annotations_of(labels, i, 10 * i)
        read = Labels.from_coco(annotations, skeleton)
        assert_same(read[:], Labels(read.xy, labels.visibility, skeleton, labels.area, labels.box))
        perfect[i] = annotations, read.to_people().to_coco(i)
        shuffled[i] = annotations, read.to_people()[[2, 0, 3, 1]].to_coco(i)
        moved[i] = annotations, read.to_people().transform(geometry.translate(80, 80)).to_coco(i)
    assert average_precision(perfect, skeleton.sigmas) == pytest.approx(1)
    assert average_precision(shuffled, skeleton.sigmas) == pytest.approx(1)
    assert average_precision(moved, skeleton.sigmas) < 0.5


def test_coco18_people_are_scored_as_coco17():
    labels = some_labels(COCO17, seed=3)
    found = labels.to_people().to(COCO18).to_coco(7, COCO17)
    assert average_precision({7: (annotations_of(labels, 7, 1), found)}, COCO17.sigmas) == pytest.approx(1)


@IN_ONE_LIST
def test_coco_results_round_trip(skeleton):
    people = some_people(skeleton)
    rows = json.loads(json.dumps(people.to_coco(5, category_id=3)))
    assert {r["image_id"] for r in rows} == {5}
    assert {r["category_id"] for r in rows} == {3}
    again = People.from_coco(rows, skeleton)
    assert_same(again, People(people.xy, people.score, people.person_score, skeleton))
    for row, person in zip(rows, people.xy, strict=True):  # absent joints are 0, 0, 0 on file
        for k, (x, _) in enumerate(person):
            assert (row["keypoints"][3 * k : 3 * k + 3] == [0, 0, 0]) == bool(np.isnan(x))
    assert len(People.from_coco([], skeleton)) == 0


def test_coco_annotations_by_the_files_own_joint_names():
    # A file of three joints in another order, as its category lists them.
    names = ["right_shoulder", "left_shoulder", "nose"]
    row = {"keypoints": [10, 20, 2, 30, 40, 1, 5, 6, 0]}
    labels = Labels.from_coco([row], COCO18, names)
    at = COCO18.index
    np.testing.assert_array_equal(labels.xy[0, [at["right_shoulder"], at["left_shoulder"]]], [[10, 20], [30, 40]])
    np.testing.assert_array_equal(labels.xy[0, at["neck"]], [20, 30])
    assert labels.visibility[0, at["neck"]] == 1
    assert labels.visibility[0].sum() == 2 + 1 + 1
    np.testing.assert_allclose(labels.box, [[10, 20, 20, 20]])
    np.testing.assert_allclose(labels.area, [0.53 * 400])


def test_coco_rows_of_another_length_are_refused():
    with pytest.raises(LabelsError, match="51"):
        Labels.from_coco([{"id": 4, "keypoints": [0] * 42}], COCO17)
    with pytest.raises(LabelsError, match="54"):
        People.from_coco([{"keypoints": [0] * 51}], COCO18)


# --- other joints ---


@pytest.mark.parametrize("seen", [(2, 2), (2, 1), (0, 2), (0, 0)])
def test_neck_needs_both_shoulders(seen):
    visibility = np.zeros((1, 17), int)
    at = COCO17.index
    visibility[0, [at["left_shoulder"], at["right_shoulder"]]] = seen
    xy = np.arange(34.0).reshape(1, 17, 2)
    labels = Labels(xy, visibility, COCO17)
    middle = (xy[0, at["left_shoulder"]] + xy[0, at["right_shoulder"]]) / 2
    for skeleton in (COCO18, BODY25):
        neck = skeleton.index["neck"]
        converted = labels.to(skeleton)
        assert converted.visibility[0, neck] == min(seen)
        people = labels.to_people().to(skeleton)
        if min(seen):
            np.testing.assert_allclose(converted.xy[0, neck], middle)
            np.testing.assert_allclose(people.xy[0, neck], middle)
        else:
            assert np.isnan(people.xy[0, neck]).all()
            assert people.score[0, neck] == 0


@pytest.mark.parametrize("through", [COCO18, BODY25], ids=["coco18", "body25"])
def test_there_and_back_by_name(through):
    people = some_people(COCO17)
    assert_same(people.to(through).to(COCO17), people)
    labels = some_labels(COCO17)
    back = labels.to(through).to(COCO17)
    np.testing.assert_array_equal(back.visibility, labels.visibility)
    np.testing.assert_array_equal(back.xy, labels.xy)


def test_an_annotated_joint_is_not_derived_anew():
    people = some_people(CROWDPOSE14)
    neck = people.to(COCO18).xy[:, COCO18.index["neck"]]
    np.testing.assert_array_equal(neck, people.xy[:, CROWDPOSE14.index["neck"]])


# --- mirror and transforms ---


@ALL
@pytest.mark.parametrize("make", [some_people, some_labels], ids=["people", "labels"])
def test_flip_is_an_involution_and_moves_sides(skeleton, make):
    before = make(skeleton)
    after = before.flip(320)
    assert_same(after.flip(320), before)
    for joint, k in skeleton.index.items():
        m = skeleton.index[mirror_name(joint)]
        np.testing.assert_allclose(after.xy[:, m], [[319, 0]] + before.xy[:, k] * [-1, 1], atol=1e-4)
        for name in ("score", "completed", "visibility"):
            if hasattr(before, name):
                np.testing.assert_array_equal(getattr(after, name)[:, m], getattr(before, name)[:, k])


@pytest.mark.parametrize("make", [some_people, some_labels], ids=["people", "labels"])
def test_transforms_compose_and_invert(make):
    before = make(COCO17)
    first, second = geometry.rotate(30, (100, 50)), geometry.scale(0.4, 1.7)
    at_once = before.transform(geometry.compose(first, second))
    one_by_one = before.transform(first).transform(second)
    np.testing.assert_allclose(at_once.xy, one_by_one.xy, atol=1e-3)
    np.testing.assert_allclose(
        at_once.transform(geometry.invert(geometry.compose(first, second))).xy, before.xy, atol=1e-3
    )


def test_labels_boxes_and_areas_follow():
    labels = some_labels(COCO17)
    resized = labels.transform(geometry.scale(2, 3))
    np.testing.assert_allclose(resized.area, labels.area * 6, rtol=1e-5)
    np.testing.assert_allclose(resized.box[:, 2:], labels.box[:, 2:] * [2, 3], rtol=1e-5)
    turned = labels.transform(geometry.rotate(90))
    np.testing.assert_allclose(turned.box[:, 2:], labels.box[:, :1:-1], rtol=1e-4)
    np.testing.assert_allclose(turned.area, labels.area, rtol=1e-5)
    for moved in (labels, resized, turned):  # the joints stay in their boxes
        low, high = moved.box[:, None, :2] - 0.01, moved.box[:, None, :2] + moved.box[:, None, 2:] + 0.01
        inside = ((moved.xy >= low) & (moved.xy <= high)).all(2)
        assert inside[moved.present].all()


# --- arrays ---


@given(st.integers(0, 5), st.integers(0, 99))
def test_boxes_against_the_slow_way(count, seed):
    people = some_people(COCO17, count, seed)
    assert people.boxes().shape == (count, 4)
    for n in range(count):
        known = [(x, y) for x, y in people.xy[n].tolist() if x == x]
        xs, ys = [x for x, _ in known], [y for _, y in known]
        expected = [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)] if known else [0] * 4
        np.testing.assert_allclose(people.boxes()[n], expected, rtol=1e-5)
    np.testing.assert_allclose(joint_boxes(people.xy, people.present), people.boxes(), rtol=1e-5)


def test_nobody_and_people_without_joints():
    for empty in (People.nobody(COCO17), People([], [], [], COCO17), some_people(COCO17)[[]], some_people(COCO17)[:0]):
        assert len(empty) == 0
        assert empty.xy.shape == (0, 17, 2)
        assert empty.to(COCO18).flip(9).transform(geometry.scale(2)).boxes().shape == (0, 4)
        assert empty.to_coco(1) == []
    labels = Labels.nobody(COCO17)
    assert labels.to(COCO18).flip(9).transform(geometry.scale(2)).to_people().xy.shape == (0, 18, 2)
    assert Labels.from_coco([], COCO17).box.shape == (0, 4)
    ghost = People(np.full((1, 17, 2), np.nan), np.zeros((1, 17)), [0.1], COCO17)
    assert ghost.to_coco(1)[0]["keypoints"] == [0] * 51
    assert (ghost.boxes() == 0).all()
    unlabelled = Labels(np.zeros((1, 17, 2)), np.zeros((1, 17)), COCO17)
    assert unlabelled.area == 0
    assert not unlabelled.to_people().present.any()
