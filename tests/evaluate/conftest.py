"""Small annotated sets, made by hand."""

import json

import numpy as np
import pytest

from bupose.skeletons import COCO17


def person(x, y, size=100.0, joints=COCO17.joints):
    """(K, 3): an upright person of ``size`` pixels around (x, y), all joints visible."""
    down = {"nose": 0.0, "eye": -0.03, "ear": -0.02, "shoulder": 0.15, "elbow": 0.3, "wrist": 0.45, "hip": 0.5,
            "knee": 0.75, "ankle": 1.0, "top_head": -0.12, "neck": 0.1}  # fmt: skip
    out = {"nose": 0.0, "eye": 0.03, "ear": 0.07, "shoulder": 0.12, "elbow": 0.17, "wrist": 0.2, "hip": 0.09,
           "knee": 0.1, "ankle": 0.11, "top_head": 0.0, "neck": 0.0}  # fmt: skip
    rows = []
    for j in joints:
        side = 1 if j.startswith("left") else -1
        name = j.removeprefix("left_").removeprefix("right_")
        rows.append([x + side * out[name] * size, y + down[name] * size, 2.0])
    return np.array(rows)


def coco(people_by_image, joints=COCO17.joints, **image):
    """A COCO keypoint dataset from (K, 3) arrays."""
    annotations = []
    for image_id, people in people_by_image.items():
        for triples in people:
            seen = triples[triples[:, 2] > 0, :2]
            low, high = (seen.min(0), seen.max(0)) if len(seen) else (np.zeros(2), np.zeros(2))
            box = [*low, *(high - low)]
            entry = {"id": len(annotations), "image_id": image_id, "category_id": 1, "iscrowd": 0, "bbox": box}
            entry |= {"area": 0.53 * box[2] * box[3], "num_keypoints": len(seen)}
            annotations.append(entry | {"keypoints": triples.reshape(-1).tolist()})
    category = {"id": 1, "name": "person", "keypoints": list(joints)}
    images = [{"id": i, "file_name": f"{i}.png", "width": 640, "height": 480, **image} for i in people_by_image]
    return json.loads(json.dumps({"images": images, "annotations": annotations, "categories": [category]}))


def result(triples, image_id=1, score=1.0):
    """One COCO result."""
    return {"image_id": image_id, "category_id": 1, "keypoints": np.reshape(triples, -1).tolist(), "score": score}


@pytest.fixture
def make():
    """The three makers above, for tests that cannot import from here."""

    class Make:
        pass

    Make.person, Make.coco, Make.result = staticmethod(person), staticmethod(coco), staticmethod(result)
    return Make
