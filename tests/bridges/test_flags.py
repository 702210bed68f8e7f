"""OpenPose's command line: every flag is known, read as gflags reads it, and taken, ignored or refused for a reason."""

import pytest

from bupose import cli
from bupose.bridges.flags import IGNORED, POSITIVES, REFUSED, SWITCHES, TAKEN, read_flags
from bupose.bridges.options import OpenPoseOptions
from bupose.errors import OptionsError

# include/openpose/flags.hpp of OpenPose 1.7, switches marked.
FLAGS_HPP = """
logging_level disable_multi_thread! profile_speed camera camera_resolution video image_dir flir_camera!
flir_camera_index ip_camera frame_first frame_step frame_last frame_flip! frame_rotate frames_repeat!
process_real_time! camera_parameter_path frame_undistort! model_folder prototxt_path caffemodel_path
output_resolution num_gpu num_gpu_start keypoint_scale number_people_max maximize_positives! fps_max body model_pose
net_resolution net_resolution_dynamic scale_number scale_gap heatmaps_add_parts! heatmaps_add_bkg!
heatmaps_add_PAFs! heatmaps_scale part_candidates! upsampling_ratio face! face_detector face_net_resolution hand!
hand_detector hand_net_resolution hand_scale_number hand_scale_range 3d! 3d_min_views 3d_views identification!
tracking ik_threads part_to_show disable_blending! render_threshold render_pose alpha_pose alpha_heatmap
face_render_threshold face_render face_alpha_pose face_alpha_heatmap hand_render_threshold hand_render
hand_alpha_pose hand_alpha_heatmap fullscreen! no_gui_verbose! display cli_verbose write_images write_images_format
write_video write_video_fps write_video_with_audio! write_video_3d write_video_adam write_json write_coco_json
write_coco_json_variants write_coco_json_variant write_heatmaps write_heatmaps_format write_keypoint
write_keypoint_format write_bvh udp_host udp_port
"""
OPENPOSE = FLAGS_HPP.split()


def test_every_flag_of_openpose_has_one_meaning():
    known = [*TAKEN, POSITIVES, *IGNORED, *REFUSED]
    assert sorted(known) == sorted(name.rstrip("!") for name in OPENPOSE)
    assert {name for name in known if name in SWITCHES} == {name[:-1] for name in OPENPOSE if name.endswith("!")}


def test_flags_are_read_as_gflags_does():
    line = "-image_dir=a=b --write_json out --hand --noface --tracking -1 --maximize_positives weights=x.onnx --body 1"
    options, ignored = read_flags([*line.split(), "--num_gpu", "2", "--disable_multi_thread", "--frame_flip=false"])
    assert options == [
        "image_dir=a=b", "write_json=out", "hand=true", "face=false", "tracking=-1", "decoder=everything",
        "weights=x.onnx",
    ]  # fmt: skip
    assert ignored == ["--num_gpu", "--disable_multi_thread"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--write_jsn x", ["'--write_jsn'", "--write_json"]),
        ("--image_dir", ["no value"]),
        ("--3d false", ["--3d=false"]),
        ("photo.jpg", ["'photo.jpg'", "--image_dir photo.jpg"]),
        ("--hand=perhaps", ["'perhaps'", "--hand=false"]),
        ("--3d", ["--3d", "plane"]),
        ("--frame_rotate 90", ["--frame_rotate", "turn"]),
        ("--write_heatmaps maps", ["fields=true"]),
        ("--caffemodel_path x.caffemodel", ["import-weights"]),
    ],
)
def test_mistakes_and_what_there_is_not(line, words):
    with pytest.raises(OptionsError) as told:
        read_flags(line.split())
    for word in words:
        assert word in str(told.value)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"write_json": "out"}, ["no input", "--video"]),
        ({"image_dir": "a", "video": "b"}, ["--image_dir and --video"]),
        ({"image_dir": "a", "model_pose": "MPI"}, ["'MPI'", "BODY_25, COCO"]),
        ({"image_dir": "a", "keypoint_scale": 1}, ["0, 3, 4"]),
        ({"image_dir": "a", "net_resolution": "656"}, ["'656'", "-1x368"]),
        ({"image_dir": "a", "scale_number": 4, "scale_gap": 0.4}, ["-0.2", "fewer scales"]),
        ({"image_dir": "a", "frame_first": 9, "frame_last": 3}, ["--frame_last 3"]),
        ({"image_dir": "a", "write_video_fps": 0}, ["--write_video_fps"]),
    ],
)
def test_values_that_cannot_be(values, words):
    with pytest.raises(OptionsError) as told:
        OpenPoseOptions(**values)
    for word in words:
        assert word in str(told.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--wrong", ["'--wrong'"]),
        ("--image_dir a --number_people_max all", ["'all'", "whole number"]),
        ("--image_dir nowhere --write_json out", ["'nowhere'", "no folder"]),
        ("--image_dir . --write_json out", ["no picture"]),
        ("--ip_camera x --write_json out", ["'x'", "no stream"]),
    ],
)
def test_a_wrong_command_is_one_sentence(line, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["openpose", *line.split()]) == cli.USAGE
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    for word in words:
        assert word in said
    assert list(tmp_path.iterdir()) == []


def test_what_the_network_gets():
    """OpenPose's scales go down from 1 by the gap; its size is the one that a picture must fit into."""
    options = OpenPoseOptions(image_dir="a", net_resolution="656x368", scale_number=3, scale_gap=0.3)
    assert (options.height, options.longest) == (368, 656)
    assert options.scales == pytest.approx([1, 0.7, 0.4])
    assert OpenPoseOptions(image_dir="a", net_resolution="-1x160").longest is None
    own = OpenPoseOptions(image_dir="a")
    assert (own.height, own.scales) == (None, None)


@pytest.mark.parametrize(
    ("given", "shows"),
    [({}, True), ({"write_json": "x"}, False), ({"display": 0}, False), ({"write_json": "x", "display": 2}, True)],
)
def test_a_window_is_shown_on_demand_or_where_nothing_is_written(given, shows):
    assert OpenPoseOptions(image_dir="a", **given).shows == shows
