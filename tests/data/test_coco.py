"""Annotation files in COCO's format: what becomes people, what is ignored, what is refused."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from bupose import geometry
from bupose.annotations.outlines import read_outline
from bupose.data.datasets import DataOptions, open_samples
from bupose.data.regions import Regions
from bupose.errors import BuposeError, InputError, LabelsError, OptionsError
from bupose.skeletons import COCO18


def test_people_crowds_and_photos(coco_file):
    samples = open_samples("coco", {"annotations": coco_file})
    assert len(samples) == 1  # of the others nobody has joints
    sample = samples[0]
    assert (sample.name, sample.image_id, sample.image.shape) == ("a.jpg", 7, (50, 100, 3))
    assert len(sample.labels) == 2
    assert sample.labels.xy[0, 3].tolist() == [26, 33]
    assert sample.labels.area.tolist() == [1200, 700]
    assert sample.labels.present.sum(1).tolist() == [17, 9]
    assert sample.ignore[:, 81:].all()  # 1000 pixels from the 4000th, column by column
    assert not sample.ignore[:, :79].any()


def test_everything_listed_can_be_had(coco_file):
    samples = open_samples("coco", {"annotations": coco_file, "with_people": False})
    assert [s.name for s in samples] == ["b.png", "a.jpg", "c.png"]
    lonely, unlisted = samples[0], samples[2]
    assert len(lonely.labels) == 0
    assert lonely.ignore[15, 30]  # inside the outline of the person without joints
    assert not lonely.ignore[28, 12]  # inside the box, outside the outline
    assert unlisted.ignore.all()
    assert len(open_samples("coco", {"annotations": coco_file, "with_people": False, "limit": 2})) == 2


def test_skeletons_are_mapped_by_name(coco_file):
    labels = open_samples("coco", {"annotations": coco_file, "skeleton": "coco18"})[0].labels
    left, right = 20 + 2 * 5, 20 + 2 * 6
    assert labels.xy[0, COCO18.index["neck"]].tolist() == [(left + right) / 2, 30 + 5.5]
    assert labels.xy[0, COCO18.index["right_ankle"]].tolist() == [20 + 2 * 16, 30 + 16]


def test_own_keypoints_need_no_code(write):
    names = ["Tail Tip", "Left Fin", "Right-Fin"]
    fish = {"id": 3, "name": "fish", "keypoints": names, "skeleton": [[1, 2], [1, 3]]}
    caught = {"id": 1, "image_id": 1, "category_id": 3, "keypoints": [1, 2, 2, 3, 4, 1, 0, 0, 0], "bbox": [0, 0, 9, 9]}
    images = [{"id": 1, "file_name": "f.png", "width": 20, "height": 10}]
    path = write({"images": images, "annotations": [caught], "categories": [fish]}, {"f.png": (20, 10)})
    samples = open_samples("coco", {"annotations": path})
    assert samples.skeleton.joints == ("tail_tip", "left_fin", "right_fin")
    assert samples.skeleton.limbs == (("tail_tip", "left_fin"), ("tail_tip", "right_fin"))
    assert samples[0].labels.visibility.tolist() == [[2, 1, 0]]
    with pytest.raises(LabelsError, match="none of the joints of 'coco17'"):
        open_samples("coco", {"annotations": path, "skeleton": "coco17"})


def test_boxes_do_not_swallow_pictures(write):
    """A crowd known only by a box that covers all: at most max_box of it is ignored, and nobody labelled is."""
    person = {"image_id": 1, "keypoints": [20, 20, 2], "bbox": [10, 10, 20, 30], "id": 1}
    crowd = {"image_id": 1, "iscrowd": 1, "bbox": [0, 0, 200, 100], "id": 2}
    data = {
        "images": [{"id": 1, "file_name": "a.png", "width": 200, "height": 100}],
        "annotations": [person, crowd],
        "categories": [{"id": 1, "name": "dot", "keypoints": ["dot"]}],
    }
    path, shares = write(data, {"a.png": (200, 100)}), {}
    for cap in (0.0, 0.25, 0.5, 1.0):
        options = {"annotations": path, "skeleton": {"name": "dot", "joints": ["dot"], "limbs": []}, "max_box": cap}
        sample = open_samples("coco", options)[0]
        shares[cap] = sample.ignore.mean()
        assert not sample.ignore[12:38, 12:28].any()
    assert shares[0.0] < 0.001
    assert shares[0.25] == pytest.approx(0.25, abs=0.02)
    assert 0.4 < shares[0.5] < 0.52
    assert shares[1.0] > 0.9


def test_regions_agree_with_pycocotools():
    rng = np.random.default_rng(0)
    round_about = np.linspace(0, 2 * np.pi, 12)[:-1]
    star = 40 + rng.uniform(22, 33, (11, 1)) * np.stack([np.cos(round_about), np.sin(round_about)], 1)
    polygons = [[star.reshape(-1).tolist()], [[10, 10, 60, 12, 55, 70, 12, 66], [70, 5, 90, 5, 88, 40, 72, 40]]]
    code = coco_mask.encode(np.asfortranarray(rng.random((80, 100)) > 0.5).astype(np.uint8))
    forms = [*polygons, code, {"counts": code["counts"].decode(), "size": [80, 100]}]
    regions = Regions([read_outline({"segmentation": f}, np.array([0, 0, 100, 80]), (100, 80)) for f in forms])
    for n, form in enumerate(forms):
        mask = np.zeros((80, 100), np.uint8)
        regions.fill(mask, n, geometry.IDENTITY)
        truth = coco_mask.decode(coco_mask.frPyObjects(form, 80, 100) if n < 2 else code)
        truth = truth.max(2) if truth.ndim == 3 else truth
        border = cv2.dilate(truth, np.ones((3, 3))) - cv2.erode(truth, np.ones((3, 3)))
        assert (mask == truth)[border == 0 if n < 2 else truth >= 0].all()


def test_regions_move_with_the_picture():
    """A region drawn into a crop is the crop of the region."""
    outline = [[10.5, 10.5, 60.5, 14.5, 50.5, 70.5]]
    regions = Regions([read_outline({"segmentation": outline}, np.array([10, 10, 50, 60]), (100, 80))])
    whole, part = np.zeros((80, 100), np.uint8), np.zeros((90, 70), np.uint8)
    matrix = geometry.compose(geometry.rotate(30, (40, 40)), geometry.scale(0.9), geometry.crop(5, -8))
    regions.fill(whole, 0, geometry.IDENTITY)
    regions.fill(part, 0, matrix)
    moved = cv2.warpAffine(whole, matrix, (70, 90), flags=cv2.INTER_NEAREST)
    assert (moved & part).sum() / (moved | part).sum() > 0.95


def test_index_is_small_and_in_arrays(coco_file):
    """What a loader's workers share must be arrays: each object they touch is copied."""
    samples = open_samples("coco", {"annotations": coco_file})
    for value in vars(samples).values():
        assert not isinstance(value, (list, dict))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("categories"), "it lacks categories"),
        (lambda d: d["categories"].clear(), "no category with keypoint names"),
        (lambda d: d["annotations"].clear(), "no photo with labelled people"),
        (lambda d: d["annotations"][0]["keypoints"].pop(), "keypoint numbers"),
        (lambda d: d["annotations"][0].update(segmentation={"counts": "x"}), "unreadable run lengths"),
        (lambda d: d["annotations"][0].update(segmentation=[["a"] * 6]), "neither polygons"),
    ],
)
def test_broken_files_are_told_in_one_sentence(coco_file, write, change, message):
    data = json.loads(Path(coco_file).read_text(encoding="utf-8"))
    change(data)
    with pytest.raises(BuposeError, match=message) as problem:
        open_samples("coco", {"annotations": write(data)})
    assert "\n" not in str(problem.value)


def test_wrong_photos_are_told(coco_file, tmp_path):
    samples = open_samples("coco", {"annotations": coco_file})
    cv2.imwrite(str(tmp_path / "a.jpg"), np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(InputError, match=r"is 20x20 px .* for 100x50"):
        samples[0]
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match="is damaged"):
        samples[0]
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(InputError, match="No such file"):
        samples[0]


def test_unknown_kinds_and_options():
    with pytest.raises(OptionsError, match="kind of data is 'cocoa'; choose one of coco, "):
        open_samples("cocoa")
    with pytest.raises(OptionsError, match="no option foto"):
        open_samples("coco", {"foto": 1})
    with pytest.raises(OptionsError, match="'coco' has no option count"):
        DataOptions(count=5).open()
    with pytest.raises(InputError, match="no annotation file is given"):
        open_samples("coco")
    with pytest.raises(InputError, match=r"cannot read 'nowhere\.json'"):
        open_samples("coco", {"annotations": "nowhere.json"})


def test_real_file(shared):
    """The counts that an independent reading of the JSON gives, for every photo."""
    folder = shared / "data" / "coco"
    samples = open_samples("coco", {"annotations": str(folder / "val.json"), "images": str(folder / "val")})
    data = json.loads((folder / "val.json").read_text(encoding="utf-8"))
    assert len(samples) == 250
    assert sum(len(samples.picture(i).labels) for i in range(250)) == 513
    by_image = {}
    for a in data["annotations"]:
        if a["num_keypoints"] and not a["iscrowd"]:
            by_image.setdefault(a["image_id"], []).append(a)
    for i in range(0, 250, 10):
        sample = samples[i]
        mine = by_image[sample.image_id]
        triples = np.array([a["keypoints"] for a in mine]).reshape(len(mine), 17, 3)
        assert np.array_equal(sample.labels.visibility, triples[..., 2])
        assert np.allclose(sample.labels.xy, triples[..., :2])
        bgr = cv2.imread(str(folder / "val" / sample.name))
        assert np.array_equal(sample.image, bgr[..., ::-1])
