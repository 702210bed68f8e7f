"""COCO-WholeBody's files, written as its data_format.md has them, through training, checking and evaluation alike."""

import json

import cv2
import numpy as np
import pytest

from bupose.annotations import read
from bupose.data import open_samples
from bupose.data.check import survey
from bupose.errors import LabelsError
from bupose.evaluate import evaluate, read_ground_truth
from bupose.skeletons import COCO17, COCO_WHOLEBODY

# First joint and number of joints of each list in COCO-WholeBody's order, and the flag that it is labelled at all.
LISTS = {
    "keypoints": (0, 17, None), "foot_kpts": (17, 6, "foot_valid"), "face_kpts": (23, 68, "face_valid"),
    "lefthand_kpts": (91, 21, "lefthand_valid"), "righthand_kpts": (112, 21, "righthand_valid"),
}  # fmt: skip


def person(n, invalid=(), v=2):
    """Joint k lies at 20 + k, 30 + k + 10 n."""
    entry = {"id": n, "image_id": 7, "category_id": 1, "iscrowd": 0, "num_keypoints": 17, "area": 9e3}
    entry["bbox"] = [20, 30 + 10 * n, 132, 132]
    for key, (first, count, valid) in LISTS.items():
        here = key not in invalid
        triples = [(20 + k, 30 + k + 10 * n, v if key == "face_kpts" else 2) for k in range(first, first + count)]
        entry[key] = [float(value) if here else 0.0 for triple in triples for value in triple]
        entry |= {} if valid is None else {valid: here}
    return entry


@pytest.fixture
def written(tmp_path):
    def write(annotations):
        cv2.imwrite(str(tmp_path / "a.png"), np.full((400, 300, 3), 90, np.uint8))
        category = {"id": 1, "name": "person", "keypoints": list(COCO17.joints), "skeleton": [[16, 14]]}
        images = [{"id": 7, "file_name": "a.png", "width": 300, "height": 400}]
        data = {"images": images, "annotations": annotations, "categories": [category]}
        (tmp_path / "set.json").write_text(json.dumps(data))
        return str(tmp_path / "set.json")

    return write


def test_every_joint_is_where_its_list_has_it(written):
    path = written([person(0), person(1)])
    found = read(path)
    assert found.kind == "coco_wholebody"
    assert found.joints == COCO_WHOLEBODY.joints
    assert found.notes == ()  # num_keypoints counts the body's, which is nothing odd
    labels = open_samples("coco_wholebody", {"annotations": path}).labels(0)
    assert labels.skeleton == COCO_WHOLEBODY
    assert (labels.visibility == 2).all()
    for n in range(2):
        expected = np.arange(133)[:, None] + [20, 30 + 10 * n]
        assert labels.xy[n].tolist() == expected.tolist()
    body = open_samples("coco", {"annotations": path, "skeleton": "coco17"}).labels(0)
    assert body == labels.to(COCO17)


@pytest.mark.parametrize("key", [key for key in LISTS if key != "keypoints"])
def test_a_part_that_is_not_valid_is_not_labelled(written, key):
    first, count, valid = LISTS[key]
    odd = person(1) | {valid: False}  # its numbers are there, but must not be believed
    labels = open_samples("coco", {"annotations": written([person(0, [key]), odd])}).labels(0)
    there = np.ones(133, bool)
    there[first : first + count] = False
    assert labels.present.tolist() == [there.tolist()] * 2


def test_any_visibility_above_0_is_reliable(written):
    labels = open_samples("coco", {"annotations": written([person(0, v=0.0124), person(1, v=1.0)])}).labels(0)
    assert (labels.visibility == 2).all()


def test_a_list_of_another_length_is_refused_by_name(written):
    short = person(1)
    short["foot_kpts"] = short["foot_kpts"][:15]
    with pytest.raises(LabelsError, match=r"annotation 1 has 15 foot_kpt numbers; .* 6 joints need 18"):
        read(written([person(0), short]))


def test_evaluation_and_checking_know_the_same_people(written):
    path = written([person(0), person(1, ["face_kpts"])])
    truth = read_ground_truth(path)
    assert [a["num_keypoints"] for a in truth.annotations] == [133, 65]
    np.testing.assert_allclose(truth.sigmas, COCO_WHOLEBODY.sigmas)
    report = evaluate(truth.as_results(), truth, gains=False)
    assert report.metrics["AP"] == pytest.approx(100)
    found = survey(open_samples("coco", {"annotations": path}))
    assert found.people == 2
    assert [seen for seen, _ in found.joints.values()] == [2] * 23 + [1] * 68 + [2] * 42
