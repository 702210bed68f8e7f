"""Training on and validating with annotation files: any ids, odd values, and what is told at the start."""

import json

import cv2
import numpy as np
import pytest

from bupose.data import DataOptions
from bupose.evaluate import coco_ap
from bupose.skeletons import COCO17
from bupose.train import train, validation


@pytest.fixture
def own(tmp_path):
    """A set of three pictures whose ids are words, with a crowd, in the file's own spelling of joints."""
    rng = np.random.default_rng(0)
    person = [[x, y, 2] for x, y in rng.uniform(8, 50, (17, 2)).tolist()]
    names = [j.title().replace("_", " ") for j in COCO17.joints]
    annotations = [
        {"id": n, "image_id": f"picture {n}", "category_id": 1, "keypoints": person, "area": 0} for n in range(3)
    ]
    annotations.append({"id": 9, "image_id": "picture 0", "category_id": 1, "iscrowd": 1, "bbox": [40, 0, 20, 60]})
    images = [{"id": f"picture {n}", "file_name": f"{n}.png"} for n in range(3)]
    for n in range(3):
        cv2.imwrite(str(tmp_path / f"{n}.png"), rng.integers(0, 255, (64, 64, 3)).astype(np.uint8))
    data = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "person"}]}
    data["categories"][0]["keypoints"] = names
    (tmp_path / "own.json").write_text(json.dumps(data))
    return str(tmp_path / "own.json")


def test_a_file_of_ones_own(small_training, own, monkeypatch, caplog):
    caplog.set_level("INFO")
    seen = []
    monkeypatch.setattr(
        validation, "coco_ap", lambda found, truth: seen.append((found, truth)) or coco_ap(found, truth)
    )
    options = small_training(steps=2, validate_every=2, workers=1)
    options.data, options.val = DataOptions("coco", annotations=own), DataOptions("coco", annotations=own)
    train(options)
    told = caplog.text
    for what in ("train", "val"):
        assert f"{what}: own.json: Joints matched: 17 of 17 of coco17." in told
        assert f"{what}: own.json: Area missing, 0 or less, taken as 0.53 of the box: 3 of 4 annotations" in told
    found, truth = seen[0]
    assert sorted(found) == list(truth.images) == [0, 1, 2]
    samples = options.val.open()
    perfect = {n: samples.labels(n).to_people() for n in range(3)}
    assert coco_ap(perfect, truth)["AP"] == pytest.approx(100)
    assert truth.crowd[truth.rows[0]].tolist() == [False, True]  # the crowd is there, as in an evaluation of the file
