"""MoveNet MultiPose, from its tensors under TensorFlow's names, as PoseNet."""

from __future__ import annotations

import re
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from bupose import skeletons
from bupose.errors import WeightsError
from bupose.nn.config import NetworkConfig
from bupose.nn.model import PoseNet
from bupose.nn.pretrained import load_trunk, oihw
from bupose.weights import checkpoint

_HEADS = {
    "center": "centre",
    "kpt_heatmap": "heat",
    "kpt_regress": "offset",
    "kpt_offset": "local",
    "box_scale": "box_size",
    "box_offset": "box_offset",
}
_LAYERS = (
    (r"separable_conv2d_\d/separable_conv2d/ReadVariableOp", "0.0.weight"),
    (r"separable_conv2d_\d/separable_conv2d/ReadVariableOp_1", "0.1.weight"),
    (r"separable_conv2d_\d/BiasAdd/ReadVariableOp", "0.1.bias"),
    (r"conv2d_\d/Conv2D/ReadVariableOp", "1.weight"),
    (r"conv2d_\d/BiasAdd/ReadVariableOp", "1.bias"),
)
MOST_HEADER = 1 << 20  # bytes
HEIGHT = 320  # network pixels; on COCO val 256 finds fewer of the small people, 368 no more
CORNER = 0.5  # cells: MoveNet measures from where a cell begins, bupose from its centre

# What its graph gives and does: see bupose.methods.centre.grouping.search_cells.
TARGET = {"local": True, "box": True}
DECODER = {
    "snap": "cells",
    "refine": "local",
    "centre_window": 2,
    "duplicate_similarity": 1.0,
    "localization_sigma": 0.0,
}


def recognise(path: Path) -> bool:
    """Whether a safetensors file holds MoveNet MultiPose, by the names in its header."""
    with path.open("rb") as file:
        header = file.read(min(8 + int.from_bytes(file.read(8), "little"), MOST_HEADER))
    return b"center_net_mobile_net_v2fpn_feature_extractor" in header


def read_network(path: str | Path) -> PoseNet:
    """MoveNet MultiPose, whose decoder options read people as its own graph does.

    Raises
    ------
    WeightsError
        The file cannot be read, or tensors are missing or of another shape.
    """
    path = Path(path)
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as problem:
        raise WeightsError(f"{str(path)!r} is damaged: {problem}; get a fresh copy") from None
    net = PoseNet(
        NetworkConfig(
            skeletons.COCO17,
            trunk="movenet",
            head="movenet",
            method="centre",
            target=TARGET,
            decoder=DECODER,
            preprocess={"height": HEIGHT},
            origin={"name": "MoveNet MultiPose Lightning", "licence": "Apache-2.0"},
        )
    )
    load_trunk(net.trunk, path)
    head = _rename_head(tensors)
    checkpoint.check_tensors(net.head, head, str(path))
    for name in ("offset", "local", "box_size", "box_offset"):
        for part in (f"maps.{name}.1.weight", f"maps.{name}.1.bias"):
            head[part] = head[part].unflatten(0, (-1, 2)).flip(1).flatten(0, 1)  # y, x -> x, y
        if name != "box_size":
            head[f"maps.{name}.1.bias"] -= CORNER
    net.head.load_state_dict(head)
    return net.eval()


def _rename_head(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The parameters of its six heads under our names."""
    ours = {}
    for name, tensor in tensors.items():
        for pattern, layer in _LAYERS:
            match = re.fullmatch(rf"StatefulPartitionedCall/({'|'.join(_HEADS)})_0/{pattern}", name)
            if match:
                tensor = oihw(tensor, layer == "0.0.weight") if tensor.ndim == 4 else tensor
                ours[f"maps.{_HEADS[match[1]]}.{layer}"] = tensor.float().contiguous()
    return ours
