"""What is written is what the documentation says, and what other programs read."""

import csv
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from bupose import skeletons
from bupose.annotations.categories import CategoryOptions
from bupose.atomic import replacing
from bupose.errors import InputError
from bupose.people import Labels, People
from bupose.predict import output
from bupose.skeleton import Skeleton
from bupose.skeletons import BODY25, COCO17, COCO18, CROWDPOSE14

DOCS = Path(__file__).resolve().parents[2] / "docs" / "output.md"


def some_people(skeleton=COCO18, count=2, seed=0):
    rng = np.random.default_rng(seed)
    k = len(skeleton.joints)
    xy, score = rng.uniform(5, 300, (count, k, 2)), rng.uniform(0.1, 1, (count, k))
    absent = rng.random((count, k)) < 0.2
    xy[absent], score[absent] = np.nan, 0
    return People(xy, score, np.sort(rng.random(count))[::-1], skeleton)


def examples():
    return [
        json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    ]


def test_coco_results_as_pycocotools_reads_them(tmp_path, capsys):
    """Perfect predictions evaluate to an AP of 1, those of joints in another order would not."""
    images, annotations, results = [], [], []
    for image_id in (3, 8):
        people = some_people(COCO18, 3, image_id)
        labels = people.to(COCO17)
        results += people.to_coco(image_id, output.results_skeleton(COCO18))
        images.append({"id": image_id, "width": 320, "height": 320})
        truth = Labels(np.nan_to_num(labels.xy), 2 * labels.present, COCO17)
        for n in range(len(truth)):
            triples = np.concatenate([truth.xy[n], truth.visibility[n][:, None]], 1)
            annotations.append(
                {
                    "id": 10 * image_id + n,
                    "image_id": image_id,
                    "category_id": 1,
                    "iscrowd": 0,
                    "num_keypoints": int((truth.visibility[n] > 0).sum()),
                    "keypoints": triples.reshape(-1).tolist(),
                    "area": float(truth.area[n]),
                    "bbox": truth.box[n].tolist(),
                }
            )
    categories = [{"id": 1, "name": "person", "keypoints": list(COCO17.joints)}]
    (tmp_path / "truth.json").write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )
    output.write_coco(tmp_path / "new" / "coco_results.json", results)
    truth = COCO(str(tmp_path / "truth.json"))
    evaluation = COCOeval(truth, truth.loadRes(str(tmp_path / "new" / "coco_results.json")), "keypoints")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1)
    example, written = examples()[0][0], results[0]
    assert example.keys() == written.keys()
    assert len(example["keypoints"]) == len(written["keypoints"]) == 51
    assert [np.sign(v) for v in example["keypoints"][3:6]] == [0, 0, 0]


def test_whose_joints_results_list():
    assert output.results_skeleton(BODY25) is COCO17
    assert output.results_skeleton(CROWDPOSE14) is CROWDPOSE14
    assert [output.openpose_skeleton(s).name for s in (COCO17, COCO18, BODY25)] == ["coco18", "coco18", "body25"]


@pytest.mark.parametrize(("skeleton", "joints"), [(COCO17, 18), (COCO18, 18), (BODY25, 25), (CROWDPOSE14, 18)])
def test_openpose(tmp_path, skeleton, joints):
    people = some_people(skeleton)
    output.write_openpose(tmp_path / "x_keypoints.json", people)
    written = json.loads((tmp_path / "x_keypoints.json").read_text(encoding="utf-8"))
    example = examples()[2]
    assert (written.keys(), written["version"]) == (example.keys(), example["version"])
    assert written["people"][0].keys() == example["people"][0].keys()
    assert written["skeleton"] == ("body25" if joints == 25 else "coco18")
    for n, person in enumerate(written["people"]):
        triples = np.array(person["pose_keypoints_2d"]).reshape(joints, 3)
        # OpenPose, poseParameters.cpp: 2 is the right shoulder, 5 the left one, in both of its orders
        for row, joint in ((2, "right_shoulder"), (5, "left_shoulder")):
            k = skeleton.index[joint]
            wanted = [*people.xy[n, k], people.score[n, k]] if people.present[n, k] else [0, 0, 0]
            np.testing.assert_allclose(triples[row], wanted, atol=1e-3)


def test_nobody(tmp_path):
    output.write_coco(tmp_path / "coco_results.json", People.nobody(COCO17).to_coco(1))
    assert json.loads((tmp_path / "coco_results.json").read_text(encoding="utf-8")) == []
    output.write_openpose(tmp_path / "x.json", People.nobody(COCO17))
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))["people"] == []


def test_csv(tmp_path):
    people = some_people()
    output.write_csv(tmp_path / "people.csv", [(7, 'a "b", ü.jpg', people)], COCO18)
    with (tmp_path / "people.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    for n, row in enumerate(rows):
        assert (row["image_id"], row["file_name"], row["person"]) == ("7", 'a "b", ü.jpg', str(n))
        for k, joint in enumerate(COCO18.joints):
            if people.present[n, k]:
                assert float(row[f"{joint}_x"]) == pytest.approx(people.xy[n, k, 0], abs=1e-3)
                assert float(row[f"{joint}_score"]) == pytest.approx(people.score[n, k], abs=1e-3)
            else:
                assert row[f"{joint}_x"] == row[f"{joint}_y"] == row[f"{joint}_score"] == ""


def test_images_example():
    for entry in examples()[1]:
        assert {"id", "file_name", "name"} <= entry.keys()
        assert ("width" in entry) != ("problem" in entry)


def test_pictures_are_rgb(tmp_path):
    image = np.zeros((8, 9, 3), np.uint8)
    image[..., 0] = 200
    output.write_image(tmp_path / "ü (1).png", image)
    read = cv2.imdecode(np.frombuffer((tmp_path / "ü (1).png").read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(read[..., ::-1], image)
    for name in ("x.nonsense", "x"):
        with pytest.raises(InputError, match="format"):
            output.write_image(tmp_path / name, image)


def test_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        output.write_coco(tmp_path / "file" / "x.json", [])
    with pytest.raises(InputError, match="cannot write"):
        output.write_image(tmp_path / "file" / "x.png", np.zeros((2, 2, 3), np.uint8))


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    output.write_coco(tmp_path / "x.json", [{"a": 1}])

    def results():
        yield {"a": 2}
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="middle"):
        output.write_coco(tmp_path / "x.json", results())
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == [{"a": 1}]
    assert [f.name for f in tmp_path.iterdir()] == ["x.json"]


def test_replacing_takes_the_longest_names(tmp_path):
    path = tmp_path / ("n" * 250 + ".json")
    with replacing(path) as partial:
        assert partial.parent == tmp_path
        partial.write_text("whole")
        assert not path.exists()
    assert path.read_text(encoding="utf-8") == "whole"


CRAB = Skeleton("crab", ("eye", "left_claw", "right_claw"), (("eye", "left_claw"), ("eye", "right_claw")))


def test_results_have_the_category_and_the_order_of_the_file_that_was_learned_from():
    """A joint that the skeleton lacks is absent; without a category they are as ever."""
    xy = np.array([[[1, 2], [3, 4], [np.nan, np.nan]]], np.float32)
    people = People(xy, np.array([[0.5, 0.75, 0]]), np.array([0.25]), CRAB)
    category = CategoryOptions(7, "crab", ["right_claw", "left_claw", "tail", "eye"])
    (result,) = output.as_coco(people, 3, category)
    assert result["keypoints"] == [0, 0, 0, 3, 4, 0.75, 0, 0, 0, 1, 2, 0.5]
    assert [result[key] for key in ("image_id", "category_id", "score")] == [3, 7, 0.25]
    assert output.as_coco(people, 3, CategoryOptions()) == people.to_coco(3)
    body = People.nobody(COCO18)
    assert output.as_coco(body, 3, CategoryOptions()) == body.to_coco(3, COCO17)


def test_openpose_files_have_hands_and_a_face_where_the_network_has(tmp_path):
    whole = skeletons.COCO_WHOLEBODY
    xy = np.arange(2 * 133.0).reshape(1, 133, 2) + 1
    xy[0, whole.index["left_thumb2"]] = np.nan
    people = People(xy, np.where(np.isnan(xy[..., 0]), 0, 0.5), [0.9], whole)
    output.write_openpose(tmp_path / "a.json", people)
    (person,) = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["people"]
    assert np.reshape(person["pose_keypoints_2d"], (25, 3))[:, 2].all()  # BODY_25: feet, too
    left, right = (np.reshape(person[f"hand_{side}_keypoints_2d"], (21, 3)) for side in ("left", "right"))
    assert left[:, 0].tolist() == [0 if k == 93 else 2 * k + 1 for k in range(91, 112)]
    assert right[:, 0].tolist() == [2 * k + 1 for k in range(112, 133)]
    face = np.reshape(person["face_keypoints_2d"], (70, 3))  # 68 points of 300-W, and the pupils of right and left
    assert face[:, 0].tolist() == [2 * k + 1 for k in [*range(23, 91), 2, 1]]
    output.write_openpose(tmp_path / "b.json", People.nobody(whole))
    assert json.loads((tmp_path / "b.json").read_text(encoding="utf-8"))["people"] == []


def test_openpose_files_are_for_joints_that_they_hold():
    for skeleton in skeletons.SKELETONS.values():
        assert output.wants_openpose(None, skeleton)
    assert not output.wants_openpose(None, CRAB)
    assert output.wants_openpose(True, CRAB)
    assert not output.wants_openpose(False, COCO17)
