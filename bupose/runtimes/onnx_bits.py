"""Convolutions in 8 bits, in an ONNX graph: bytes are written into it with their steps, and ONNX Runtime computes them.

What is known of activations comes from the network's file (``NetworkConfig.activations``), the rest from the weights.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bupose.runtimes.eight_bits import HALF, LEVELS, STEPS, fit_range, round_weights

if TYPE_CHECKING:
    import onnx

Range = tuple[float, float]
_LARGEST_BIAS = 2.0**30  # steps, in 32 bits


def quantise(model: onnx.ModelProto, activations: Mapping[str, Mapping[str, Any]], exact: bool) -> int:
    """Compute in 8 bits what ONNX Runtime can: convolutions with known ranges before and after them, and sums of such.

    Parameters
    ----------
    model : onnx.ModelProto
        Whose weights have the names of the network's. It is changed.
    activations, exact
        As :func:`bupose.runtimes.openvino_bits.quantise` has them.

    Returns
    -------
    int
        How many convolutions they are.

    Notes
    -----
    As there; only that what a convolution gives must be rounded, too. Where that is added to something else and the
    range of the sum is known, its own follows: what the range of the sum leaves.
    """
    graph = _Graph(model)
    known = graph.find_ranges(activations)
    chosen = [node for node in graph.convolutions(activations) if graph.result(node) in known]
    chosen = [node for node in chosen if node.input[0] in known and not graph.is_delicate(node, activations)]
    sums = [n for n in model.graph.node if n.op_type == "Add" and {*n.input, n.output[0]} <= known.keys()]
    rounded = {name for n in chosen for name in (n.input[0], graph.result(n))}
    rounded |= {name for n in sums for name in (*n.input, n.output[0])}
    for node in chosen:
        source = activations[graph.name(node)]
        graph.round_weights(node, STEPS if exact else HALF, source["mean"], _step(known[node.input[0]]))
    for name in rounded:
        graph.round_tensor(name, known[name], activations)
    graph.close()
    return len(chosen)


def adds_exactly() -> bool:
    """Whether this processor, as ONNX Runtime uses it, adds up products of bytes without overflow: a trial."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    channels, side = 64, 8
    weights = np.full((16, channels, 1, 1), STEPS, np.int8)
    one, big, zero = np.float32(1), np.float32(2.0**14), np.uint8(0)
    values = {"w": weights, "one": one, "big": big, "zero": zero, "none": np.int8(0)}
    convolve = helper.make_node("QLinearConv", ["x", "one", "zero", "w", "one", "none", "big", "zero"], ["y"])
    shapes = [1, channels, side, side], [1, 16, side, side]
    ends = [helper.make_tensor_value_info(n, TensorProto.UINT8, s) for n, s in zip("xy", shapes, strict=True)]
    stored = [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()]
    graph = helper.make_graph([convolve], "trial", ends[:1], ends[1:], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"x": np.full(shapes[0], 255, np.uint8)})
    return bool((found == round(255 * STEPS * channels / 2.0**14)).all())


class _Graph:
    """A model's graph, with who makes and who reads each tensor."""

    def __init__(self, model: onnx.ModelProto):
        self._graph = model.graph
        self._stored = {one.name: one for one in model.graph.initializer}
        self._makers = {name: node for node in model.graph.node for name in node.output}
        self._readers: dict[str, list[onnx.NodeProto]] = defaultdict(list)
        for node in model.graph.node:
            for name in node.input:
                self._readers[name].append(node)

    @staticmethod
    def name(node: onnx.NodeProto) -> str:
        """A convolution's name in the network."""
        return str(node.input[1]).removesuffix(".weight")

    def convolutions(self, activations: Mapping[str, Any]) -> list[onnx.NodeProto]:
        """Those with a known range."""
        return [node for node in self._graph.node if node.op_type == "Conv" and self.name(node) in activations]

    def result(self, node: onnx.NodeProto) -> str:
        """What a convolution gives, after the activation that alone reads it."""
        (after, *others) = self._readers[node.output[0]] or [node]
        return str((node if others or after.op_type not in ("Relu", "Clip") else after).output[0])

    def is_delicate(self, node: onnx.NodeProto, activations: Mapping[str, Any]) -> bool:
        """Whether a convolution that stays in floating point reads what this one gives."""
        return any(self._is_float(reader, activations) for reader in self._readers[self.result(node)])

    def find_ranges(self, activations: Mapping[str, Mapping[str, Any]]) -> dict[str, Range]:
        """The range of each tensor that has one."""
        known: dict[str, Range] = {}
        for node in self.convolutions(activations):
            ends = (*activations[self.name(node)]["range"], *known.get(node.input[0], ()))
            known[node.input[0]] = min(ends), max(ends)
        for node in reversed(self._graph.node):
            if node.op_type == "Add" and node.output[0] in known:
                (least, largest), (first, second) = known[node.output[0]], node.input
                for one, other in ((first, second), (second, first)):
                    if other in known and one not in known and self._makers[one].op_type == "Conv":
                        known[one] = least - known[other][1], largest - known[other][0]
        return known

    def round_weights(self, node: onnx.NodeProto, steps: int, mean: list[float], step: float) -> None:
        """A convolution's weights as bytes, its bias as 32 bits, in steps of the input's ``step`` times theirs."""
        weights, *biases = (self._value(name) for name in node.input[1:])
        bias = biases[0] if biases else np.zeros(len(weights))
        means = np.asarray(mean, np.float32)
        rounded = round_weights(weights, steps, means, np.abs(bias) / (step * _LARGEST_BIAS))
        bias = np.round((bias + rounded.shift) / (rounded.step * step)).astype(np.int32)
        del node.input[1:]
        node.input.append(self._from_steps(f"{node.name}.weight", rounded.values, rounded.step))
        node.input.append(self._from_steps(f"{node.name}.bias", bias, rounded.step * np.float32(step)))

    def round_tensor(self, name: str, ends: Range, activations: Mapping[str, Any]) -> None:
        """Round a tensor for all who read it, but delicate convolutions."""
        from onnx import helper

        step, zero = _step(ends), round(-fit_range(*ends)[0] / _step(ends))
        parts = self._store(f"{name}.step", np.float32(step)), self._store(f"{name}.zero", np.uint8(zero))
        bytes_, rounded = f"{name}.bytes", f"{name}.rounded"
        for node in self._readers[name]:
            if not self._is_float(node, activations):
                node.input[:] = [rounded if one == name else one for one in node.input]
        self._graph.node.append(helper.make_node("QuantizeLinear", [name, *parts], [bytes_], f"{name}.round"))
        self._graph.node.append(helper.make_node("DequantizeLinear", [bytes_, *parts], [rounded], f"{name}.read"))

    def close(self) -> None:
        """Put nodes after those they read, and drop weights that nobody reads."""
        waiting, done = list(self._graph.node), []
        there = {"", *self._stored, *(one.name for one in self._graph.input)}
        while waiting:
            ready = [node for node in waiting if there.issuperset(node.input)]
            done += ready
            there.update(name for node in ready for name in node.output)
            waiting = [node for node in waiting if not there.issuperset(node.output)]
        del self._graph.node[:]
        self._graph.node.extend(done)
        used = {name for node in done for name in node.input}
        kept = [one for one in self._stored.values() if one.name in used]
        del self._graph.initializer[:]
        self._graph.initializer.extend(kept)

    def _is_float(self, node: onnx.NodeProto, activations: Mapping[str, Any]) -> bool:
        return node.op_type == "Conv" and not node.input[1].endswith(".rounded") and self.name(node) not in activations

    def _value(self, name: str) -> np.ndarray:
        from onnx import numpy_helper

        while name not in self._stored:  # another of the same values has them
            name = self._makers[name].input[0]
        return numpy_helper.to_array(self._stored[name])

    def _from_steps(self, name: str, values: np.ndarray, step: np.ndarray) -> str:
        from onnx import helper

        parts = self._store(f"{name}.bytes", values), self._store(f"{name}.step", step.astype(np.float32))
        self._graph.node.append(
            helper.make_node("DequantizeLinear", parts, [f"{name}.rounded"], f"{name}.read", axis=0)
        )
        return f"{name}.rounded"

    def _store(self, name: str, value: Any) -> str:
        from onnx import numpy_helper

        self._stored[name] = numpy_helper.from_array(np.asarray(value), name)
        return name


def _step(ends: Range) -> float:
    least, largest = fit_range(*ends)
    return float(np.float32((largest - least) / (LEVELS - 1)))
