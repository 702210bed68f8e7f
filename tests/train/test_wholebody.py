"""A network of body, feet, face and hands, from training to COCO-WholeBody's results."""

import json

import numpy as np

import bupose
from bupose.evaluate import evaluate
from bupose.skeletons import COCO17, COCO_WHOLEBODY
from bupose.synthetic import draw_scene
from bupose.train.run import train


def test_133_joints_are_learned_kept_and_found(small_training, tmp_path):
    train(small_training(given={"skeleton": "coco_wholebody"}, steps=2, validate_every=2))
    estimator = bupose.load(tmp_path / "run" / "last.safetensors").showing_everybody()
    assert estimator.codec.skeleton == COCO_WHOLEBODY
    assert [part for part, _ in estimator.codec.skeleton.parts] == ["body", "feet", "face", "left_hand", "right_hand"]
    scenes = {i: draw_scene(i, (160, 160), 2, COCO_WHOLEBODY) for i in range(3)}
    found = {i: estimator(scene.image) for i, scene in scenes.items()}
    results = [r for i, people in found.items() for r in people.to_coco(i)]
    assert {len(r["lefthand_kpts"]) for r in results} <= {63}
    category = {"id": 1, "name": "person", "keypoints": list(COCO17.joints)}
    images = [{"id": i, "file_name": f"{i}.png", "width": 160, "height": 160} for i in scenes]
    entries = [
        {"image_id": i, "area": float(area), "bbox": box.tolist(), "iscrowd": 0, "category_id": 1}
        | {key: value for key, value in result.items() if key.endswith(("kpts", "keypoints"))}
        for i, scene in scenes.items()
        for area, box, result in zip(
            scene.labels.area, scene.labels.box, scene.labels.to_people().to_coco(i), strict=True
        )
    ]
    data = {"images": images, "annotations": entries, "categories": [category]}
    report = evaluate(json.loads(json.dumps(results)), json.loads(json.dumps(data)), gains=False)
    assert list(report.parts) == ["body", "feet", "face", "left_hand", "right_hand"]
    assert np.isfinite(report.metrics["AP"])
