"""PyTorch files of Simple Baselines, HRNet, HigherHRNet and Stacked Hourglass, as their authors published them.

Notes
-----
Parameter names: deep-high-resolution-net.pytorch, lib/models/pose_resnet.py and pose_hrnet.py;
HigherHRNet-Human-Pose-Estimation, lib/models/pose_higher_hrnet.py; pytorch_stacked_hourglass (princeton-vl),
models/posenet.py and layers.py. Input normalisation: their configurations and data loaders.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from bupose import skeletons
from bupose.errors import OptionsError, WeightsError
from bupose.nn.config import NetworkConfig
from bupose.nn.model import PoseNet
from bupose.nn.normalisation import NORMALISATIONS, Normalisation
from bupose.skeleton import Skeleton
from bupose.weights import checkpoint
from bupose.weights.importers.torch_file import read_tensors

Renames = tuple[tuple[str, Callable[[re.Match[str]], str] | str], ...]  # the first pattern that matches counts

_RGB = NORMALISATIONS["imagenet"]
_DEPTHS = {(False, 2): 18, (True, 6): 50, (True, 23): 101, (True, 36): 152}  # bottlenecks?, blocks of layer3
_MPII = Skeleton.from_dict(
    {
        "name": "mpii16",
        "joints": ["right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis", "thorax",
                   "neck", "top_head", "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow",
                   "left_wrist"],
        "limbs": [["right_ankle", "right_knee"], ["right_knee", "right_hip"], ["right_hip", "pelvis"],
                  ["left_hip", "pelvis"], ["left_knee", "left_hip"], ["left_ankle", "left_knee"], ["pelvis", "thorax"],
                  ["thorax", "neck"], ["neck", "top_head"], ["right_wrist", "right_elbow"],
                  ["right_elbow", "right_shoulder"], ["right_shoulder", "thorax"], ["left_shoulder", "thorax"],
                  ["left_elbow", "left_shoulder"], ["left_wrist", "left_elbow"]],
    }
)  # fmt: skip
_SKELETONS = {17: skeletons.COCO17, 16: _MPII, 14: skeletons.CROWDPOSE14}  # by the number of heatmaps


@dataclass(frozen=True)
class Layout:
    """A published network: how its file is recognised, what it is here, and what its parameters are called here."""

    title: str
    licence: str
    marks: tuple[str, ...]
    heat: str  # the last convolution's bias, whose length is the number of joints
    parts: Callable[[Mapping[str, Tensor]], dict[str, Any]]  # of the NetworkConfig
    renames: Renames
    left_out: str = "$^"  # pattern of tensors that the network does not use
    normalisation: Normalisation = _RGB
    settings: Mapping[str, Any] = field(default_factory=dict)


def _simple_baselines(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    blocks = len({name.split(".")[1] for name in tensors if name.startswith("layer3.")})
    depth = _DEPTHS.get(("layer1.0.conv3.weight" in tensors, blocks))
    if depth is None:
        raise OptionsError(f"its ResNet has {blocks} blocks in layer3; give one of 18, 50, 101 or 152 layers")
    channels = tensors["deconv_layers.0.weight"].shape[1]
    options = {"depth": depth, "neck": "deconv", "out_stride": 4, "channels": channels}
    return {"trunk": "resnet", "trunk_options": options, "head": "plain", "head_options": {"layers": 0}}


def _hrnet(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    width = len(tensors["stage2.0.branches.0.0.conv1.weight"])
    return {"trunk": "hrnet", "trunk_options": {"width": width}, "head": "plain", "head_options": {"layers": 0}}


def _higher(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    blocks = len({name.split(".")[2] for name in tensors if name.startswith("deconv_layers.0.")}) - 1
    options = {"width": tensors["deconv_layers.0.0.0.weight"].shape[1], "blocks": blocks}
    return _hrnet(tensors) | {"head": "higher", "head_options": options}


def _hourglass(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    stacks = len({name.split(".")[1] for name in tensors if name.startswith("outs.")})
    depth = max(name.split(".").count("low2") for name in tensors if name.startswith("hgs.0."))
    trunk = {"channels": len(tensors["outs.0.conv.weight"][0])}
    return {"trunk": "hourglass", "trunk_options": trunk, "head": "hourglass",
            "head_options": {"stacks": stacks, "depth": depth}}  # fmt: skip


# Cells' places: Simple Baselines and HRNet round joints to multiples of the stride, and read them there
# (lib/dataset/JointsDataset.py: generate_target; lib/core/inference.py); the others cut them down to whole cells, and
# add half a cell (lib/dataset/target_generators, lib/core/group.py; utils/group.py).
_ONE = {"method": "single", "target": {"sigma": 8.0}, "decoder": {"read": "quarter"},
        "preprocess": {"height": 256, "first_cell": 0.0}}  # fmt: skip
_STEM = {"1": "layer1.", "3": "layer2.", "4": "layer3."}
_FLOORS = {"up1": "skip", "low1": "down", "low2": "inner", "low3": "up"}

LAYOUTS = {
    "simple_baselines": Layout(
        "Simple Baselines", "MIT", ("final_layer.weight", "deconv_layers.0.weight", "layer4.0.conv1.weight"),
        "final_layer.bias", _simple_baselines,
        ((r"final_layer\.", "head.heat.0."), (r"", "trunk.")),
        normalisation=Normalisation("bgr", _RGB.mean, _RGB.std),  # BGR, with the numbers of RGB
        settings=_ONE,
    ),
    "hrnet": Layout(
        "HRNet", "MIT", ("final_layer.weight", "stage4.0.branches.0.0.conv1.weight"), "final_layer.bias", _hrnet,
        ((r"final_layer\.", "head.heat.0."), (r"", "trunk.")), settings=_ONE,
    ),
    "higher_hrnet": Layout(
        "HigherHRNet", "MIT", ("final_layers.1.weight", "deconv_layers.0.0.0.weight"), "final_layers.1.bias", _higher,
        (
            (r"final_layers\.0\.", "head.coarse."), (r"final_layers\.1\.", "head.fine."),
            (r"deconv_layers\.0\.0\.", "head.deconv."),
            (r"deconv_layers\.0\.(\d+)\.0\.", lambda m: f"head.deconv.{int(m[1]) + 2}."), (r"", "trunk."),
        ),
        settings={"method": "tags", "preprocess": {"height": 512, "first_cell": 1.0}},
    ),
    "hourglass": Layout(
        "Stacked Hourglass", "BSD-3-Clause", ("pre.0.conv.weight", "outs.0.conv.weight"), "outs.0.conv.bias",
        _hourglass,
        (
            (r"pre\.0\.(conv|bn)\.", lambda m: f"trunk.{m[1]}1."), (r"pre\.(\d)\.", lambda m: f"trunk.{_STEM[m[1]]}"),
            (r"hgs\.(\d+)\.0\.", r"head.hourglasses.\1."), (r"features\.(\d+)\.1\.conv\.", r"head.features.\1.1."),
            (r"features\.(\d+)\.1\.bn\.", r"head.features.\1.2."), (r"features\.", "head.features."),
            (r"outs\.(\d+)\.conv\.", r"head.outputs.\1."),
            (r"merge_preds\.(\d+)\.conv\.conv\.", r"head.merge_outputs.\1."),
            (r"merge_features\.(\d+)\.conv\.conv\.", r"head.merge_features.\1."),
        ),
        left_out=r"(?!pre\.(1|4)\.).*\.skip_layer\.",  # their class makes one for every block, used or not
        normalisation=Normalisation("rgb", (0.0, 0.0, 0.0), (255.0, 255.0, 255.0)),
        settings={**_ONE, "target": {"sigma": 4.0}, "preprocess": {"height": 256, "first_cell": 2.0}},
    ),
}  # fmt: skip


def recognise(tensors: Mapping[str, Tensor]) -> str | None:
    """The name in :data:`LAYOUTS` of a file's network, by its tensors' names."""
    return next((name for name, layout in LAYOUTS.items() if all(mark in tensors for mark in layout.marks)), None)


def read_network(path: str | Path, kind: str) -> PoseNet:
    """The network in an author's file, a name in :data:`LAYOUTS`.

    Raises
    ------
    WeightsError
        The file cannot be read, or is not of this kind or of another size than the published networks.
    """
    tensors, layout = read_tensors(path), LAYOUTS[kind]
    absent = [mark for mark in layout.marks if mark not in tensors]
    if absent:
        few = ", ".join(list(tensors)[:3])
        raise WeightsError(f"{str(path)!r} is no {layout.title}: it lacks {absent[0]} (its tensors begin {few})")
    joints = len(tensors.get(layout.heat, ()))
    if joints not in _SKELETONS:
        raise WeightsError(f"{str(path)!r} has {joints} heatmaps; COCO's 17, MPII's 16 and CrowdPose's 14 are known")
    origin = {"name": layout.title, "licence": layout.licence}
    try:
        config = NetworkConfig(
            _SKELETONS[joints],
            **layout.parts(tensors),
            **layout.settings,
            normalisation=layout.normalisation.to_dict(),
            origin=origin,
        )
        net = PoseNet(config)
    except (KeyError, IndexError, ValueError) as problem:
        raise WeightsError(f"{str(path)!r} lacks tensors of {layout.title}: {problem}; get a fresh copy") from None
    except OptionsError as problem:
        raise WeightsError(f"{str(path)!r} is no {layout.title} of a known size: {problem}") from None
    state = net.state_dict()
    own = {name: state[name] for name in state if name.endswith("num_batches_tracked") or name in ("mean", "std")}
    for name, tensor in tensors.items():
        if not re.match(layout.left_out, name):
            own[translate(name, layout.renames)] = tensor
    checkpoint.check_tensors(net, own, str(path))
    net.load_state_dict(own)
    return net.eval()


def translate(name: str, renames: Renames) -> str:
    """Our name of a published parameter."""
    for pattern, ours in renames:
        if found := re.match(pattern, name):
            name = (ours(found) if callable(ours) else found.expand(ours)) + name[found.end() :]
            break
    name = re.sub(r"\.(conv[123])\.conv\.", r".\1.", name.replace(".skip_layer.conv.", ".skip."))
    return ".".join(_FLOORS.get(part, part) for part in name.split("."))
