"""An ONNX file with bupose's header in its metadata, in 8 bits on request."""

from __future__ import annotations

from pathlib import Path

from bupose.errors import WeightsError
from bupose.nn.model import PoseNet
from bupose.runtimes.eight_bits import settle
from bupose.runtimes.graph import graph_header, write_graph
from bupose.runtimes.onnx_bits import quantise
from bupose.weights.header import KEY


def write_onnx(net: PoseNet, path: Path, *, eight_bits: bool = False, exact: bool = False, half: bool = False) -> None:
    """An ``.onnx`` file; arguments and errors are those of :func:`bupose.runtimes.openvino_file.write_openvino`.

    ``half`` computes in float16.
    """
    centred = write_graph(net, path, half=half, centred=eight_bits)
    import onnx

    model = onnx.load(path)
    if eight_bits and not quantise(model, settle(net.config.activations, centred), exact):
        raise WeightsError("this network does not know what 8 bits need; calibrate it first (bupose calibrate)")
    model.producer_name = "bupose"
    onnx.helper.set_model_props(model, {KEY: graph_header(net)})
    onnx.save(model, path)
