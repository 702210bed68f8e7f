"""A network's graph as ONNX: uint8 RGB pictures in, maps out, any batch, height and width."""

from __future__ import annotations

import dataclasses
import warnings
from importlib.util import find_spec
from pathlib import Path

import torch

from bupose.errors import BuposeError, DependencyError, WeightsError
from bupose.nn.model import PoseNet
from bupose.weights.header import dump_header

OPSET = 17  # read by every onnxruntime since 1.13


def write_graph(net: PoseNet, path: Path, half: bool = False, centred: bool = False) -> set[str]:
    """Trace a network, batch norms folded, into an ONNX file.

    Its input is ``images``, uint8 (B, 3, H, W), RGB; outputs are its maps by name, float32 (B, rows, …, h, w), also
    where ``half`` has the network compute in float16.

    Parameters
    ----------
    net : PoseNet
    path : path
    half : bool
        Compute in float16.
    centred : bool
        As :meth:`PoseNet.centre` leaves it, for 8 bits; needs ``net.config.activations``.

    Returns
    -------
    set of str
        The convolutions whose input is centred.

    Raises
    ------
    WeightsError
        Something in the network has no counterpart in ONNX.
    DependencyError
        onnx is not installed.
    """
    if find_spec("onnx") is None:
        raise DependencyError("making a graph of a network needs onnx; pip install onnx")
    activations, net = net.config.activations, net.fuse().to("cpu", torch.float16 if half else torch.float32)
    means = {name: torch.tensor(known["mean"]) for name, known in activations.items()} if centred else {}
    moved = net.centre(means)
    axes = {s.name: {0: "batch", len(s.shape) + 1: "rows", len(s.shape) + 2: "columns"} for s in net.specs}
    images = torch.zeros(2, 3, 2 * net.multiple, 3 * net.multiple, dtype=torch.uint8)
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on checks of shapes, which a trace leaves out, and on its own age
            torch.onnx.export(
                net,
                (images,),
                str(path),
                input_names=["images"],
                output_names=list(axes),
                dynamic_axes={"images": {0: "batch", 2: "height", 3: "width"}, **axes},
                opset_version=OPSET,
                dynamo=False,  # the other exporter needs a further package
            )
    except (BuposeError, OSError):
        raise
    except Exception as problem:  # torch has many kinds for what it cannot trace
        first = str(problem).strip().split("\n")[0]
        raise WeightsError(f"this network cannot be written as ONNX: {first}") from problem
    return moved


def graph_header(net: PoseNet) -> str:
    """What an exported file says of itself; its activations are settled."""
    return dump_header(
        dataclasses.replace(net.config, activations={}), graph={"multiple": net.multiple, "stride": net.stride}
    )
