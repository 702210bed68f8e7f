"""Shares of joints within a distance, counted by hand."""

import json
import math

import numpy as np
import pytest

from bupose.errors import LabelsError, OptionsError
from bupose.evaluate import evaluate, pck, read_ground_truth


def test_half_a_head_is_the_limit(make):
    truth = make.person(100, 100)
    data = make.coco({1: [truth]})
    data["annotations"][0]["head_box"] = [90, 85, 30, 40]  # diagonal 50, head 30 px, limit 15 px
    moved = truth.copy()
    moved[5, 0] += 14.9
    moved[6, 0] += 15.1
    got = pck([make.result(moved)], data, length="head", alpha=0.5)
    assert (got["left_shoulder"], got["right_shoulder"], got["nose"]) == (100, 0, 100)
    assert got["mean"] == pytest.approx(100 * 16 / 17)


def test_people_not_found_count_as_not_found(make):
    a, b = make.person(100, 100), make.person(400, 100)
    got = pck([make.result(a)], make.coco({1: [a, b]}))
    assert got == pytest.approx(dict.fromkeys(got, 50.0))


@pytest.mark.parametrize("length", ["box", "torso"])
def test_annotations_against_themselves(make, length):
    data = make.coco({1: [make.person(100, 100)], 2: [make.person(50, 60, 30)]})
    got = pck(read_ground_truth(data).as_results(), data, length=length)
    assert got == pytest.approx(dict.fromkeys(got, 100.0))


def test_unlabelled_joints_do_not_count(make):
    a = make.person(100, 100)
    a[3] = 0
    got = pck([make.result(make.person(100, 100))], make.coco({1: [a]}))
    assert math.isnan(got["left_ear"])
    assert got["mean"] == 100


def test_box_by_hand(make):
    a = make.person(100, 100)  # 103 px high: 5.15 px at 0.05
    b = a + np.array([5.0, 0, 0])
    assert pck([make.result(b)], make.coco({1: [a]}))["mean"] == 100
    assert pck([make.result(b + np.array([0.3, 0, 0]))], make.coco({1: [a]}))["mean"] == 0


def test_without_the_length_there_is_nothing_to_say(make):
    data = make.coco({1: [make.person(100, 100)]})
    assert math.isnan(pck(read_ground_truth(data).as_results(), data, length="head")["mean"])


def test_mpii_as_its_file_has_it(shared):
    """A prediction moved by 0.49 and by 0.51 heads, along the head."""
    path = shared / "data" / "samples" / "mpii" / "test_mpii.json"
    truth = read_ground_truth(path)
    entry = json.loads(path.read_text(encoding="utf-8"))[0]
    image_id = next(i for i, image in truth.images.items() if image["file_name"] == entry["image"])
    assert truth.xy[truth.rows[image_id][0]] == pytest.approx(np.array(entry["joints"]) - 1)
    head = np.subtract(entry["joints"][9], entry["joints"][8])
    assert evaluate(truth.as_results(), path).metrics == {"PCKh@0.5": 100, "PCKh@0.1": 100}
    for factor, expected in ((0.49, 100), (0.51, 0)):
        results = [r for r in truth.as_results() if r["image_id"] == image_id]
        moved = np.reshape(results[0]["keypoints"], (-1, 3)) + [*(factor * head), 0]
        report = evaluate([{**results[0], "keypoints": moved.reshape(-1).tolist()}], path, image_ids=[image_id])
        assert report.protocol == "mpii"
        assert report.metrics["PCKh@0.5"] == expected


def test_mpii_leaves_the_trunk_out_of_the_mean():
    points = [[10.0 * n + 1, 5.0 * n + 1] for n in range(16)]
    people = [{"image": "a.jpg", "joints": points, "joints_vis": [1] * 16, "head_box": [0, 0, 30, 40]}]
    truth = read_ground_truth(people)
    triples = np.reshape(truth.as_results()[0]["keypoints"], (-1, 3))
    triples[[6, 7], 1] += 100  # pelvis and thorax
    result = {"image_id": 0, "keypoints": triples.reshape(-1).tolist(), "score": 1.0}
    got = pck([result], truth, length="head", alpha=0.5)
    assert got["pelvis"] == got["thorax"] == 0
    assert got["mean"] == 100


def test_an_unknown_length(make):
    with pytest.raises(OptionsError, match="choose one of head, box, torso"):
        pck([], make.coco({1: []}), length="arm")


def test_what_is_not_mpii():
    with pytest.raises(LabelsError, match="MPII"):
        read_ground_truth([{"image": "a.jpg", "joints": [[1, 2]], "joints_vis": [1]}])
