"""OpenPose's command line: which of its flags are taken, which mean nothing here, and what to do instead of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from difflib import get_close_matches

from bupose.bridges.options import OpenPoseOptions
from bupose.errors import OptionsError
from bupose.estimate.options import NetworkOptions
from bupose.options import shown

TAKEN = tuple(sorted({f.name for f in fields(OpenPoseOptions)} - {f.name for f in fields(NetworkOptions)}))
POSITIVES = "maximize_positives"  # a preset here

# OpenPose, include/openpose/flags.hpp: about its own machinery, or about what bupose does in one way only.
IGNORED = (
    "alpha_heatmap", "camera_resolution", "cli_verbose", "disable_multi_thread", "face_alpha_heatmap",
    "face_alpha_pose", "face_detector", "face_net_resolution", "face_render", "face_render_threshold", "fps_max",
    "fullscreen", "hand_alpha_heatmap", "hand_alpha_pose", "hand_detector", "hand_net_resolution", "hand_render",
    "hand_render_threshold", "hand_scale_number", "hand_scale_range", "logging_level", "model_folder",
    "net_resolution_dynamic", "no_gui_verbose", "num_gpu", "num_gpu_start", "process_real_time", "profile_speed",
    "upsampling_ratio", "write_coco_json_variant", "write_coco_json_variants", "write_heatmaps_format",
    "write_keypoint_format", "write_video_with_audio",
)  # fmt: skip
_FLAT = "bupose finds people in the picture's plane only"
_TURN = "turn or mirror the video before, as ffmpeg does"
_HEATMAPS = "bupose infer fields=true writes heatmaps and part affinity fields"
_NETWORK = "convert it by bupose import-weights input=FILE output=FILE.safetensors, and give weights=FILE.safetensors"

# Those that would change the results: their default, which is accepted, and what to do instead.
REFUSED = {
    **{name: ("false", _FLAT) for name in ("3d", "flir_camera", "frame_undistort")},
    **{name: ("-1", _FLAT) for name in ("3d_min_views", "3d_views", "flir_camera_index")},
    **{name: ("", _FLAT) for name in (
        "camera_parameter_path", "udp_host", "udp_port", "write_bvh", "write_video_3d", "write_video_adam")},
    **{name: ("false", _HEATMAPS) for name in ("heatmaps_add_PAFs", "heatmaps_add_bkg", "heatmaps_add_parts")},
    "heatmaps_scale": ("2", _HEATMAPS),
    "write_heatmaps": ("", _HEATMAPS),
    "body": ("1", "bodies are always looked for"),
    "caffemodel_path": ("", _NETWORK),
    "frame_flip": ("false", _TURN),
    "frame_rotate": ("0", _TURN),
    "frames_repeat": ("false", "each frame is taken once"),
    "ik_threads": ("0", _FLAT),
    "output_resolution": ("-1x-1", "pictures are written in the size of the input"),
    "part_candidates": ("false", "bupose.load().explain(picture) gives every candidate and what became of it"),
    "part_to_show": ("0", "bupose explore shows heatmaps and fields"),
    "prototxt_path": ("", _NETWORK),
    "write_keypoint": ("", "give --write_json"),
}  # fmt: skip
SWITCHES = {
    "disable_blending", "disable_multi_thread", "face", "fullscreen", "hand", "identification", "no_gui_verbose",
    "process_real_time", "write_video_with_audio", POSITIVES,
    *(name for name, (default, _) in REFUSED.items() if default == "false"),
}  # fmt: skip
_KNOWN = (*TAKEN, POSITIVES, *IGNORED, *REFUSED)
_SAID = {"true": "true", "t": "true", "1": "true", "yes": "true", "y": "true",
         "false": "false", "f": "false", "0": "false", "no": "false", "n": "false"}  # fmt: skip


def read_flags(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Flags as gflags reads them: ``--flag value``, ``--flag=value``, ``--switch``, ``--noswitch``, one dash or two.

    Other arguments are options of bupose, ``weights=net.safetensors``.

    Returns
    -------
    options : list of ``key=value``
        For :class:`OpenPoseOptions`, and presets.
    ignored : list of str
        Flags that were given and mean nothing here.

    Raises
    ------
    OptionsError
        There is no such flag, it lacks its value, or bupose has no such thing; says what to do.
    """
    options: list[str] = []
    ignored: list[str] = []
    for name, value in _pairs(list(arguments)):
        if not name:
            options.append(value)
        elif name == POSITIVES:
            options += ["decoder=everything"] * (value == "true")
        elif name in TAKEN:
            options.append(f"{name}={value}")
        elif name in IGNORED:
            ignored.append(f"--{name}")
        elif value != REFUSED[name][0]:
            raise OptionsError(f"--{name} is not taken; {REFUSED[name][1]}")
    return options, ignored


def _pairs(arguments: list[str]) -> Iterator[tuple[str, str]]:
    """Flags and their values; other arguments have no name."""
    while arguments:
        given = arguments.pop(0)
        if not given.startswith("-"):
            if "=" not in given:
                raise OptionsError(f"{shown(given)} is no flag; write --flag value, as --image_dir {given}")
            yield "", given
            continue
        name, equals, value = given.lstrip("-").partition("=")
        denied = name.removeprefix("no")
        if name not in _KNOWN and denied in SWITCHES and not equals:
            yield denied, "false"
            continue
        if name not in _KNOWN:
            near = get_close_matches(name, _KNOWN, 1)
            guess = f"did you mean --{near[0]}?" if near else "bupose openpose --help lists those there are"
            raise OptionsError(f"there is no flag {shown(given)}; {guess}")
        if name in SWITCHES and not equals and arguments and arguments[0].lower() in _SAID:
            raise OptionsError(f"--{name} takes its value behind =; write --{name}={arguments[0]}")
        if name in SWITCHES:
            if (value or "true").lower() not in _SAID or (equals and not value):
                raise OptionsError(f"--{name} is {shown(value)}; write --{name}, or --{name}=false")
            yield name, _SAID[(value or "true").lower()]
        elif not equals and not arguments:
            raise OptionsError(f"--{name} has no value; write --{name} VALUE")
        else:
            yield name, value if equals else arguments.pop(0)
