"""The whole report: rules chosen, table, files and pictures."""

import csv
import json
import math

import cv2
import numpy as np
import pytest

from bupose.errors import InputError, OptionsError
from bupose.evaluate import evaluate, read_ground_truth
from bupose.evaluate.oks import METRICS
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO17, CROWDPOSE14


@pytest.fixture
def case(make):
    """Two pictures: one right, one with a missed and a false person."""
    a, b = make.person(100, 100), make.person(400, 100)
    data = make.coco({1: [a], 2: [a, b]})
    return data, [make.result(a, 1), make.result(a, 2), make.result(make.person(300, 300), 2, 0.3)]


def test_perfect_predictions_have_a_perfect_report(case):
    data, _ = case
    report = evaluate(read_ground_truth(data).as_results(), data)
    assert report.protocol == "coco"
    assert [v for v in report.metrics.values() if not math.isnan(v)] == pytest.approx([100.0] * 8)
    assert all(row["good"] == row["PCK 0.05 box"] == 100 and row["OKS"] == 1 for row in report.joint_rows())
    assert all(gain == 0 for gain in report.gains.values())


def test_report_says_what_is_wrong(case):
    data, results = case
    report = evaluate(results, data)
    assert report.metrics["AR"] == pytest.approx(200 / 3)
    table = report.table()
    assert "3 annotated, 2 found, 1 missed" in table
    assert "1 in the background" in table
    row = report.joint_rows()[-1]
    assert row["joint"] == "all"
    assert row["labelled"] == 51
    assert row["good"] == row["PCK 0.05 box"] == pytest.approx(200 / 3)
    assert row["person missed"] == pytest.approx(100 / 3)
    assert report.gains["people missed"] == pytest.approx(100 - report.metrics["AP"])


def test_files(case, tmp_path):
    data, results = case
    for image in data["images"]:
        cv2.imwrite(str(tmp_path / image["file_name"]), np.full((480, 640, 3), 200, np.uint8))
    report = evaluate(results, data)
    written = report.write(tmp_path / "out", tmp_path)
    assert [p.relative_to(tmp_path / "out").as_posix() for p in written] == [
        "metrics.json", "metrics.csv", "joints.csv", "report.txt", "worst/01_2.jpg",
    ]  # fmt: skip
    assert sorted(p for p in (tmp_path / "out").rglob("*") if p.is_file()) == sorted(written)
    stored = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert stored["metrics"]["AP"] == pytest.approx(report.metrics["AP"], abs=1e-3)
    assert stored["metrics"]["AP_large"] is None  # nobody is large
    assert set(stored["metrics"]) == set(METRICS)
    rows = list(csv.DictReader((tmp_path / "out" / "joints.csv").open()))
    assert [r["joint"] for r in rows] == [*stored["joints"]]
    drawn = cv2.imread(str(written[-1]))
    left, right = drawn[:, :720], drawn[:, -720:]
    assert (left == left[0, 360]).all(2).mean() < 0.99  # somebody is drawn in either half
    assert (right == right[0, 360]).all(2).mean() < 0.99


def test_photos_that_are_not_there(case, tmp_path):
    data, results = case
    with pytest.raises(InputError, match=r"2\.png"):
        evaluate(results, data, gains=False).write(tmp_path / "out", tmp_path)


def test_one_photo_that_is_not_there_costs_the_others_nothing(make, tmp_path):
    data = make.coco({n: [make.person(100, 100)] for n in range(1, 4)})
    for image in data["images"][1:]:
        cv2.imwrite(str(tmp_path / image["file_name"]), np.full((480, 640, 3), 200, np.uint8))
    written = evaluate([], data, gains=False).write(tmp_path / "out", tmp_path)
    assert [p.name for p in written[4:]] == ["02_2.jpg", "03_3.jpg"]


def test_names_of_any_length_are_drawn(make, tmp_path):
    data = make.coco({1: [make.person(100, 100)]})
    data["images"][0]["file_name"] = name = "x" * 240 + "ä.png"
    cv2.imwrite(str(tmp_path / name), np.full((480, 640, 3), 200, np.uint8))
    assert len(evaluate([], data, gains=False).write(tmp_path / "out", tmp_path)) == 5


def test_rules_follow_the_annotations(make):
    crowd = make.coco({1: [make.person(100, 100, joints=CROWDPOSE14.joints)]}, CROWDPOSE14.joints)
    report = evaluate(read_ground_truth(crowd).as_results(), crowd)
    assert report.protocol == "crowdpose"
    assert report.metrics["AP"] == report.metrics["AP_easy"] == pytest.approx(100)
    with pytest.raises(OptionsError, match="choose one of auto, coco, crowdpose, mpii"):
        evaluate([], crowd, protocol="voc")


@pytest.mark.parametrize("protocol", ["coco", "crowdpose"])
def test_some_of_the_joints_are_evaluated_as_if_the_file_had_no_others(protocol, make):
    """In another order than the file's; also those who are shown, and what repairing costs."""
    joints = ("right_wrist", "nose", "left_wrist")
    tri = Skeleton("tri", joints, (("nose", "left_wrist"), ("nose", "right_wrist")))
    rows = [COCO17.index[joint] for joint in joints]
    a, b = make.person(100, 100), make.person(300, 100)
    wrong = b.copy()
    wrong[COCO17.index["left_wrist"], :2] += 12
    wrong[COCO17.index["right_ankle"], :2] += 200

    def measure(skeleton, pick):
        truth = make.coco({1: [a, b]})  # with the area and box of whole people
        for entry in truth["annotations"]:
            triples = np.reshape(entry["keypoints"], (-1, 3))[pick]
            entry |= {"keypoints": triples.reshape(-1).tolist(), "num_keypoints": len(triples)}
        truth["categories"][0]["keypoints"] = np.array(COCO17.joints)[pick].tolist()
        every = [make.result(a[pick], 1, 0.9), make.result(wrong[pick], 1, 0.8)]
        return evaluate(every, truth, protocol=protocol, skeleton=skeleton, shown=every[1:])

    some, alone = (report.to_dict() for report in (measure(tri, slice(None)), measure(tri, rows)))
    assert some.pop("notes") != alone.pop("notes")
    assert some == alone
    assert some["metrics"]["AP"] < 100
    assert (some["shown"]["joints"], some["shown"]["right"]) == (3, 2)


def test_real_predictions(shared):
    """What a real network's fields say, grouped: each labelled joint is counted once, and all repairs help."""
    from bupose import FieldCodec, geometry, skeletons
    from bupose.fields_file import FieldsFile

    with FieldsFile(shared / "data" / "coco" / "fields_val.npz") as file:
        ids, found = [int(n) for n in file.names[:25]], {}
        for name in file.names[:25]:
            fields, info = file[name]
            people = FieldCodec(skeletons.COCO18).decode(fields)
            found[int(name)] = people.transform(geometry.invert(info["matrix"]))
    truth = read_ground_truth(shared / "data" / "coco" / "val.json", image_ids=ids)
    report = evaluate(found, truth)
    assert 35 < report.metrics["AP"] < 75
    labelled = sum(a["num_keypoints"] for a in truth.annotations if not a["iscrowd"])
    assert report.diagnosis.kinds.sum() + report.diagnosis.lost.sum() == labelled
    assert sum(report.diagnosis.shares().values()) == pytest.approx(100)
    assert all(report.gains[kind] >= 0 for kind in ("jitter", "inversion", "miss", "people missed", "scores"))
    assert report.gains["all joints"] > max(report.gains["jitter"], report.gains["miss"])
