"""Object keypoint similarity and average precision against pycocotools' own, and on cases counted by hand."""

import contextlib
import io
import json
import math
import sys

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from bupose.errors import BuposeError, InputError, LabelsError
from bupose.evaluate import coco_ap, oks, read_ground_truth
from bupose.people import Labels, People
from bupose.skeletons import COCO17, COCO18


@pytest.fixture
def scene(make):
    """Two pictures, four annotated people, a crowd region, and noisy predictions of most of them."""
    rng = np.random.default_rng(0)
    people = {1: [make.person(100, 100, 120), make.person(300, 90, 200), make.person(330, 95, 190)],
              7: [make.person(200, 200, 50)]}  # fmt: skip
    people[1][1][3:6, 2] = 0
    data = coco = make.coco(people)
    region = {"id": 99, "image_id": 7, "category_id": 1, "iscrowd": 1, "num_keypoints": 0, "keypoints": [0] * 51}
    data["annotations"].append({**region, "bbox": [300, 100, 80, 100], "area": 5000.0})
    results = []
    for image_id, many in people.items():
        for n, triples in enumerate(many):
            noisy = triples + np.pad(rng.normal(0, 3 + 4 * n, (17, 2)), ((0, 0), (0, 1)))
            noisy[rng.random(17) < 0.2] = 0
            results.append(make.result(noisy, image_id, float(rng.random())))
    results.append(make.result(make.person(320, 140, 60), 7, 0.9))  # in the crowd
    results.append(make.result(make.person(500, 300, 60), 1, 0.4))  # nobody there
    return coco, results


def official(data, results):
    """pycocotools, used as its own documentation says."""
    with contextlib.redirect_stdout(io.StringIO()):
        gold = COCO()
        gold.dataset = json.loads(json.dumps(data))
        for a in gold.dataset["annotations"]:
            a["id"] += 1
        gold.createIndex()
        referee = COCOeval(gold, gold.loadRes(json.loads(json.dumps(results))), "keypoints")
        referee.evaluate()
        referee.accumulate()
        referee.summarize()
    return referee


def test_similarity_is_that_of_pycocotools(scene):
    data, results = scene
    referee = official(data, results)
    for image_id in (1, 7):
        mine = [a for a in data["annotations"] if a["image_id"] == image_id]
        ours = sorted((r for r in results if r["image_id"] == image_id), key=lambda r: -r["score"])
        labels, people = Labels.from_coco(mine, COCO17), People.from_coco(ours, COCO17)
        # pycocotools takes an absent joint to be at (0, 0): put it there
        people = People(np.nan_to_num(people.xy), people.score, people.person_score, COCO17)
        np.testing.assert_allclose(oks(people, labels), referee.computeOks(image_id, 1), atol=1e-5)


def test_similarity_one_sigma_off_by_hand(make):
    truth = Labels.from_coco(make.coco({1: [make.person(100, 100)]})["annotations"], COCO17)
    off = np.sqrt(truth.area[0]) * 2 * np.asarray(COCO17.sigmas)
    moved = People(truth.xy + np.stack([off, 0 * off], 1), np.ones((1, 17)), [1], COCO17)
    assert oks(moved, truth)[0, 0] == pytest.approx(math.exp(-0.5), abs=1e-5)


def test_an_absent_joint_counts_as_nothing(make):
    truth = Labels.from_coco(make.coco({1: [make.person(0, 0)]})["annotations"], COCO17)
    xy = truth.xy.copy()
    xy[0, 4:] = np.nan
    assert oks(People(xy, np.ones((1, 17)), [1], COCO17), truth)[0, 0] == pytest.approx(4 / 17)


def test_ten_numbers_are_those_of_pycocotools(scene):
    data, results = scene
    expected = [100 * s if s > -1 else float("nan") for s in official(data, results).stats]
    assert list(coco_ap(results, data).values()) == pytest.approx(expected, nan_ok=True)


def test_real_predictions_score_as_with_pycocotools(shared):
    path = shared / "data" / "coco" / "val.json"
    truth, rng = read_ground_truth(path), np.random.default_rng(0)
    results = [dict(r, score=float(rng.random())) for r in truth.as_results()]
    for r in results:
        noisy = np.reshape(r["keypoints"], (-1, 3)) + np.pad(rng.normal(0, 4, (17, 2)), ((0, 0), (0, 1)))
        r["keypoints"] = noisy.reshape(-1).tolist()
    expected = 100 * official(json.loads(path.read_text(encoding="utf-8")), results).stats
    got = coco_ap(results, path)
    assert list(got.values()) == pytest.approx(list(expected))
    assert 20 < got["AP"] < 95


def test_real_annotations_against_themselves_are_perfect(shared):
    truth = read_ground_truth(shared / "data" / "coco" / "val.json")
    got = coco_ap(truth.as_results(), truth)
    ranges = {name: got.pop(name) for name in ("AP_medium", "AP_large")}
    assert got == pytest.approx(dict.fromkeys(got, 100.0))
    # COCO's rule: a prediction takes somebody of the range who resembles it before its own truth outside the range.
    assert min(ranges.values()) > 99.9


def test_half_of_the_people_found(make):
    a, b = make.person(100, 100), make.person(400, 100)
    got = coco_ap([make.result(a)], make.coco({1: [a, b]}))
    # precision 1 at recalls 0, 0.01, … 0.5: 51 of 101 points
    assert got["AP"] == pytest.approx(100 * 51 / 101)
    assert got["AR"] == pytest.approx(50)


def test_a_false_person_of_higher_score_halves_precision(make):
    a = make.person(100, 100)
    results = [make.result(a, score=0.5), make.result(make.person(400, 100), score=0.9)]
    got = coco_ap(results, make.coco({1: [a]}))
    assert got["AP"] == pytest.approx(50)
    assert got["AR"] == pytest.approx(100)


def test_somebody_in_a_crowd_region_costs_nothing(make):
    a = make.person(100, 100)
    data = make.coco({1: [a]})
    data["annotations"].append({"id": 5, "image_id": 1, "category_id": 1, "iscrowd": 1, "bbox": [380, 80, 60, 120],
                                "area": 7200.0, "num_keypoints": 0, "keypoints": [0] * 51})  # fmt: skip
    results = [make.result(a, score=0.5), make.result(make.person(400, 100), score=0.9)]
    assert coco_ap(results, data)["AP"] == pytest.approx(100)


def test_pictures_can_be_chosen(make):
    a, b = make.person(100, 100), make.person(200, 100)
    data, results = make.coco({1: [a], 2: [b]}), [make.result(a, 1)]
    assert coco_ap(results, data)["AR"] == pytest.approx(50)
    assert coco_ap(results, data, image_ids=[1])["AP"] == pytest.approx(100)
    assert coco_ap(results, data, image_ids=[2])["AP"] == 0
    with pytest.raises(InputError, match="image id 3 is not in the annotations"):
        coco_ap(results, data, image_ids=[1, 3])


def test_people_of_another_skeleton_are_read_by_name(make):
    a = make.person(100, 100)
    labels = Labels.from_coco(make.coco({1: [a]})["annotations"], COCO17)
    people = labels.to_people().to(COCO18)
    assert people.skeleton.joints != COCO17.joints
    assert coco_ap({1: people}, make.coco({1: [a]}))["AP"] == pytest.approx(100)


def test_an_annotation_with_id_0_counts(make):
    data = make.coco({1: [make.person(100, 100)]})
    assert data["annotations"][0]["id"] == 0  # pycocotools alone takes 0 for "no match"
    assert coco_ap([make.result(make.person(100, 100))], data)["AP"] == pytest.approx(100)


def test_nothing_is_printed_or_changed(scene, capsys):
    data, results = scene
    before = json.dumps([data, results])
    coco_ap(results, data)
    assert capsys.readouterr().out == ""
    assert json.dumps([data, results]) == before


def test_nobody_predicted_and_nobody_there(make):
    data = make.coco({1: [make.person(100, 100)], 2: []})
    assert coco_ap([], data)["AP"] == 0
    assert math.isnan(coco_ap([make.result(make.person(1, 1), 2)], data, image_ids=[2])["AP"])


def test_any_category_and_joints(make):
    joints = ("beak", "left_wing", "right_wing", "tail")
    rng = np.random.default_rng(1)
    birds = [np.pad(rng.uniform(0, 300, (4, 2)), ((0, 0), (0, 1)), constant_values=2) for _ in range(8)]
    data = make.coco({n: [b] for n, b in enumerate(birds, 1)}, joints)
    data["categories"][0]["name"] = "bird"
    truth = read_ground_truth(data)
    assert "estimated" in truth.notes[0]
    assert "left_wing" in truth.notes[0]
    assert coco_ap(truth.as_results(), data)["AP"] == pytest.approx(100)
    assert coco_ap(truth.as_results(), data, category="bird")["AP"] == pytest.approx(100)
    with pytest.raises(InputError, match="no category 'cat' with keypoints; it has bird"):
        read_ground_truth(data, category="cat")


def test_a_skeleton_chooses_the_joints(make):
    a = make.person(100, 100)
    wrong = a.copy()
    wrong[:5, :2] += 500  # the face, which CrowdPose's skeleton lacks
    assert coco_ap([make.result(wrong)], make.coco({1: [a]}))["AP75"] == 0
    assert coco_ap([make.result(wrong)], make.coco({1: [a]}), skeleton="crowdpose14")["AP"] == pytest.approx(100)


@pytest.mark.parametrize(
    ("results", "says"),
    [
        ([{"image_id": 1, "keypoints": [0] * 54, "score": 1}], "54 keypoint numbers; 17 joints need 51"),
        ([{"image_id": 8, "keypoints": [0] * 51, "score": 1}], "none of which is among the 1 annotated"),
        ([{"image_id": 1, "keypoints": [float("nan")] * 51, "score": 1}], "not finite"),
        ([{"image_id": 1, "keypoints": "abc", "score": 1}], "no list of numbers"),
        ([{"image_id": 1, "keypoints": [0] * 51, "score": "high"}], "has text as its score; write a number"),
        ({"a": 1}, "not COCO results"),
        ("/no/such/file.json", "cannot read"),
    ],
)
def test_what_is_no_result_is_refused(make, results, says):
    with pytest.raises(BuposeError, match=says):
        coco_ap(results, make.coco({1: [make.person(100, 100)]}))


def test_what_is_no_annotation_is_refused(make, tmp_path):
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(InputError, match="is not JSON"):
        read_ground_truth(tmp_path / "bad.json")
    with pytest.raises(InputError, match="must hold images, annotations and categories"):
        read_ground_truth([])
    data = make.coco({1: [make.person(1, 1)]})
    data["annotations"][0]["keypoints"].pop()
    with pytest.raises(LabelsError, match="50 keypoint numbers; its category's 17 joints need 51"):
        read_ground_truth(data)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda a: a.pop("image_id"), "'image_id'"),
        (lambda a: a.update(bbox=[1, 2, 3]), "bbox of 3 numbers"),
        (lambda a: a.update(keypoints="abc"), "no list of numbers"),
        (lambda a: a.update(image_id=77), "image 77, which is not listed"),
        (lambda a: a.update(area="big"), "has 'big' as area"),
    ],
)
def test_a_damaged_annotation_is_one_sentence(make, change, says):
    data = make.coco({1: [make.person(1, 1)]})
    change(data["annotations"][0])
    with pytest.raises(BuposeError, match=says) as caught:
        read_ground_truth(data)
    assert "\n" not in str(caught.value)


def test_missing_area_box_and_counts_are_completed(make):
    data = make.coco({1: [make.person(100, 100)]})
    full = read_ground_truth(json.loads(json.dumps(data))).annotations[0]
    for key in ("area", "bbox", "num_keypoints", "iscrowd"):
        del data["annotations"][0][key]
    bare = read_ground_truth(data).annotations[0]
    assert bare["bbox"] == pytest.approx(full["bbox"], rel=1e-5)
    assert bare["area"] == pytest.approx(full["area"], rel=1e-5)
    assert (bare["num_keypoints"], bare["iscrowd"]) == (17, 0)


def test_similarity_in_parts_is_that_at_once(make, monkeypatch):
    """Crowds are compared a few people at a time, or memory would grow with the square."""
    rng = np.random.default_rng(0)
    labels = Labels.from_coco(make.coco({1: [make.person(100 * n, 100) for n in range(7)]})["annotations"], COCO17)
    people = People(rng.uniform(0, 700, (40, 17, 2)), np.ones((40, 17)), np.ones(40), COCO17)
    whole = oks(people, labels)
    monkeypatch.setattr(sys.modules["bupose.evaluate.oks"], "_AT_ONCE", 1000)
    np.testing.assert_array_equal(oks(people, labels), whole)
