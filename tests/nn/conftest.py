"""A slow interpreter of TensorFlow graphs, NumPy and NHWC: what published networks are held against."""

import base64
import math
from functools import cache

import numpy as np
import pytest


@pytest.fixture(scope="session")
def run_graph():
    """(graph, weights, photo, node, …) -> what those nodes of a graph give for a photo, each computed once."""
    return interpret


def interpret(graph: dict, weights: dict, photo: np.ndarray, *targets: str) -> list:
    nodes = {node["name"]: node for node in graph["node"]}

    @cache
    def values(name: str):
        node = nodes[name]
        if node["op"] == "Placeholder":
            return photo[None]
        if node["op"] == "Const":
            const = weights[name].numpy()
            shape = [int(d["size"]) for d in node["attr"]["value"]["tensor"]["tensorShape"].get("dim", [])]
            return (const.astype(np.float32) if const.dtype.kind == "f" else const).reshape(shape)
        return compute(node["op"], [value(source) for source in node.get("input", [])], node.get("attr", {}))

    def value(source: str):
        name, _, number = source.partition(":")
        got = values(name)
        return got[int(number or 0)] if isinstance(got, (list, tuple)) else got

    return [value(target) if ":" in target else values(target) for target in targets]


def compute(op: str, inputs: list, attr: dict):
    attributes = {key: read_attribute(entry) for key, entry in attr.items()}
    if op in ARITHMETIC:
        return ARITHMETIC[op](*inputs)
    match op:
        case "Cast":
            return np.asarray(inputs[0]).astype(TYPES[attr["DstT"]["type"]])
        case "Conv2D" | "_FusedConv2D" | "DepthwiseConv2dNative" | "FusedDepthwiseConv2dNative":
            depthwise = "epthwise" in op
            result = convolve(*inputs[:2], attributes, (lambda a, b: a * b[:, 0]) if depthwise else np.matmul)
            operations = attributes.get("fused_ops", [])
            if operations:
                result = result + inputs[2]
            return np.clip(result, 0, {"Relu6": 6}.get(operations[-1], np.inf)) if operations[1:] else result
        case "MaxPool":
            return pool(inputs[0], *attributes["ksize"][1:3], *attributes["strides"][1:3])
        case "ResizeBilinear":
            assert attributes["half_pixel_centers"]
            return resize(resize(inputs[0], 1, int(inputs[1][0])), 2, int(inputs[1][1]))
        case "StridedSlice":
            return strided_slice(*inputs, attr)
        case "ConcatV2":
            return np.concatenate(inputs[:-1], int(inputs[-1]))
        case "Pack":
            return np.stack(inputs, attributes.get("axis", 0))
        case "Unpack":
            return list(np.moveaxis(inputs[0], attributes["axis"], 0))
        case "Split":
            return np.split(inputs[1], attributes["num_split"], int(inputs[0]))
        case "Squeeze":
            return np.squeeze(inputs[0], tuple(attributes["squeeze_dims"]))
        case "TopKV2":
            order = np.argsort(-inputs[0], axis=-1, kind="stable")[..., : int(inputs[1])]
            return np.take_along_axis(inputs[0], order, -1), order.astype(np.int32)
        case "GatherNd":
            return inputs[0][tuple(np.moveaxis(inputs[1], -1, 0))]
        case "Select":
            condition = inputs[0].reshape(inputs[0].shape + (1,) * (inputs[1].ndim - inputs[0].ndim))
            return np.where(condition, inputs[1], inputs[2])
    raise AssertionError(op)


ARITHMETIC = {
    "Identity": lambda a: a,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "AddV2": np.add,
    "BiasAdd": np.add,
    "AddN": lambda *a: sum(a[1:], a[0]),
    "RealDiv": np.divide,
    "FloorDiv": np.floor_divide,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "SquaredDifference": lambda a, b: (a - b) ** 2,
    "Reciprocal": np.reciprocal,
    "Exp": np.exp,
    "Abs": np.abs,
    "Relu": lambda a: np.maximum(a, 0),
    "Sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "Less": np.less,
    "Greater": np.greater,
    "GreaterEqual": np.greater_equal,
    "Equal": np.equal,
    "LogicalAnd": np.logical_and,
    "Range": lambda first, end, step: np.arange(first, end, step, dtype=np.float32),
    "Fill": lambda shape, value: np.full(shape, value),
    "Tile": np.tile,
    "Shape": lambda a: np.array(a.shape, np.int32),
    "Size": lambda a: np.int32(a.size),
    "Reshape": lambda a, shape: np.reshape(a, shape),
    "ExpandDims": lambda a, axis: np.expand_dims(a, int(axis)),
    "Sum": lambda a, axis: a.sum(tuple(np.ravel(axis))),
    "Max": lambda a, axis: a.max(tuple(np.ravel(axis))),
    "ArgMax": lambda a, axis: a.argmax(int(axis)).astype(np.int32),
}
TYPES = {"DT_FLOAT": np.float32, "DT_INT32": np.int32, "DT_BOOL": bool}


def read_attribute(entry: dict):
    if "list" in entry:
        kinds = entry["list"]
        return [int(i) for i in kinds.get("i", [])] or [base64.b64decode(s).decode() for s in kinds.get("s", [])]
    if "i" in entry:
        return int(entry["i"])
    return base64.b64decode(entry["s"]).decode() if "s" in entry else entry.get("b")


def strided_slice(array: np.ndarray, begin, end, strides, attr: dict):
    masks = {name: int(attr[f"{name}_mask"]["i"]) for name in ("begin", "end", "new_axis", "shrink_axis", "ellipsis")}
    assert not masks["ellipsis"]
    index = []
    for n in range(len(begin)):
        bit = 1 << n
        if masks["new_axis"] & bit:
            index.append(None)
        elif masks["shrink_axis"] & bit:
            index.append(int(begin[n]))
        else:
            first = None if masks["begin"] & bit else int(begin[n])
            index.append(slice(first, None if masks["end"] & bit else int(end[n]), int(strides[n])))
    return array[tuple(index)]


def convolve(features: np.ndarray, kernel: np.ndarray, attributes: dict, combine) -> np.ndarray:
    """A sum over kernel positions of shifted pictures; TensorFlow's SAME puts the odd border cell last."""
    stride, height, width = attributes["strides"][1], *kernel.shape[:2]
    assert attributes["dilations"] == [1, 1, 1, 1]
    return sum(combine(part, kernel[y, x]) for y, x, part in shifted(features, height, width, stride, stride, 0))


def pool(features: np.ndarray, height: int, width: int, down: int, right: int) -> np.ndarray:
    return np.maximum.reduce([part for _, _, part in shifted(features, height, width, down, right, -np.inf)])


def shifted(features: np.ndarray, height: int, width: int, down: int, right: int, border: float):
    sizes = [math.ceil(n / stride) for n, stride in zip(features.shape[1:3], (down, right), strict=True)]
    borders = [(0, 0)] * 4
    for axis, (size, taps, stride) in enumerate(zip(sizes, (height, width), (down, right), strict=True), start=1):
        total = max((size - 1) * stride + taps - features.shape[axis], 0)
        borders[axis] = (total // 2, total - total // 2)
    padded = np.pad(features, borders, constant_values=border)
    for y in range(height):
        for x in range(width):
            yield y, x, padded[:, y : y + (sizes[0] - 1) * down + 1 : down, x : x + (sizes[1] - 1) * right + 1 : right]


def resize(features: np.ndarray, axis: int, size: int) -> np.ndarray:
    """Linear interpolation along one axis, centres of pixels at halves."""
    where = (np.arange(size) + 0.5) * features.shape[axis] / size - 0.5
    low = np.floor(where)
    share = (where - low).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(4)])
    first, second = (np.take(features, np.clip(low + n, 0, features.shape[axis] - 1).astype(int), axis) for n in (0, 1))
    return first * (1 - share) + second * share
