"""Graphs written for other runtimes: an ONNX file, and OpenVINO's pair of files, in 8 bits on request."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

from bupose.errors import WeightsError
from bupose.nn.model import PoseNet
from bupose.runtimes.eight_bits import quantise
from bupose.runtimes.graph import write_graph
from bupose.runtimes.openvino_core import get_core
from bupose.weights.header import KEY, dump_header


def graph_header(net: PoseNet) -> str:
    """What an exported file says of itself; its activations are settled."""
    return dump_header(
        dataclasses.replace(net.config, activations={}), graph={"multiple": net.multiple, "stride": net.stride}
    )


def write_openvino(
    net: PoseNet, path: Path, *, eight_bits: bool = False, exact: bool = False, half: bool = False
) -> None:
    """An ``.xml`` file with bupose's header in its ``rt_info``, and a ``.bin``.

    Parameters
    ----------
    eight_bits : bool
        Round what ``net.config.activations`` names.
    exact : bool
        As :func:`bupose.runtimes.eight_bits.quantise` has it.
    half : bool
        Store weights as float16.

    Raises
    ------
    WeightsError
        The network cannot be traced, or knows no ranges of its own convolutions.
    """
    import openvino

    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "graph.onnx"
        centred = write_graph(net, graph, centred=eight_bits)
        model = get_core().read_model(graph)
        known = {
            name: {**values, "mean": [0.0] * len(values["mean"])} if name in centred else values
            for name, values in net.config.activations.items()
        }
        if eight_bits and not quantise(model, known, exact):
            raise WeightsError("this network does not know what 8 bits need; calibrate it first (bupose calibrate)")
        model.set_rt_info(graph_header(net), [KEY])
        openvino.save_model(model, path, compress_to_fp16=half)
