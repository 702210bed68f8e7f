"""Photos cut around each person show that person, where the labels say, and label nobody else."""

import json

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bupose.annotations.detections import Boxes
from bupose.data.dataset import PoseDataset
from bupose.data.datasets import open_samples
from bupose.data.each_person import CROP_ASPECT, EachPerson, around
from bupose.data.proposals import Offsets
from bupose.errors import LabelsError, OptionsError
from bupose.maps import Grid
from bupose.methods.single import SingleCodec
from bupose.skeletons import COCO17

SIZE = (200, 160)


@pytest.fixture
def people(tmp_path):
    """Two photos with two people and one, a bright dot on each joint, cut around each person."""
    return open_samples("coco", {"annotations": str(made(tmp_path)), "each_person": 1.25})


def made(tmp_path):
    """The annotations of two photos."""
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for n, boxes in enumerate([[(20, 30, 30, 80), (120, 40, 60, 100)], [(90, 5, 40, 150)]]):
        photo = rng.integers(0, 40, (*SIZE[::-1], 3)).astype(np.uint8)
        for x, y, w, h in boxes:
            xy = rng.integers((x + 2, y + 2), (x + w - 2, y + h - 2), (17, 2))
            for u, v in xy:
                photo[v, u] = 255
            keypoints = np.column_stack([xy, np.full(17, 2)]).ravel().tolist()
            annotations.append({
                "id": len(annotations) + 1, "image_id": n, "category_id": 1, "iscrowd": 0, "area": 900.0,
                "bbox": [x, y, w, h], "num_keypoints": 17, "keypoints": keypoints,
            })  # fmt: skip
        cv2.imwrite(str(tmp_path / f"{n}.png"), photo)
        images.append({"id": n, "file_name": f"{n}.png", "width": SIZE[0], "height": SIZE[1]})
    category = {"id": 1, "name": "person", "keypoints": list(COCO17.joints), "skeleton": []}
    path = tmp_path / "people.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": [category]}))
    return path


def test_an_entry_is_a_person(people):
    assert len(people) == 3
    assert [people.image_id(n) for n in range(3)] == [0, 0, 1]
    for n in range(3):
        sample = people[n]
        assert len(sample.labels) == 1
        assert sample.image.shape[1::-1] == people.size(n)
        (u, v) = sample.labels.xy[0].astype(int).T
        assert (sample.image[v, u] == 255).all()
        assert sample.labels.area[0] == 900
    with pytest.raises(IndexError):
        people[3]


def test_a_photo_decoded_at_reduced_size_is_cut_at_the_same_place(people):
    for n in range(3):
        whole, half = people.picture(n).decode(1), people.picture(n).decode(2)
        assert half.shape[:2] == tuple(-(-side // 2) for side in whole.shape[:2])
        h, w = (side // 2 for side in whole.shape[:2])
        means = whole[: 2 * h, : 2 * w].reshape(h, 2, w, 2, 3).mean((1, 3))
        assert np.abs(half[:h, :w] - means).mean() < 1


def test_crops_of_training_show_the_person(people):
    data = PoseDataset(people, SingleCodec(COCO17, Grid(4)), size=(96, 128))
    for n in range(3):
        item = data[n]
        assert item["heat_place"][:, 2].sum() == 17
        assert float(item["heat"].amax((1, 2)).min()) > 0.9


@given(
    st.tuples(st.floats(-50, 300), st.floats(-50, 300), st.floats(0, 400), st.floats(0, 400)),
    st.floats(1, 3),
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
)
def test_a_cut_lies_in_the_photo_and_holds_the_box(box, margin, size):
    low, cut = around(np.array(box), margin, size)
    x, y, w, h = box
    for axis, (start, length) in enumerate(((x, w), (y, h))):
        assert low[axis] % 8 == 0
        assert 0 <= low[axis] < low[axis] + cut[axis] <= size[axis]
        if start >= 0 and start + length <= size[axis] - 8:
            assert low[axis] <= start
            assert start + length <= low[axis] + cut[axis]
    inside = x - w >= 0 and x + 2 * w < size[0] and y - h >= 0 and y + 2 * h < size[1]
    if inside and h > 40 and x - h > 0 and x + w + h < size[0]:
        assert cut[0] >= CROP_ASPECT * h * 0.99


def test_drawn_people_are_cut_out_in_turns():
    scenes = {"count": 6, "size": [96, 96], "people": [2, 3], "scene": "simple"}
    whole, cut = open_samples("synthetic", scenes), open_samples("synthetic", scenes | {"each_person": 1.25})
    assert len(cut) == 6
    for n in range(6):
        sample, scene = cut[n], whole[n]
        person = scene.labels[n % len(scene.labels) :][:1]
        low, size = around(person.box[0], 1.25, (96, 96))
        assert len(sample.labels) == 1
        assert sample.image.shape[1::-1] == size
        np.testing.assert_array_equal(sample.image, scene.image[low[1] : low[1] + size[1], low[0] : low[0] + size[0]])
        np.testing.assert_allclose(sample.labels.xy[0] + low, person.xy[0], rtol=1e-6)


# --- boxes as a detector draws them ---


def test_offsets_are_those_that_the_boxes_were_made_with():
    rng = np.random.default_rng(0)
    mean, spread = np.array([-0.05, 0.02, 0.04, -0.03]), np.diag([0.03, 0.02, 0.04, 0.05]) ** 2
    spread[0, 2] = spread[2, 0] = -0.5 * 0.03 * 0.04  # wider on both sides
    pairs = []
    for _ in range(300):
        truth = np.array([[100.0, 100, 40, 80], [300, 120, 90, 60]])
        sides = np.concatenate([truth[:, 2:]] * 2, 1)
        low_high = np.concatenate([truth[:, :2], truth[:, :2] + truth[:, 2:]], 1)
        edges = low_high + rng.multivariate_normal(mean, spread, 2) * sides
        found = np.concatenate([edges[:, :2], edges[:, 2:] - edges[:, :2]], 1)
        false = np.array([[600.0, 10, 50, 50], [100, 100, 12, 12]])  # of nobody, and of a hand
        pairs.append((truth, Boxes(np.concatenate([false, found[::-1]]), np.ones(4))))
    offsets = Offsets.fit(pairs, "boxes.json")
    np.testing.assert_allclose(offsets.mean, mean, atol=4 * 0.05 / np.sqrt(600))
    np.testing.assert_allclose(offsets.spread, spread, atol=4 * np.sqrt(2 / 600) * 0.05**2)
    boxes = np.array([offsets.draw(rng, np.array([10.0, 20, 200, 100])) for _ in range(600)])
    np.testing.assert_allclose(boxes[:, 0].mean(), 10 + 200 * mean[0], atol=4 * 200 * 0.03 / np.sqrt(600))
    np.testing.assert_allclose(boxes[:, 2].std(), 200 * np.sqrt(0.0009 + 0.0016 + 0.0012), rtol=0.15)
    with pytest.raises(LabelsError, match="has 1 box that half overlap"):
        Offsets.fit([(truth[:1], pairs[0][1])], "boxes.json")


def test_cuts_of_a_person_differ_and_show_the_same_person(tmp_path):
    path = made(tmp_path)
    boxes = [(0, 20, 30, 30, 80), (0, 120, 40, 60, 100), (1, 90, 5, 40, 150)]
    rng = np.random.default_rng(0)
    proposals = [
        {"image_id": n, "bbox": [*(rng.normal((x, y), 3)), *rng.normal((w, h), 3)], "score": 0.5}
        for n, x, y, w, h in boxes
    ]
    (tmp_path / "b.json").write_text(json.dumps(proposals))
    options = {"annotations": str(path), "each_person": 1.25, "proposals": tmp_path / "b.json", "cuts": 3}
    with pytest.raises(LabelsError, match="has 3 boxes that"):
        open_samples("coco", options)
    photos = open_samples("coco", {"annotations": str(path)})
    people = EachPerson(photos, 1.25, Offsets(np.array([-0.2, -0.2, 0.2, 0.2]), 0.01 * np.eye(4)), 3)
    assert len(people) == 9
    assert [people.image_id(n) for n in range(9)] == [0] * 6 + [1] * 3
    assert len({people.size(n) for n in range(3)}) > 1
    for n in (*range(9), -1):
        sample = people[n]
        assert sample.labels == people.labels(n)
        inside = ((sample.labels.xy[0] >= 0) & (sample.labels.xy[0] < people.size(n))).all(1)
        u, v = sample.labels.xy[0][inside].astype(int).T
        assert inside.sum() > 5
        assert (sample.image[v, u] == 255).all()


@pytest.mark.parametrize("options", [{"proposals": "b.json"}, {"each_person": 1.25, "cuts": 2}])
def test_options_of_cuts_that_do_not_fit(options):
    with pytest.raises(OptionsError, match="add data"):
        open_samples("coco", {"annotations": "a.json", **options})
