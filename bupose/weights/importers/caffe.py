"""OpenPose's ``.caffemodel`` files, COCO-18 (2017) and BODY_25 (2019), as PoseNet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from bupose import skeletons
from bupose.errors import WeightsError
from bupose.nn.config import NetworkConfig
from bupose.nn.model import PoseNet
from bupose.weights import checkpoint
from bupose.weights.importers.caffemodel import read_layers
from bupose.weights.importers.channels import paf_order, reorder_inputs, reorder_output
from bupose.weights.zoo import OPENPOSE_LICENCE
from bupose.wording import counted

_VGG = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3", "conv3_4", "conv4_1", "conv4_2")
_VGG_NUMBERS = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21)  # the same layers in torchvision's numbering
_FEATURES = 128
_COCO_STAGES, _BODY25_PAF_STAGES, _BODY25_HEAT_STAGES, _BODY25_BLOCKS = 6, 4, 2, 5


def read_network(path: str | Path) -> PoseNet:
    """The network of an OpenPose ``.caffemodel``, COCO-18 or BODY_25 by its layer names.

    Raises
    ------
    WeightsError
        The file cannot be read or is damaged, or is not one of the two networks.
    """
    layers = read_layers(path)
    if "Mconv7_stage6_L2" in layers:
        names, skeleton, head, activation = _coco_names(), "coco18", "openpose2017", "relu"
    elif "Mconv7_stage1_L1" in layers and "Mprelu1_stage0_L2_0" in layers:
        names, skeleton, head, activation = _body25_names(), "body25", "openpose2019", "prelu"
    else:
        few = ", ".join(list(layers)[:3])
        raise WeightsError(
            f"{str(path)!r} is neither OpenPose's COCO-18 nor its BODY_25 network "
            f"(its {len(layers)} layers begin {few}); these two can be imported"
        )
    missing = [layer for layer in names if layer not in layers]
    if missing:
        raise WeightsError(
            f"{str(path)!r} lacks {counted(len(missing), 'layer')} of {head}: {', '.join(missing[:3])}; "
            "get a fresh copy"
        )
    config = NetworkConfig(
        skeleton=skeletons.get(skeleton),
        trunk="vgg19",
        trunk_options={"activation": activation, "normalisation": "openpose"},
        head=head,
        origin={"name": f"OpenPose {skeleton}", "licence": OPENPOSE_LICENCE},
    )
    net = PoseNet(config)
    tensors: dict[str, torch.Tensor] = {}
    for layer, prefix in names.items():
        keys = ("weight", "bias")[: len(layers[layer])]
        tensors |= {f"{prefix}.{key}": torch.from_numpy(np.array(blob)) for key, blob in zip(keys, layers[layer])}
    own = net.state_dict()
    tensors = {n: _without_leading_ones(t, own[n].ndim) if n in own else t for n, t in tensors.items()}
    tensors |= {"mean": own["mean"], "std": own["std"]}
    checkpoint.check_tensors(net, tensors, str(path))
    (_reorder_coco if skeleton == "coco18" else _reorder_body25)(tensors, paf_order(skeleton))
    net.load_state_dict(tensors)
    return net.eval()


def _trunk_names() -> dict[str, str]:
    names = {layer: f"trunk.features.{n}" for layer, n in zip(_VGG, _VGG_NUMBERS)}
    return names | {"conv4_3_CPM": "trunk.cpm.0.0", "conv4_4_CPM": "trunk.cpm.1.0"}


def _coco_names() -> dict[str, str]:
    """Layer -> our parameters' prefix. Branch L1 gives the PAFs, L2 the heatmaps (pose_deploy_linevec.prototxt)."""
    names = _trunk_names()
    for branch, ours in (("L1", "paf"), ("L2", "heat")):
        for n in range(5):
            names[f"conv5_{n + 1}_CPM_{branch}"] = f"head.stages.0.{ours}.{2 * n}"
        for stage in range(1, _COCO_STAGES):
            for n in range(7):
                names[f"Mconv{n + 1}_stage{stage + 1}_{branch}"] = f"head.stages.{stage}.{ours}.{2 * n}"
    return names


def _body25_names() -> dict[str, str]:
    """Layer -> our parameters' prefix. L2 stages give the PAFs, L1 stages the heatmaps (pose_deploy.prototxt)."""
    names = _trunk_names() | {
        "prelu4_2": "trunk.features.22",
        "prelu4_3_CPM": "trunk.cpm.0.1",
        "prelu4_4_CPM": "trunk.cpm.1.1",
    }
    for branch, ours, stages in (("L2", "paf", _BODY25_PAF_STAGES), ("L1", "heat", _BODY25_HEAT_STAGES)):
        for stage in range(stages):
            prefix, end = f"head.{ours}_stages.{stage}", f"_stage{stage}_{branch}"
            for block in range(_BODY25_BLOCKS):
                for n in range(3):
                    names[f"Mconv{block + 1}{end}_{n}"] = f"{prefix}.blocks.{block}.convs.{n}.0"
                    names[f"Mprelu{block + 1}{end}_{n}"] = f"{prefix}.blocks.{block}.convs.{n}.1"
            names |= {f"Mconv6{end}": f"{prefix}.hidden.0", f"Mprelu6{end}": f"{prefix}.hidden.1"}
            names[f"Mconv7{end}"] = f"{prefix}.out"
    return names


def _reorder_coco(tensors: dict[str, torch.Tensor], order: list[int]) -> None:
    """A refining stage sees PAFs, heatmaps, features; so do ours."""
    for stage in range(_COCO_STAGES):
        out = f"head.stages.{stage}.paf.{12 if stage else 8}"
        _reorder_conv(tensors, out, order)
        for branch in ("paf", "heat") if stage else ():
            _reorder_conv_inputs(tensors, f"head.stages.{stage}.{branch}.0", 0, order)


def _reorder_body25(tensors: dict[str, torch.Tensor], order: list[int]) -> None:
    """Stages see features, then heatmaps if there are, then PAFs; so do ours."""
    for stage in range(_BODY25_PAF_STAGES):
        _reorder_conv(tensors, f"head.paf_stages.{stage}.out", order)
        if stage:
            _reorder_conv_inputs(tensors, f"head.paf_stages.{stage}.blocks.0.convs.0.0", _FEATURES, order)
    heat = len(skeletons.BODY25.joints) + 1
    for stage in range(_BODY25_HEAT_STAGES):
        start = _FEATURES + heat if stage else _FEATURES
        _reorder_conv_inputs(tensors, f"head.heat_stages.{stage}.blocks.0.convs.0.0", start, order)


def _without_leading_ones(tensor: torch.Tensor, ndim: int) -> torch.Tensor:
    """Old Caffe gives every blob four dimensions: a bias is (1, 1, 1, C)."""
    while tensor.ndim > ndim and tensor.shape[0] == 1:
        tensor = tensor[0]
    return tensor


def _reorder_conv(tensors: dict[str, torch.Tensor], prefix: str, order: list[int]) -> None:
    for key in ("weight", "bias"):
        tensors[f"{prefix}.{key}"] = reorder_output(tensors[f"{prefix}.{key}"], order)


def _reorder_conv_inputs(tensors: dict[str, torch.Tensor], prefix: str, start: int, order: list[int]) -> None:
    """The input channels from ``start`` on that are PAFs."""
    weight = tensors[f"{prefix}.weight"]
    before, after = range(start), range(start + len(order), weight.shape[1])
    tensors[f"{prefix}.weight"] = reorder_inputs(weight, [*before, *(start + n for n in order), *after])
