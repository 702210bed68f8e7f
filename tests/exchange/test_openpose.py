"""OpenPose's JSON, as its documentation and its program lay it out, read."""

import json

import numpy as np
import pytest
from recordings import make_people

from bupose.bridges.openpose import write_keypoints
from bupose.bridges.options import OpenPoseOptions
from bupose.errors import BuposeError
from bupose.exchange import read_recordings
from bupose.skeletons import BODY25, COCO18


def published(scores, person_id=None):
    """A file as doc/02_output.md shows it; before version 1.3 without person_id."""
    pose = [value for n, score in enumerate(scores) for value in ((10.5 + n, 20 + n, score) if score else (0, 0, 0))]
    person = {"pose_keypoints_2d": pose, "face_keypoints_2d": [], "hand_left_keypoints_2d": []}
    return {"version": 1.1, "people": [person | ({} if person_id is None else {"person_id": [person_id]})]}


def test_pictures_and_videos_of_a_folder(tmp_path):
    for name in ("a", "walk_000000000003", "walk_000000000001"):
        (tmp_path / f"{name}_keypoints.json").write_text(json.dumps(published([0.5, 0, 1] + 22 * [0])))
    (tmp_path / "walk_000000000002_keypoints.json").write_text(json.dumps({"version": 1.3, "people": []}))
    pictures, video = sorted(read_recordings(tmp_path), key=lambda one: one.name)
    assert (pictures.name, pictures.files) == ("pictures", ["a"])
    assert (video.name, video.numbers.tolist(), video.files) == ("walk", [1, 2, 3], None)
    assert [len(people) for people in video.people] == [1, 0, 1]
    people = video.people[0]
    assert people.skeleton is BODY25
    assert np.flatnonzero(people.present[0]).tolist() == [0, 2]
    np.testing.assert_allclose(people["right_shoulder"][0], [12.5, 22, 1])
    assert people.person_score[0] == 0.75
    assert people.ids is None


@pytest.mark.parametrize(("model", "skeleton"), [("BODY_25", BODY25), ("COCO", COCO18)])
def test_what_bupose_writes(model, skeleton, tmp_path):
    people = make_people(np.random.default_rng(1), [4, 0], skeleton)
    write_keypoints(tmp_path / "x_keypoints.json", people, (9, 9), OpenPoseOptions(image_dir="x", model_pose=model))
    ((read,),) = (recording.people for recording in read_recordings(tmp_path / "x_keypoints.json"))
    mine = people[[people.ids.tolist().index(i) for i in read.ids]]
    np.testing.assert_allclose(read.xy, mine.xy, atol=1e-3)
    np.testing.assert_allclose(read.score, mine.score, atol=1e-4)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "no file of OpenPose's"),
        ({}, "people"),
        (published([1] * 15), "15 joints"),
        (published([1] * 25, "x"), "person_id"),
        ({"people": [{"pose_keypoints_2d": [0] * 75}, {"pose_keypoints_2d": [0] * 54}]}, "54"),
    ],
)
def test_files_that_are_none(content, words, tmp_path):
    (tmp_path / "x_keypoints.json").write_text(json.dumps(content))
    with pytest.raises(BuposeError, match=words):
        read_recordings(tmp_path / "x_keypoints.json")
