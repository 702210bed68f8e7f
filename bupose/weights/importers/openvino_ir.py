"""OpenVINO's human-pose-estimation-0001, in FP32, FP16 or 8 bits, as PoseNet."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from bupose.errors import WeightsError
from bupose.nn.model import PoseNet
from bupose.nn.normalisation import Normalisation
from bupose.weights.importers.ir_graph import Convolution, Graph, read_graph
from bupose.weights.importers.lightweight import build_network

BN_EPSILON = 1e-5  # torch's default, which the trunk and head use
_HEAT, _PAF, _FEATURES = 19, 38, 128


class _Expected(NamedTuple):
    """A convolution as bupose computes it: its parameters, and the properties that the graph must have."""

    conv: str
    norm: str | None  # the batch norm folded into the convolution in the file
    inputs: tuple[str, ...]
    activation: str = "relu"
    stride: int = 1
    dilation: int = 1
    depthwise: bool = False


def read_network(path: str | Path) -> PoseNet:
    """The network of the IR whose ``.xml`` or ``.bin`` is given.

    8-bit weights are converted to float, activations are not quantised. Batch norms, folded in the file, only add the
    bias.

    Raises
    ------
    WeightsError
        A file is missing or damaged, or its graph is not human-pose-estimation-0001's.
    """
    graph = read_graph(path)
    expected = expected_graph()
    _check(graph, expected, str(path))
    tensors: dict[str, Tensor] = {}
    for name, layer in expected.items():
        tensors |= _tensors(graph.convolutions[name], layer)
    first = "refinement_stages.0.trunk.0.initial.0.weight"
    paf, heat, features = tensors[first].split([_PAF, _HEAT, _FEATURES], 1)
    tensors[first] = torch.cat([features, heat, paf], 1)
    mean, std = (-graph.shift / graph.scale).tolist(), (1 / graph.scale).tolist()
    normalisation = Normalisation("bgr", (mean[0], mean[1], mean[2]), (std[0], std[1], std[2]))
    origin = {"name": "OpenVINO human-pose-estimation-0001", "licence": "Apache-2.0"}
    return build_network(tensors, "openvino", normalisation, origin, str(path))


def expected_graph() -> dict[str, _Expected]:
    """The convolutions of human-pose-estimation-0001 by their published names, with lightweight OpenPose's prefixes."""
    layers = {"conv1": _Expected("model.0.0", "model.0.1", ("image",), stride=2)}
    last = "conv1"
    names = ("2_1", "2_2", "3_1", "3_2", "4_1", "4_2", "5_1", "5_2", "5_3", "5_4", "5_5")
    for n, name in enumerate(names, start=1):
        stride, dilation = 2 if name in ("2_2", "3_2") else 1, 2 if name == "5_1" else 1
        dw, sep = f"conv{name}/dw", f"conv{name}/sep"
        layers[dw] = _Expected(
            f"model.{n}.0", f"model.{n}.1", (last,), stride=stride, dilation=dilation, depthwise=True
        )
        layers[sep] = _Expected(f"model.{n}.3", f"model.{n}.4", (dw,))
        last = sep
    align, last = "conv4_3_CPM/al", "conv4_3_CPM/red"
    layers[align] = _Expected("cpm.align.0", None, ("conv5_5/sep",), "elu")
    layers[last] = _Expected("cpm.squeeze.0", None, (align,), "elu")
    for n, name in enumerate(("dw1/1x1", "dw2/1x1", "inc")):
        dw, one = f"conv4_3_CPM/dw{n + 1}", f"conv4_3_CPM/{name}"
        layers[dw] = _Expected(f"cpm.trunk.{n}.0", None, (last,), "elu", depthwise=True)
        layers[one] = _Expected(f"cpm.trunk.{n}.2", None, (dw,), "elu")
        last = one
    layers["conv4_4_CPM"] = _Expected("cpm.conv.0", None, (f"{align} + {last}",))
    return layers | _expected_stages()


def _expected_stages() -> dict[str, _Expected]:
    layers, last = {}, "conv4_4_CPM"
    for n in range(3):
        name = f"conv5_{n + 1}_CPM_L1"
        layers[name] = _Expected(f"initial_stage.trunk.{n}.0", None, (last,))
        last = name
    outputs = (("L1", "pafs"), ("L2", "heatmaps"))
    for branch, ours in outputs:
        layers[f"conv5_4_CPM_{branch}"] = _Expected(f"initial_stage.{ours}.0.0", None, (last,))
        layers[f"conv5_5_CPM_{branch}"] = _Expected(
            f"initial_stage.{ours}.1.0", None, (f"conv5_4_CPM_{branch}",), "none"
        )
    inputs: tuple[str, ...] = ("conv5_5_CPM_L1", "conv5_5_CPM_L2", "conv4_4_CPM")
    for n in range(5):
        block, name = f"refinement_stages.0.trunk.{n}.", f"Mconv{n + 1}_stage2_L1"
        layers[f"{name}/sq"] = _Expected(f"{block}initial.0", None, inputs)
        layers[f"{name}/3x3"] = _Expected(f"{block}trunk.0.0", f"{block}trunk.0.1", (f"{name}/sq",))
        layers[f"{name}/3x3/2"] = _Expected(f"{block}trunk.1.0", f"{block}trunk.1.1", (f"{name}/3x3",), dilation=2)
        inputs = (f"{name}/sq + {name}/3x3/2",)
    for branch, ours in outputs:
        layers[f"Mconv6_stage2_{branch}"] = _Expected(f"refinement_stages.0.{ours}.0.0", None, inputs)
        layers[f"Mconv7_stage2_{branch}"] = _Expected(
            f"refinement_stages.0.{ours}.1.0", None, (f"Mconv6_stage2_{branch}",), "none"
        )
    return layers


def _check(graph: Graph, expected: dict[str, _Expected], source: str) -> None:
    """Refuse a graph that differs from bupose's network."""
    missing = [name for name in expected if name not in graph.convolutions]
    further = [name for name in graph.convolutions if name not in expected]
    if missing or further:
        few = ", ".join([f"lacks {name}" for name in missing[:3]] + [f"has {name}" for name in further[:3]])
        raise WeightsError(
            f"{source!r} is not human-pose-estimation-0001: it {few}; no other OpenVINO network can be imported"
        )
    if sorted(graph.outputs) != ["Mconv7_stage2_L1", "Mconv7_stage2_L2"]:
        raise WeightsError(
            f"{source!r} gives {', '.join(graph.outputs)}, not Mconv7_stage2_L1 and _L2; get a fresh copy"
        )
    if len(graph.scale) != len(graph.shift) or len(graph.scale) not in (1, 3) or not (graph.scale > 0).all():
        raise WeightsError(
            f"{source!r} scales its input by {graph.scale} and adds {graph.shift}; expected 3 each, above 0"
        )
    for name, want in expected.items():
        got = graph.convolutions[name]
        kernel = got.weight.shape[-1]
        facts = {
            "inputs": (got.inputs, want.inputs),
            "activation": (got.activation, want.activation),
            "stride": (got.stride, want.stride),
            "dilation": (got.dilation, want.dilation),
            "padding": (got.padding, want.dilation * (kernel // 2)),
            "groups": (got.groups, len(got.weight) if want.depthwise else 1),
        }
        for fact, (has, should) in facts.items():
            if has != should:
                raise WeightsError(
                    f"{source!r}: layer {name} has {fact} {has}, bupose computes {should}; it cannot be imported"
                )


def _tensors(layer: Convolution, want: _Expected) -> dict[str, Tensor]:
    """A convolution's parameters; its bias goes to the batch norm if there is one."""
    weight, bias = torch.from_numpy(layer.weight.copy()), torch.from_numpy(layer.bias)
    tensors = {f"{want.conv}.weight": weight}
    if want.norm is None:
        return tensors | {f"{want.conv}.bias": bias}
    if want.conv.startswith("refinement_stages."):  # published with both
        tensors[f"{want.conv}.bias"] = torch.zeros_like(bias)
    return tensors | {
        f"{want.norm}.weight": torch.ones_like(bias),
        f"{want.norm}.bias": bias,
        f"{want.norm}.running_mean": torch.zeros_like(bias),
        f"{want.norm}.running_var": torch.full_like(bias, 1 - BN_EPSILON),
        f"{want.norm}.num_batches_tracked": torch.tensor(0),
    }
