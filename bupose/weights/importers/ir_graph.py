"""The de-quantised convolutions of an OpenVINO IR (``.xml`` and ``.bin``), with their connections."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import numpy as np

from bupose.errors import WeightsError

_TYPES = {
    "f32": np.float32, "f16": np.float16, "u8": np.uint8, "i8": np.int8, "i32": np.int32, "i64": np.int64,
    "FP32": np.float32, "FP16": np.float16, "U8": np.uint8, "I8": np.int8, "I32": np.int32, "I64": np.int64,
}  # fmt: skip
_ACTIVATIONS = {"ReLU": "relu", "Elu": "elu"}


@dataclass
class Convolution:
    """A convolution with its bias and activation.

    ``inputs`` names what is concatenated to feed it; ``"a + b"`` stands for a sum of two outputs, ``"image"`` for the
    network's input. ``weight`` is float32 (out, in / groups, kernel, kernel).
    """

    name: str
    weight: np.ndarray
    bias: np.ndarray
    stride: int
    dilation: int
    padding: int
    groups: int
    inputs: tuple[str, ...]
    activation: str = "none"


@dataclass
class Graph:
    """Convolutions by name, the outputs' names, and the input's ``image * scale + shift`` per channel."""

    convolutions: dict[str, Convolution] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    scale: np.ndarray = field(default_factory=lambda: np.ones(3, np.float32))
    shift: np.ndarray = field(default_factory=lambda: np.zeros(3, np.float32))


@dataclass
class _Layer:
    kind: str
    name: str
    data: dict[str, str]
    inputs: list[str]


def read_graph(path: str | Path) -> Graph:
    """The network of an IR file; ``path`` is the ``.xml`` or the ``.bin`` beside it.

    Quantised weights are converted to float. Quantisation of activations is dropped.

    Raises
    ------
    WeightsError
        A file is missing or damaged, or the graph has an unsupported operation.

    Notes
    -----
    OpenVINO, "Intermediate Representation" and the specifications of the operations of opset 1.
    """
    xml, binary = Path(path).with_suffix(".xml"), Path(path).with_suffix(".bin")
    for file in (xml, binary):
        if not file.is_file():
            raise WeightsError(f"there is no {str(file)!r}; an OpenVINO network is a .xml and a .bin side by side")
    try:
        root, numbers = ElementTree.parse(xml).getroot(), binary.read_bytes()
        layers = _read_layers(root)
        order = list(TopologicalSorter({i: layer.inputs for i, layer in layers.items()}).static_order())
    except (OSError, ElementTree.ParseError, CycleError, KeyError, TypeError, ValueError, AttributeError) as problem:
        lacking = isinstance(problem, (KeyError, TypeError, AttributeError))
        told = "a part of a layer or an edge is missing" if lacking else problem
        raise WeightsError(f"{str(xml)!r} is damaged or no OpenVINO network: {told}; get a fresh copy") from None
    return _Reader(layers, numbers, str(xml)).read(order)


def _part(root: ElementTree.Element, name: str) -> ElementTree.Element:
    part = root.find(name)
    if part is None:
        raise KeyError(name)
    return part


def _read_layers(root: ElementTree.Element) -> dict[str, _Layer]:
    sources = {(e.attrib["to-layer"], int(e.attrib["to-port"])): e.attrib["from-layer"] for e in _part(root, "edges")}
    ports: dict[str, list[int]] = {}
    for layer, port in sources:
        ports.setdefault(layer, []).append(port)
    layers = {}
    for element in _part(root, "layers"):
        i, data = element.attrib["id"], element.find("data")
        inputs = [sources[i, port] for port in sorted(ports.get(i, ()))]
        attributes = dict(data.attrib) if data is not None else {}
        layers[i] = _Layer(element.attrib["type"], element.attrib["name"], attributes, inputs)
    return layers


class _Reader:
    """Folds constants and collects convolutions; a layer's value is an array, or the tuple of its sources' names."""

    def __init__(self, layers: dict[str, _Layer], numbers: bytes, source: str):
        self.layers, self.numbers, self.source = layers, numbers, source
        self.values: dict[str, np.ndarray | tuple[str, ...]] = {}
        self.graph = Graph()
        self.readers: dict[str, int] = {}
        for layer in layers.values():
            for i in layer.inputs:
                self.readers[i] = self.readers.get(i, 0) + 1

    def read(self, order: list[str]) -> Graph:
        for i in order:
            layer = self.layers[i]
            try:
                values = [self.values[j] for j in layer.inputs]
                arrays = [v for v in values if isinstance(v, np.ndarray)]
                fixed = layer.kind != "Parameter" and len(arrays) == len(values)
                self.values[i] = self._constant(layer, arrays) if fixed else self._operation(layer, values)
            except (KeyError, IndexError, ValueError, TypeError) as problem:
                told = f"its numbers or inputs are not those of {layer.kind} ({problem})"
                raise WeightsError(f"{self.source!r}: layer {layer.name} cannot be read: {told}") from None
        return self.graph

    def _constant(self, layer: _Layer, values: list[np.ndarray]) -> np.ndarray:
        if layer.kind == "Const":
            return self._stored(layer)
        if layer.kind == "Convert":
            return values[0].astype(_TYPES[layer.data["destination_type"]])
        if layer.kind == "Reshape":
            shape = [old if new == 0 else new for old, new in zip(values[0].shape + (1,) * 8, values[1].tolist())]
            return values[0].reshape(shape)
        if layer.kind == "FakeQuantize":
            x, low, high, out_low, out_high = (v.astype(np.float32) for v in values)
            return fake_quantise(x, low, high, out_low, out_high, int(layer.data["levels"]))
        if layer.kind in ("Add", "Subtract", "Multiply"):
            compute = {"Add": np.add, "Subtract": np.subtract, "Multiply": np.multiply}[layer.kind]
            return compute(values[0].astype(np.float32), values[1].astype(np.float32))
        raise self._refuse(layer, "is an operation on weights that bupose does not know")

    def _stored(self, layer: _Layer) -> np.ndarray:
        kind = np.dtype(_TYPES[layer.data["element_type"]]).newbyteorder("<")
        start, size = int(layer.data["offset"]), int(layer.data["size"])
        if start + size > len(self.numbers):
            raise self._refuse(layer, f"needs bytes up to {start + size} of the .bin, which has {len(self.numbers)}")
        shape = [int(n) for n in layer.data["shape"].split(",") if n.strip()]
        return np.frombuffer(self.numbers, kind, size // kind.itemsize, start).reshape(shape)

    def _operation(self, layer: _Layer, values: list) -> tuple[str, ...]:
        if layer.kind == "Parameter":
            return ("image",)
        if layer.kind in ("FakeQuantize", "Convert"):
            return values[0]
        if layer.kind in ("Convolution", "GroupConvolution"):
            return self._convolution(layer, values)
        if layer.kind in _ACTIVATIONS:
            self._only_reader(layer, values[0]).activation = self._activation(layer)
            return values[0]
        if layer.kind in ("Add", "Subtract", "Multiply"):
            return self._arithmetic(layer, values)
        if layer.kind == "Concat":
            return tuple(name for value in values for name in value)
        if layer.kind == "Result":
            self.graph.outputs += values[0]
            return values[0]
        raise self._refuse(layer, "is an operation that a lightweight OpenPose does not have")

    def _convolution(self, layer: _Layer, values: list) -> tuple[str, ...]:
        inputs, weight = values
        keys = ("strides", "dilations", "pads_begin", "pads_end")
        numbers = {key: {int(n) for n in layer.data[key].split(",")} for key in keys}
        if any(len(n) > 1 for n in numbers.values()) or numbers["pads_begin"] != numbers["pads_end"]:
            raise self._refuse(layer, "treats the two directions differently")
        groups = 1
        if layer.kind == "GroupConvolution":  # weights (groups, out / groups, in / groups, kernel, kernel)
            groups, weight = weight.shape[0], weight.reshape(-1, *weight.shape[2:])
        name = layer.name.removesuffix("/WithoutBiases")
        stride, dilation, padding = (numbers[key].pop() for key in keys[:3])
        self.graph.convolutions[name] = Convolution(
            name,
            weight.astype(np.float32),
            np.zeros(len(weight), np.float32),
            stride,
            dilation,
            padding,
            groups,
            inputs,
        )
        return (name,)

    def _arithmetic(self, layer: _Layer, values: list) -> tuple[str, ...]:
        if all(isinstance(v, tuple) for v in values):
            if layer.kind != "Add" or any(len(v) > 1 for v in values):
                raise self._refuse(layer, "combines outputs in a way that a lightweight OpenPose does not")
            return (" + ".join(v[0] for v in values),)
        value, number = values if isinstance(values[0], tuple) else values[::-1]
        number = number.astype(np.float32).reshape(-1)
        if value == ("image",):
            sign = -1 if layer.kind == "Subtract" else 1
            if layer.kind == "Multiply":
                self.graph.scale, self.graph.shift = self.graph.scale * number, self.graph.shift * number
            else:
                self.graph.shift = self.graph.shift + sign * number
        elif layer.kind == "Add":
            convolution = self._only_reader(layer, value)
            convolution.bias = convolution.bias + number
        else:
            raise self._refuse(layer, "changes a convolution's output other than by adding a bias")
        return value

    def _only_reader(self, layer: _Layer, value: tuple[str, ...]) -> Convolution:
        """The convolution that a bias or activation belongs to, if it has no other consumers."""
        convolution = self.graph.convolutions.get(value[0]) if len(value) == 1 else None
        if convolution is None or convolution.activation != "none" or self.readers[layer.inputs[0]] > 1:
            raise self._refuse(layer, "does not belong to one convolution")
        return convolution

    def _activation(self, layer: _Layer) -> str:
        if layer.kind == "Elu" and float(layer.data["alpha"]) != 1:
            raise self._refuse(layer, f"has alpha {layer.data['alpha']}, not 1")
        return _ACTIVATIONS[layer.kind]

    def _refuse(self, layer: _Layer, why: str) -> WeightsError:
        return WeightsError(
            f"{self.source!r}: layer {layer.name} ({layer.kind}) {why}; this network cannot be imported"
        )


def fake_quantise(
    x: np.ndarray, low: np.ndarray, high: np.ndarray, out_low: np.ndarray, out_high: np.ndarray, levels: int
) -> np.ndarray:
    """``levels`` steps from ``low`` to ``high``, read as steps from ``out_low`` to ``out_high``.

    Notes
    -----
    OpenVINO, specification of FakeQuantize-1.
    """
    span = np.where(high > low, high - low, 1)  # a channel of zeros may have no scale
    steps = np.round((np.clip(x, low, high) - low) / span * (levels - 1))
    return (steps / (levels - 1) * (out_high - out_low) + out_low).astype(np.float32)
