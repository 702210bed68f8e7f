"""NWB files: what pynwb reads in them, and back."""

from datetime import UTC, datetime

import ndx_pose
import numpy as np
import pynwb
import pytest
from recordings import make_photos, make_video

from bupose.errors import InputError, OptionsError
from bupose.exchange import Individuals, Recording, read_recordings, write_recordings
from bupose.exchange.formats.options import WriteOptions
from bupose.skeletons import COCO17


@pytest.fixture
def written(tmp_path):
    video = make_video()
    return video, write_recordings([video], "nwb", tmp_path)


def test_what_pynwb_reads(written):
    video, paths = written
    assert [path.name for path in paths] == [f"walk_individual{n}.nwb" for n in (1, 2, 5)]
    found = Individuals.of(video, every_frame=False)
    for n, path in enumerate(paths):
        with pynwb.NWBHDF5IO(str(path), "r") as file:
            nwb = file.read()
            assert nwb.identifier == f"individual{found.ids[n] + 1}"
            poses = nwb.processing["behavior"]["PoseEstimation"]
            assert list(poses.skeleton.nodes) == list(COCO17.joints)
            np.testing.assert_array_equal(poses.skeleton.edges[()], COCO17.limb_joints)
            for k, joint in enumerate(COCO17.joints):
                series = poses[joint]
                np.testing.assert_array_equal(series.data[()], found.xy[:, n, k])
                np.testing.assert_array_equal(series.confidence[()], found.score[:, n, k])
                np.testing.assert_array_equal(series.timestamps[()], video.times)


def test_back(written):
    video, paths = written
    found = Individuals.of(video, every_frame=False)
    for n, path in enumerate(paths):
        (back,) = read_recordings(path)
        assert (back.name, back.skeleton.joints) == (path.stem, COCO17.joints)
        np.testing.assert_array_equal(back.times, video.times)
        again = Individuals.of(back)
        np.testing.assert_array_equal(again.xy[:, 0], found.xy[:, n])
        np.testing.assert_array_equal(again.score[:, 0], found.score[:, n])


def test_joints_without_rows_where_they_are_absent(tmp_path):
    """As sleap-io writes them: a series for each joint, with times of its own, or a rate where it has no gap."""
    nwb = pynwb.NWBFile("a", "b", datetime.now(UTC))
    skeleton = ndx_pose.Skeleton(name="mouse", nodes=["snout", "tail"], edges=np.array([[0, 1]], np.uint8))
    kinds = {"snout": {"rate": 25.0, "starting_time": 0.0}, "tail": {"timestamps": [0.04, 0.12]}}
    rows = {"snout": np.arange(8.0).reshape(4, 2), "tail": np.array([[10.0, 11], [12, 13]])}
    series = [
        ndx_pose.PoseEstimationSeries(name=n, data=rows[n], unit="pixels", reference_frame="", **told)
        for n, told in kinds.items()
    ]
    poses = ndx_pose.PoseEstimation(name="track=0", pose_estimation_series=series, skeleton=skeleton)
    module = nwb.create_processing_module("SLEAP_VIDEO_0", "poses")
    nwb.create_processing_module("behavior", "skeletons").add(ndx_pose.Skeletons(skeletons=[skeleton]))
    module.add(poses)
    with pynwb.NWBHDF5IO(str(tmp_path / "x.nwb"), "w") as file:
        file.write(nwb)
    (found,) = read_recordings(tmp_path / "x.nwb")
    np.testing.assert_allclose(found.times, [0, 0.04, 0.08, 0.12])
    nan = np.nan
    expected = [[[0, 1], [nan, nan]], [[2, 3], [10, 11]], [[4, 5], [nan, nan]], [[6, 7], [12, 13]]]
    np.testing.assert_array_equal(np.concatenate([people.xy for people in found.people]), expected)


def test_what_cannot_be_written_or_read(tmp_path):
    video = make_video()
    timeless = Recording("walk", COCO17, video.numbers, np.full(len(video), np.nan), video.people)
    for recording, word in ((make_photos(), "pictures"), (timeless, "write.rate=")):
        with pytest.raises(InputError, match=word):
            write_recordings([recording], "nwb", tmp_path)
    (tmp_path / "cut.nwb").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(50))
    with pytest.raises(InputError, match="cannot read"):
        read_recordings(tmp_path / "cut.nwb")
    with pytest.raises(OptionsError, match="give a date and time"):
        WriteOptions(begin="yesterday")
