"""``bupose openpose`` writes what OpenPose writes: names, keys, order and form of the numbers."""

import json
import re

import av
import cv2
import numpy as np
import pytest
from films import write_film

from bupose.bridges.openpose import run_openpose, write_keypoints
from bupose.bridges.options import OpenPoseOptions
from bupose.errors import InputError
from bupose.people import People
from bupose.skeletons import COCO17

KEYS = [
    "person_id",
    *(f"{part}_keypoints_{n}d" for n in (2, 3) for part in ("pose", "face", "hand_left", "hand_right")),
]


def run(out, **values):
    return run_openpose(OpenPoseOptions(height=160, write_json=str(out / "json"), **values))


def people_in(path):
    return [np.reshape(p["pose_keypoints_2d"], (-1, 3)) for p in json.loads(path.read_text(encoding="utf-8"))["people"]]


@pytest.fixture
def photos(lab, face, tmp_path):
    lab.save(tmp_path / "photos" / "a b.png", face[0])
    lab.save(tmp_path / "photos" / "below" / "c.png", face[0])
    (tmp_path / "photos" / "broken.jpg").write_text("no picture")
    return tmp_path / "photos"


@pytest.fixture
def film(tmp_path, face):
    return write_film(tmp_path / "walk.mp4", rate=10, images=[np.roll(face[0], 2 * n, 1) for n in range(12)])


def test_a_folder(net, photos, face, tmp_path, caplog):
    """Numbers have six digits at most, absent joints are 0; BODY_25 has the ears in places 17 and 18."""
    summary = run(tmp_path, image_dir=str(photos), write_images=str(tmp_path / "img"), hand=True,
                  write_coco_json=str(tmp_path / "coco.json"))  # fmt: skip
    assert (summary.pictures, summary.people, summary.failed) == (1, 1, 1)
    assert any("broken.jpg" in message for message in caplog.messages)
    assert any("--hand" in message for message in caplog.messages)
    text = (tmp_path / "json" / "a b_keypoints.json").read_text(encoding="utf-8")
    assert re.match(
        r'\{"version":1\.3,"people":\[\{"person_id":\[-1\],"pose_keypoints_2d":\[[\d.]+,[\d.]+,0\.\d+,0,0,0,', text
    )
    assert not re.search(r"\s|\d{7}|\d\.\d{6}", text)
    (person,) = json.loads(text)["people"]
    assert list(person) == KEYS
    (pose,) = people_in(tmp_path / "json" / "a b_keypoints.json")
    assert np.flatnonzero(pose.any(1)).tolist() == [0, 17, 18]
    np.testing.assert_allclose(pose[[0, 18, 17], :2], face[1], atol=1)
    assert [path.name for path in (tmp_path / "json").iterdir()] == ["a b_keypoints.json"]
    drawn = cv2.imread(str(tmp_path / "img" / "a b_rendered.png"))
    assert drawn.shape == face[0].shape
    assert not np.array_equal(drawn[..., ::-1], face[0])
    (result,) = json.loads((tmp_path / "coco.json").read_text(encoding="utf-8"))
    assert result["category_id"] == 1


def test_a_video(net, film, tmp_path):
    """Every frame has a file, with 12 digits; frames are counted from 0, and the last one is meant to be in."""
    run(tmp_path, video=str(film))
    assert sorted(p.name for p in (tmp_path / "json").iterdir()) == [f"walk_{n:012d}_keypoints.json" for n in range(12)]
    summary = run(tmp_path / "part", video=str(film), frame_first=3, frame_last=9, frame_step=3, tracking=0,
                  write_video=str(tmp_path / "drawn.mp4"), write_video_fps=5)  # fmt: skip
    assert summary.pictures == 3
    names = [f"walk_{n:012d}_keypoints.json" for n in (3, 6, 9)]
    assert sorted(p.name for p in (tmp_path / "part" / "json").iterdir()) == names
    with av.open(str(tmp_path / "drawn.mp4")) as container:
        assert [frame.time for frame in container.decode(video=0)] == pytest.approx([0, 0.2, 0.4], abs=1e-3)


def test_ids_on_demand(net, film, tmp_path):
    for flags, ids in (({}, {-1}), ({"identification": True}, {-1, 0})):
        run(tmp_path, video=str(film), **flags)
        files = sorted((tmp_path / "json").iterdir())
        seen = [
            person["person_id"][0]
            for path in files
            for person in json.loads(path.read_text(encoding="utf-8"))["people"]
        ]
        assert len(seen) == 12
        assert set(seen) == ids


def test_on_black_and_without_people(net, photos, tmp_path):
    flags = {"image_dir": str(photos), "write_images": str(tmp_path), "disable_blending": True}
    run(tmp_path, number_people_max=0, **flags)
    assert people_in(tmp_path / "json" / "a b_keypoints.json") == []
    assert not cv2.imread(str(tmp_path / "a b_rendered.png")).any()
    run(tmp_path, render_pose=0, write_images_format="jpg", **flags)
    assert not cv2.imread(str(tmp_path / "a b_rendered.jpg")).any()


def test_derived_joints_and_scales(tmp_path):
    """Neck and middle of the hips are means of both sides, or absent; feet, which COCO's joints lack, are 0."""
    rng = np.random.default_rng(0)
    xy = rng.uniform(0, 100, (2, 17, 2))
    xy[1, COCO17.index["left_hip"]] = np.nan
    people = People(xy, np.where(np.isnan(xy[..., 0]), 0, 0.5), [0.9, 0.8], COCO17)
    for scale, low, high in ((0, (0, 0), (200, 100)), (3, (0, 0), (1, 1)), (4, (-1, -1), (1, 1))):
        options = OpenPoseOptions(image_dir="x", keypoint_scale=scale)
        write_keypoints(tmp_path / "x.json", people, (201, 101), options)
        first, second = people_in(tmp_path / "x.json")
        places = low + np.divide(xy, (200, 100)) * np.subtract(high, low)
        for joint, sides in ((1, (5, 6)), (8, (11, 12)), (0, (0,)), (2, (6,)), (5, (5,)), (15, (2,)), (18, (3,))):
            np.testing.assert_allclose(first[joint, :2], places[0, sides].mean(0), atol=1e-4 * max(high))
        assert not first[19:].any()
        assert second[1].all()
        assert not second[8].any()


def test_no_video(net, photos, tmp_path):
    with pytest.raises(InputError, match="no video"):
        run(tmp_path, video=str(photos / "a b.png"))
