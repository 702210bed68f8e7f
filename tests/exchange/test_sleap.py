"""SLEAP's analysis files, as their documentation lays them out, and predictions in .slp files."""

import json

import h5py
import numpy as np
import pytest
from recordings import assert_same, make_people, make_photos, make_video

from bupose.errors import InputError
from bupose.exchange import Individuals, Recording, read_recordings, write_recordings
from bupose.skeletons import COCO17


def test_what_is_written_is_read(tmp_path):
    video = make_video()
    (path,) = write_recordings([video], "sleap", tmp_path)
    assert path.name == "walk.analysis.h5"
    (back,) = read_recordings(path)
    assert (back.name, back.video, len(back)) == ("walk", video.video, 13)
    known = [back.people[n] for n in video.numbers]
    assert_same(video, Recording("", back.skeleton, video.numbers, video.times, known))


def test_the_layout(tmp_path):
    """Axes as SLEAP's own files have them, all written out."""
    video = make_video()
    (path,) = write_recordings([video], "sleap", tmp_path)
    found = Individuals.of(video)
    with h5py.File(path) as file:
        assert file["tracks"].shape == (3, 2, 17, 13)
        assert file["track_occupancy"].shape == (13, 3)
        for track in range(3):
            for frame in range(13):
                there = bool(file["track_occupancy"][frame, track])
                assert there == (~np.isnan(found.xy[frame, track])).any()
                np.testing.assert_array_equal(file["tracks"][track, :, :, frame], found.xy[frame, track].T)
                np.testing.assert_array_equal(file["point_scores"][track, :, frame], found.score[frame, track])
                np.testing.assert_equal(file["instance_scores"][track, frame], found.person_score[frame, track])
        assert file["track_names"][()].tolist() == [b"track_0", b"track_1", b"track_4"]
        names = file["node_names"][()]
        assert names[0] == b"nose"
        for (a, b), pair in zip(file["edge_names"][()], file["edge_inds"][()], strict=True):
            assert [a, b] == [names[k] for k in pair]


def test_another_order_of_axes(tmp_path):
    path = tmp_path / "x.analysis.h5"
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        data = file.create_dataset("tracks", data=rng.uniform(1, 9, (4, 2, 3, 2)))
        data.attrs["dims"] = json.dumps(["frame", "track", "node", "xy"])
        tracks = data[()]
        file["point_scores"] = scores = rng.uniform(size=(4, 2, 3))
        file["instance_scores"] = np.ones((4, 2))
        file["track_names"], file["node_names"] = [b"a", b"b"], [b"head", b"tail", b"left_ear"]
    (found,) = read_recordings(path)
    assert found.skeleton.joints == ("head", "tail", "ear_left")
    np.testing.assert_allclose(np.stack([p.xy for p in found.people]), tracks, rtol=1e-6)
    np.testing.assert_allclose(np.stack([p.score for p in found.people]), scores, rtol=1e-6)
    assert found.people[0].ids.tolist() == [0, 1]


def test_nobody_and_pictures(tmp_path):
    rng = np.random.default_rng(0)
    video = Recording("a", COCO17, [0, 1], [0, 0.04], [make_people(rng, [])] * 2)
    (path,) = write_recordings([video], "sleap", tmp_path)
    assert [len(p) for p in read_recordings(path)[0].people] == [0, 0]
    with pytest.raises(InputError, match="are pictures"):
        write_recordings([make_photos()], "sleap", tmp_path)


def test_predictions_and_labels_of_a_slp_file(tmp_path):
    """A label takes the place of the prediction of its track."""
    points = np.array([[(1, 2), (3, 4)], [(5, 6), (7, 8)], [(9, 10), (11, 12)], [(2, 2), (4, 4)]], float)
    kinds, tracks = [1, 1, 0, 1], [0, 1, 1, -1]
    table = np.zeros(8, [("x", "f8"), ("y", "f8"), ("visible", "?"), ("complete", "?"), ("score", "f8")])
    table["x"], table["y"] = points.reshape(-1, 2).T
    table["visible"], table["score"] = True, 0.25
    table["visible"][7] = False
    names = ("instance_id", "instance_type", "track", "from_predicted", "score", "point_id_start", "point_id_end")
    rows = [(n, k, t, -1, 0.5, 2 * n, 2 * n + 2) for n, (k, t) in enumerate(zip(kinds, tracks, strict=True))]
    frames = [(0, 4, 0, 3), (0, 6, 3, 4)]
    skeleton = {"nodes": [{"id": 0}, {"id": 1}], "links": []}
    told = {"nodes": [{"name": "head"}, {"name": "tail"}], "skeletons": [skeleton]}
    with h5py.File(tmp_path / "a.slp", "w") as file:
        attributes = file.create_group("metadata").attrs
        attributes["format_id"], attributes["json"] = 1.2, np.bytes_(json.dumps(told))
        file["instances"] = np.array(rows, [(name, "f4" if name == "score" else "i8") for name in names])
        file["frames"] = np.array(
            frames, [(name, "i8") for name in ("video", "frame_idx", "instance_id_start", "instance_id_end")]
        )
        file["points"] = file["pred_points"] = table
        file["videos_json"] = [np.bytes_(json.dumps({"backend": {"filename": "m.mp4"}}))]
        file["tracks_json"] = [np.bytes_(json.dumps([0, "x"])), np.bytes_(json.dumps([0, "y"]))]
    (found,) = read_recordings(tmp_path / "a.slp")
    assert found.numbers.tolist() == [4, 6]
    first, second = found.people
    np.testing.assert_array_equal(first.xy, points[[2, 0]])
    assert (first.ids.tolist(), first.score[0].tolist(), first.score[1].tolist()) == ([1, 0], [1, 1], [0.25, 0.25])
    assert second.ids is None
    assert second.present.tolist() == [[True, False]]
