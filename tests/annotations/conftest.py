"""Small annotated sets, made by hand."""

import copy
import json

import cv2
import numpy as np
import pytest

from bupose.data import open_samples
from bupose.errors import BuposeError
from bupose.evaluate import read_ground_truth
from bupose.skeletons import COCO17


def body(x, y, joints=17, size=60.0):
    """Keypoint numbers of somebody ``size`` pixels high, all joints seen, no two in one place."""
    return [v for k in range(joints) for v in (x + size / 2 * (k % 4) / 3, y + size * (k // 4) / (joints // 4), 2)]


def people(joints=COCO17.joints):
    """Two pictures: two people and a crowd in the first, one in the second."""
    k = len(joints)

    def person(n, image, x, y):
        box = {"bbox": [x - 5.0, y - 5.0, 40.0, 70.0], "area": 1500.0, "iscrowd": 0, "num_keypoints": k}
        return {"id": n, "image_id": image, "category_id": 1, "keypoints": body(x, y, k)} | box

    crowd = {"id": 3, "image_id": 1, "category_id": 1, "iscrowd": 1, "bbox": [120, 10, 70, 90], "area": 6000.0}
    crowd |= {"keypoints": [0] * 3 * k, "num_keypoints": 0}
    limbs = [[n, n + 1] for n in range(1, k)]
    return {
        "images": [{"id": n, "file_name": f"{n}.png", "width": 200, "height": 120} for n in (1, 2)],
        "annotations": [person(1, 1, 10, 20), person(2, 1, 70, 30), crowd, person(4, 2, 90, 40)],
        "categories": [{"id": 1, "name": "person", "keypoints": list(joints), "skeleton": limbs}],
    }


class Sets:
    """A folder to write sets into, and their makers."""

    body, people = staticmethod(body), staticmethod(people)

    def __init__(self, folder):
        self.folder = folder
        for n in (1, 2):
            cv2.imwrite(str(folder / f"{n}.png"), np.full((120, 200, 3), 90, np.uint8))

    def write(self, data, name="set.json", **form):
        path = self.folder / name
        path.write_text(json.dumps(data), **{"encoding": "utf-8"} | form)
        return str(path)

    def changed(self, change, joints=COCO17.joints):
        """The path of the two pictures' file, changed."""
        data = copy.deepcopy(people(joints))
        change(data)
        return self.write(data)

    @staticmethod
    def taught(path, **options):
        """The people that training gets: name of picture -> Labels."""
        samples = open_samples("coco", {"annotations": path, "with_people": False, **options})
        return {samples.name(n): samples.labels(n) for n in range(len(samples))}

    @staticmethod
    def notes(path, **options):
        return " ".join(open_samples("coco", {"annotations": path, "with_people": False, **options}).notes)

    @staticmethod
    def refused_by_both(path, says=""):
        """The sentence, the same from training and from evaluation."""
        sentences = []
        for call in (lambda: open_samples("coco", {"annotations": path}), lambda: read_ground_truth(path)):
            with pytest.raises(BuposeError, match=says) as problem:
                call()
            sentences.append(str(problem.value))
        assert sentences[0] == sentences[1]
        assert sentences[0].isprintable()
        return sentences[0]


@pytest.fixture
def sets(tmp_path):
    """Makers and writers of small sets."""
    return Sets(tmp_path)
