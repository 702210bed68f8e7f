"""OpenVINO's pair of files, in 8 bits on request."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bupose.errors import WeightsError
from bupose.nn.model import PoseNet
from bupose.runtimes.eight_bits import settle
from bupose.runtimes.graph import graph_header, write_graph
from bupose.runtimes.openvino_bits import quantise
from bupose.runtimes.openvino_core import get_core
from bupose.weights.header import KEY


def write_openvino(
    net: PoseNet, path: Path, *, eight_bits: bool = False, exact: bool = False, half: bool = False
) -> None:
    """An ``.xml`` file with bupose's header in its ``rt_info``, and a ``.bin``.

    Parameters
    ----------
    eight_bits : bool
        Round what ``net.config.activations`` names.
    exact : bool
        As :func:`bupose.runtimes.openvino_bits.quantise` has it.
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
        if eight_bits and not quantise(model, settle(net.config.activations, centred), exact):
            raise WeightsError("this network does not know what 8 bits need; calibrate it first (bupose calibrate)")
        model.set_rt_info(graph_header(net), [KEY])
        openvino.save_model(model, path, compress_to_fp16=half)
