"""Convolutions in 8 bits, in a graph of OpenVINO's: rounding is written into it, and the processor computes with bytes.

What is known of activations comes from the network's file (``NetworkConfig.activations``), the rest from the weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from bupose.runtimes.eight_bits import HALF, LEVELS, STEPS, fit_range, round_weights
from bupose.runtimes.openvino_core import compile_model

CONVOLUTIONS = ("Convolution", "GroupConvolution")


def quantise(model: Any, activations: Mapping[str, Mapping[str, Sequence[float]]], exact: bool) -> int:
    """Put a rounding before every convolution of a graph that has a range, and into its weights.

    Whatever else reads the same values, sums above all, gets them as they are: errors would add up from block to block
    (AP 56.5 instead of 56.4 for the network that comes along, 56.8 in float32, at 1.5 % more time).

    Parameters
    ----------
    model : openvino.Model
        As read from ONNX, whose weights have the names of the network's. It is changed.
    activations : mapping of name to ``range`` and ``mean``
        Of each convolution's input, by its name in the network.
    exact : bool
        The processor adds up products of bytes exactly (:func:`adds_exactly`). Else weights keep to half of their
        range, or sums of two products overflow, which cost a network 6 AP.

    Returns
    -------
    int
        How many convolutions they are.

    Notes
    -----
    Affine activations of 256 levels with 0 among them, symmetric weights of 255 with a step for each output channel
    (Krishnamoorthi 2018, "Quantizing deep convolutional networks for efficient inference", 2.2 and 3.1).
    """
    nodes = [(node, name) for node, name in convolutions(model) if name in activations]
    readers: dict[tuple[str, int], list[Any]] = {}
    for node, name in nodes:
        source = node.input_value(0)
        key = source.get_node().get_friendly_name(), source.get_index()
        readers.setdefault(key, []).append((node, activations[name]["range"]))
    for same in readers.values():
        ends = np.array([ends for _, ends in same])
        _round_activations([node for node, _ in same], float(ends[:, 0].min()), float(ends[:, 1].max()))
    for node, name in nodes:
        _round_weights(node, STEPS if exact else HALF, np.asarray(activations[name]["mean"], np.float32))
    return len(nodes)


def convolutions(model: Any) -> Iterator[tuple[Any, str]]:
    """The convolutions of a graph, with their names in the network: those of their weights, without the ending."""
    for node in model.get_ordered_ops():
        if node.get_type_name() in CONVOLUTIONS:
            yield node, _constant(node).get_friendly_name().removesuffix(".weight")


def adds_exactly() -> bool:
    """Whether this processor, as OpenVINO uses it, adds up products of bytes without overflow: a trial, not a flag."""
    import openvino
    from openvino import opset13 as ops

    channels, side, one = 64, 8, [1, 1]
    images = ops.parameter([1, channels, side, side], np.float32)
    weights = ops.constant(np.full((16, channels, 1, 1), STEPS, np.float32))
    rounded = _fake(images.output(0), 0.0, 255.0, LEVELS), _fake(weights.output(0), -STEPS, STEPS, 2 * STEPS + 1)
    convolved = ops.convolution(*rounded, one, [0, 0], [0, 0], one)
    compiled = compile_model(openvino.Model([convolved], [images]))
    (found,) = compiled(np.full((1, channels, side, side), 255, np.float32)).values()
    return bool(np.allclose(found, 255 * STEPS * channels, rtol=1e-3))


def _constant(node: Any) -> Any:
    """A convolution's weights as the graph stores them."""
    found = node.input_value(1).get_node()
    while found.get_type_name() != "Constant" and found.get_input_size():
        found = found.input_value(0).get_node()
    return found


def _round_activations(nodes: Sequence[Any], least: float, largest: float) -> None:
    rounded = _fake(nodes[0].input_value(0), *fit_range(least, largest), LEVELS).output(0)
    for node in nodes:
        node.input(0).replace_source_output(rounded)


def _round_weights(node: Any, steps: int, mean: np.ndarray) -> None:
    """Weights as bytes times a step, and a sum after the convolution that takes back what this adds on average."""
    from openvino import opset13 as ops

    shape = list(node.input_value(1).get_shape())  # (O, I, kh, kw), or (groups, O / groups, I, kh, kw)
    weights = _constant(node).get_data().reshape(-1, *shape[-3:]).astype(np.float32)
    rounded = round_weights(weights, steps, mean)
    step = rounded.step.reshape(*shape[:-3], 1, 1, 1)
    stored = ops.convert(ops.constant(rounded.values.reshape(shape)), np.float32)
    node.input(1).replace_source_output(ops.multiply(stored, ops.constant(step)).output(0))
    shift = rounded.shift.reshape(1, -1, 1, 1)
    readers = list(node.output(0).get_target_inputs())
    if len(readers) == 1 and (after := readers[0].get_node()).get_type_name() == "Add":
        bias = after.input_value(1).get_node()
        if bias.get_type_name() == "Constant":
            after.input(1).replace_source_output(ops.constant(bias.get_data() + shift).output(0))
            return
    shifted = ops.add(node.output(0), ops.constant(shift))
    for reader in readers:
        reader.replace_source_output(shifted.output(0))


def _fake(source: Any, least: float, largest: float, levels: int) -> Any:
    from openvino import opset13 as ops

    ends = [ops.constant(np.float32(end)) for end in (least, largest)]
    return ops.fake_quantize(source, *ends, *ends, levels)
