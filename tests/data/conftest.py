"""Pictures whose joints are lit, and little annotation files of every format."""

import json

import cv2
import numpy as np
import pytest

from bupose.images.sample import Sample
from bupose.people import Labels
from bupose.skeletons import COCO17

RED, GREEN, WHITE = (255, 0, 0), (0, 255, 0), (255, 255, 255)


def joint_places(rng) -> np.ndarray:
    """float (17, 2): a body with joints well apart, its left on the picture's right, its hips below its shoulders."""
    places = np.zeros((17, 2))
    places[0] = 0, -60
    for k, name in enumerate(COCO17.joints[1:], 1):
        row = {"eye": -60, "ear": -30, "shoulder": 0, "elbow": 30, "wrist": 60, "hip": 90, "knee": 120, "ankle": 150}
        side, part = name.split("_")
        places[k] = (45 if part != "eye" else 30) * (1 if side == "left" else -1), row[part]
    return places + rng.uniform(-4, 4, (17, 2))


def light_joints(size, xy, sigma=2.5) -> np.ndarray:
    """A black picture with a smooth spot at every joint: red on the left, green on the right, else white."""
    v, u = np.mgrid[: size[1], : size[0]]
    image = np.zeros((size[1], size[0], 3))
    for person in xy:
        for name, (x, y) in zip(COCO17.joints, person, strict=True):
            color = RED if name.startswith("left") else GREEN if name.startswith("right") else WHITE
            spot = np.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * sigma**2))
            image += spot[..., None] * color
    return np.clip(image, 0, 255).round().astype(np.uint8)


def lit_sample(seed, size=(260, 300), sigma=2.5) -> Sample:
    rng = np.random.default_rng(seed)
    xy = (joint_places(rng) + np.array(size) / 2 - (0, 45))[None]
    return Sample(light_joints(size, xy, sigma), Labels(xy, np.full((1, 17), 2), COCO17), None, f"lit {seed}", seed)


class Lit:
    """A sequence of lit pictures."""

    skeleton = COCO17

    def __init__(self, count=8):
        self._samples = [lit_sample(seed) for seed in range(count)]

    def __len__(self):
        return len(self._samples)

    def __getitem__(self, i):
        return self._samples[i]


def centroid(image, xy, reach) -> tuple[np.ndarray, np.ndarray] | None:
    """The middle of the light around a place, px, and its colour; None too near the border."""
    x, y = np.rint(xy).astype(int)
    r = int(np.ceil(reach))
    if x - r < 0 or y - r < 0 or x + r >= image.shape[1] or y + r >= image.shape[0]:
        return None
    window = image[y - r : y + r + 1, x - r : x + r + 1].astype(float)
    v, u = np.mgrid[-r : r + 1, -r : r + 1]
    light = window.max(2) * (u**2 + v**2 <= reach**2)
    if light.sum() == 0:
        return None
    at = np.array([(u * light).sum(), (v * light).sum()]) / light.sum() + (x, y)
    return at, window.sum((0, 1))


@pytest.fixture(scope="session")
def lit() -> Lit:
    """A sequence of lit pictures."""
    return Lit()


@pytest.fixture(scope="session")
def find_light():
    """A function of a picture, a place and a reach: the middle of the light there, and its colour."""
    return centroid


@pytest.fixture(scope="session")
def draw_light():
    """A function of a size, joints and sigma: the picture in which they shine."""
    return light_joints


@pytest.fixture
def write(tmp_path):
    """A function that writes photos of some size and a JSON file, and returns its path."""

    def write(data, photos=(), name="set.json"):
        for photo, (width, height) in dict(photos).items():
            path = tmp_path / photo
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), np.full((height, width, 3), 90, np.uint8))
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data))
        return str(path)

    return write


@pytest.fixture
def coco_file(write):
    """Three photos: two people and a crowd; a person without joints; nobody."""
    body = [v for k in range(17) for v in (20 + 2 * k, 30 + k, 2)]
    half = body[: 3 * 9] + [0, 0, 0] * 8
    outline = [[15, 25, 60, 25, 60, 60, 15, 60]]
    annotations = [
        {"id": 1, "image_id": 7, "category_id": 1, "keypoints": body, "bbox": [15, 25, 45, 35], "area": 1200.0,
         "segmentation": [[15, 25, 60, 25, 60, 60, 40, 70, 15, 60]], "iscrowd": 0},
        {"id": 2, "image_id": 9, "category_id": 1, "keypoints": [0] * 51, "bbox": [10, 10, 40, 20], "iscrowd": 0,
         "segmentation": [[10, 10, 50, 10, 30, 30]], "area": 400},
        {"id": 3, "image_id": 7, "category_id": 1, "keypoints": half, "bbox": [18, 28, 30, 30], "area": 700,
         "segmentation": outline, "segmentation_is_box": True, "iscrowd": 0},
        {"id": 4, "image_id": 7, "category_id": 1, "keypoints": [0] * 51, "bbox": [80, 0, 20, 50], "iscrowd": 1,
         "segmentation": {"counts": [4000, 1000], "size": [50, 100]}, "area": 1000},
        {"id": 5, "image_id": 7, "category_id": 2, "bbox": [0, 0, 5, 5], "area": 25, "iscrowd": 0},
    ]  # fmt: skip
    images = [
        {"id": 9, "file_name": "b.png", "width": 64, "height": 48},
        {"id": 7, "file_name": "a.jpg", "width": 100, "height": 50},
        {"id": 5, "file_name": "c.png", "width": 32, "height": 32, "unlisted_people": True},
    ]
    categories = [{"id": 1, "name": "person", "keypoints": list(COCO17.joints)}, {"id": 2, "name": "kite"}]
    photos = {"a.jpg": (100, 50), "b.png": (64, 48), "c.png": (32, 32)}
    return write({"images": images, "annotations": annotations, "categories": categories}, photos)
