"""Lightweight OpenPose's own checkpoints (``.pth``) as PoseNet."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from bupose import skeletons
from bupose.errors import WeightsError
from bupose.nn.config import NetworkConfig
from bupose.nn.model import PoseNet
from bupose.nn.normalisation import NORMALISATIONS, Normalisation
from bupose.weights import checkpoint
from bupose.weights.importers.channels import paf_order, reorder_inputs, reorder_output
from bupose.weights.importers.torch_file import read_tensors

PREFIXES = {"model.": "trunk.", "cpm.": "trunk.", "initial_stage.": "head.", "refinement_stages.": "head."}


def read_network(path: str | Path) -> PoseNet:
    """Read a lightweight OpenPose checkpoint, with all its refinement stages.

    Raises
    ------
    WeightsError
        The file cannot be read, holds more than tensors and plain values, or is another network's.

    Notes
    -----
    Parameter names: lightweight-human-pose-estimation.pytorch, models/with_mobilenet.py.
    """
    tensors = read_tensors(path)
    if not any(name.startswith("initial_stage.") for name in tensors):
        few = ", ".join(list(tensors)[:3])
        raise WeightsError(f"{str(path)!r} is no lightweight OpenPose (its {len(tensors)} tensors begin {few})")
    origin = {"name": "lightweight OpenPose", "licence": "Apache-2.0"}
    return build_network(tensors, "dilated", NORMALISATIONS["openpose"], origin, str(path))


def build_network(
    tensors: dict[str, Tensor], neck: str, normalisation: Normalisation, origin: dict[str, str], source: str
) -> PoseNet:
    """A network from tensors of lightweight OpenPose's names and channel order.

    Parameters
    ----------
    tensors : dict of name to Tensor
        A refinement stage's input is features, heatmaps, PAFs; PAF channels in OpenPose's order.
    neck : "dilated" or "openvino"
        Which layers lie between MobileNet and the stages.
    normalisation : Normalisation
    origin : dict
        Name and licence of the published network.
    source : str
        Names the file in messages.

    Raises
    ------
    WeightsError
        Tensors are missing, unexpected, or of another shape.
    """
    stages = {int(name.split(".")[1]) for name in tensors if name.startswith("refinement_stages.")}
    config = NetworkConfig(
        skeleton=skeletons.COCO18,
        trunk="mobilenet_v1",
        trunk_options={"neck": neck},
        head="light",
        head_options={"refinements": len(stages)},
        normalisation=normalisation.to_dict(),
        origin=origin,
    )
    net = PoseNet(config)
    own = {}
    for name, tensor in tensors.items():
        prefix = next((ours for theirs, ours in PREFIXES.items() if name.startswith(theirs)), "")
        own[prefix + name] = tensor
    own |= {name: getattr(net, name) for name in ("mean", "std")}
    checkpoint.check_tensors(net, own, source)
    _reorder_pafs(own, len(stages))
    net.load_state_dict(own)
    return net.eval()


def _reorder_pafs(tensors: dict[str, Tensor], refinements: int) -> None:
    order = paf_order("coco18")
    for stage in ("initial_stage", *(f"refinement_stages.{n}" for n in range(refinements))):
        for key in ("weight", "bias"):
            name = f"head.{stage}.pafs.1.0.{key}"
            tensors[name] = reorder_output(tensors[name], order)
        name = f"head.{stage}.trunk.0.initial.0.weight"
        if name in tensors:
            before = tensors[name].shape[1] - len(order)  # features and heatmaps
            tensors[name] = reorder_inputs(tensors[name], [*range(before), *(before + n for n in order)])
