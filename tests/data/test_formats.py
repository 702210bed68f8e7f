"""CrowdPose, OCHuman, PoseTrack18, MPII, AI Challenger and folders of photos."""

import json
from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from bupose.annotations import FORMATS, crowd_index
from bupose.data.datasets import open_samples
from bupose.errors import BuposeError, InputError
from bupose.skeletons import COCO18, CROWDPOSE14


def check_against_boxes(samples):
    """Joints where the boxes are: an offset, a swap of x and y, or a wrong order of joints would show."""
    inside = []
    for i in range(len(samples)):
        labels = samples[i].labels
        x, y, w, h = labels.box.T[..., None]
        near = (labels.xy >= np.stack([x - 0.1 * w, y - 0.1 * h], 2)) & (
            labels.xy <= np.stack([x + 1.1 * w, y + 1.1 * h], 2)
        )
        inside.append(near.all(2)[labels.present])
        upright = labels.present[:, [COCO14_HEAD, COCO14_ANKLE]].all(1)
        assert (labels.xy[upright, COCO14_HEAD, 1] < labels.xy[upright, COCO14_ANKLE, 1]).all()
    assert np.concatenate(inside).mean() > 0.95


COCO14_HEAD, COCO14_ANKLE = CROWDPOSE14.index["top_head"], CROWDPOSE14.index["left_ankle"]


def test_crowdpose(shared):
    path = shared / "data" / "samples" / "crowdpose" / "test_crowdpose.json"
    samples = open_samples("crowdpose", {"annotations": str(path)})
    check_against_boxes(samples)
    published = {i["id"]: i["crowdIndex"] for i in json.loads(path.read_text(encoding="utf-8"))["images"]}
    for sample in samples:  # the index that the set's authors computed
        assert crowd_index(sample.labels.xy, sample.labels.present, sample.labels.box) == pytest.approx(
            published[sample.image_id], abs=0.005
        )


def test_a_neck_is_the_one_the_skeleton_means(shared):
    """COCO-18 wants the midpoint of the shoulders, CrowdPose's own neck lies elsewhere."""
    path = str(shared / "data" / "samples" / "crowdpose" / "test_crowdpose.json")
    own = open_samples("crowdpose", {"annotations": path})[0].labels
    derived = open_samples("crowdpose", {"annotations": path, "skeleton": "coco18"})[0].labels
    row = np.flatnonzero(own.present[:, :2].all(1))[0]
    assert np.allclose(derived.xy[row, COCO18.index["neck"]], own.xy[row, :2].mean(0))
    assert not np.allclose(own.xy[row, CROWDPOSE14.index["neck"]], own.xy[row, :2].mean(0), atol=1)


def test_ochuman(shared):
    path = str(shared / "data" / "samples" / "ochuman" / "test_ochuman.json")
    samples = open_samples("ochuman", {"annotations": path})
    codes = {
        tuple(a["bbox"]): a["segmentation"] for a in json.loads(Path(path).read_text(encoding="utf-8"))["annotations"]
    }
    assert [len(s.labels) for s in samples] == [1, 2, 2]
    for i in range(3):
        picture = samples.picture(i)
        assert picture.has_outline(0)
        mask = picture.silhouette(0, np.eye(2, 3), picture.size)
        assert (mask > 0).sum() == coco_mask.area(codes[tuple(picture.labels.box[0])])
        seen = np.rint(picture.labels.xy[0][picture.labels.visibility[0] == 2]).astype(int)
        assert (mask[seen[:, 1], seen[:, 0]] > 0).mean() > 0.8
    assert samples[1].ignore.mean() > 0.3  # two passers-by without labels
    assert open_samples("ochuman", {"annotations": path, "complete": True})[1].ignore is None


@pytest.mark.parametrize("kind", ["coco", "ochuman"])
def test_ochumans_own_format_is_told_from_the_one_to_take(write, kind):
    image = {"file_name": "a.jpg", "width": 60, "height": 40, "annotations": [{"bbox": [1, 2, 30, 30]}]}
    with pytest.raises(InputError, match=r"set\.json is not in COCO's format; take ochuman_coco_format"):
        open_samples(kind, {"annotations": write({"images": [image]})})


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_has_its_preset_and_is_told(kind):
    preset = Path(__file__).resolve().parents[2] / "conf" / "data" / f"{kind}.yaml"
    assert f"kind: {kind}" in preset.read_text(encoding="utf-8").splitlines()


def test_a_set_is_known_by_its_content(shared):
    """Nobody need say what a file is: people who are not annotated are reckoned with all the same."""
    for file, kind in (("mpii/test_mpii.json", "mpii"), ("crowdpose/test_crowdpose.json", "crowdpose")):
        path = str(shared / "data" / "samples" / file)
        told, guessed = (
            open_samples(name, {"annotations": path, "skeleton": "crowdpose14"}) for name in (kind, "coco")
        )
        assert guessed.unlisted.tolist() == told.unlisted.tolist()
        assert told.unlisted.any() == (kind == "mpii")


def test_posetrack(shared):
    folder = shared / "data" / "samples" / "posetrack18"
    one = {"annotations": str(folder / "annotations" / "test_posetrack18_val.json"), "images": str(folder)}
    many = {"annotations": str(folder / "annotations" / "val"), "images": str(folder)}
    samples = open_samples("posetrack", one | {"skeleton": "crowdpose14"})
    assert len(samples) == len(open_samples("posetrack", many)) == 3
    for sample in samples:
        assert 0.05 < sample.ignore.mean() < 0.6  # the audiences
        assert set(np.unique(sample.labels.visibility)) == {0, 2}
    with pytest.raises(InputError, match=r"no \.json file"):
        open_samples("posetrack", {"annotations": str(folder / "images")})


def test_mpii(shared):
    path = shared / "data" / "samples" / "mpii" / "test_mpii.json"
    samples = open_samples("mpii", {"annotations": str(path), "skeleton": "crowdpose14"})
    check_against_boxes(samples)
    entry = next(e for e in json.loads(path.read_text(encoding="utf-8")) if e["image"] == samples[0].name)
    shoulder = samples[0].labels.xy[0, CROWDPOSE14.index["right_shoulder"]]
    assert np.allclose(shoulder, np.array(entry["joints"][12]) - 1)  # counted from 1 there
    assert samples[0].ignore.mean() > 0.3
    assert open_samples("mpii", {"annotations": str(path), "complete": True})[0].ignore is None


def test_aichallenger(shared):
    path = str(shared / "data" / "samples" / "aic" / "test_aic.json")
    check_against_boxes(open_samples("aichallenger", {"annotations": path, "skeleton": "crowdpose14"}))


def test_aichallenger_as_published(write):
    """Its own list: 1 is seen, 2 hidden, 3 not labelled; boxes are two corners."""
    flat = [v for k in range(14) for v in (10 + k, 20 + k, 1 + k % 3)]
    data = [
        {"image_id": "a", "keypoint_annotations": {"human1": flat}, "human_annotations": {"human1": [5, 6, 30, 40]}}
    ]
    samples = open_samples("aichallenger", {"annotations": write(data, {"a.jpg": (64, 48)}), "skeleton": "crowdpose14"})
    labels = samples[0].labels
    assert labels.box[0].tolist() == [5, 6, 25, 34]
    assert labels.visibility[0, CROWDPOSE14.index["right_shoulder"]] == 2
    assert labels.visibility[0, CROWDPOSE14.index["right_elbow"]] == 1
    assert labels.visibility[0, CROWDPOSE14.index["right_wrist"]] == 0
    assert labels.xy[0, CROWDPOSE14.index["top_head"]].tolist() == [22, 32]
    assert samples.size(0) == (64, 48)  # not in the file: read from the photo


@pytest.mark.parametrize("kind", ["coco", "crowdpose", "posetrack", "mpii", "aichallenger"])
@pytest.mark.parametrize("data", [[], {}, [1], [{"image": "a.jpg"}], {"images": [], "annotations": []}])
def test_other_files_are_refused(write, kind, data):
    with pytest.raises(BuposeError) as problem:
        open_samples(kind, {"annotations": write(data)})
    assert "\n" not in str(problem.value)


def test_folder(write, tmp_path):
    write({}, {"a.png": (20, 10), "deep/b.jpg": (30, 20)})
    samples = open_samples("folder", {"images": str(tmp_path), "skeleton": "coco18"})
    assert [s.name for s in samples] == ["a.png", "deep/b.jpg"]
    assert all(s.ignore.all() and len(s.labels) == 0 for s in samples)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text("{}")  # results are no photos to learn from
    write({}, {"out/overlay.png": (20, 10), ".hidden.png": (20, 10)})
    assert len(open_samples("folder", {"images": str(tmp_path)})) == 2
    with pytest.raises(InputError, match="deeper' is no folder"):
        open_samples("folder", {"images": str(tmp_path / "deeper")})
    with pytest.raises(InputError, match="set images=FOLDER"):
        open_samples("folder")
