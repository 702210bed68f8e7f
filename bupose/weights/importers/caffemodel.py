"""Layers of a ``.caffemodel``, parsed from the protocol-buffer wire format without Caffe."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bupose.errors import WeightsError

# Field numbers of caffe.proto (BVLC/caffe, src/caffe/proto/caffe.proto).
_NET_LAYER = 100
_LAYER_NAME, _LAYER_BLOBS = 1, 7
_BLOB_DIMS = (1, 2, 3, 4)  # num, channels, height, width of files older than `shape`
_BLOB_DATA, _BLOB_SHAPE = 5, 7
_SHAPE_DIM = 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def read_layers(path: str | Path) -> dict[str, list[np.ndarray]]:
    """The blobs (weights, biases, slopes) of every layer with parameters, float32, by layer name.

    Raises
    ------
    WeightsError
        The file cannot be read, is damaged or truncated, or holds no layers.
    """
    try:
        data = memoryview(Path(path).read_bytes())
    except OSError as problem:
        raise WeightsError(f"cannot read {str(path)!r}: {problem.strerror}") from None
    layers = {}
    try:
        for number, kind, _, content in read_fields(data):
            if (number, kind) == (_NET_LAYER, _BYTES):
                name, blobs = _read_layer(content)
                if blobs:
                    layers[name] = blobs
    except (ValueError, IndexError) as problem:
        raise WeightsError(f"{str(path)!r} is damaged, truncated or no caffemodel: {problem}") from None
    if not layers:
        raise WeightsError(f"{str(path)!r} holds no Caffe layers with weights; give a .caffemodel of OpenPose")
    return layers


def read_fields(data: memoryview) -> Iterator[tuple[int, int, int, memoryview]]:
    """(field number, wire type, value, content) of one message: of a varint its value, of others a view of their bytes.

    Raises
    ------
    ValueError
        The bytes are not a message: an unknown wire type, or a value beyond the end.

    Notes
    -----
    Protocol Buffers, "Encoding": varint 0, 64 bits 1, length-delimited 2, 32 bits 5.
    """
    at, end = 0, len(data)
    while at < end:
        key, at = _read_varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _read_varint(data, at)
            yield number, kind, value, data[:0]
        elif kind in (_FIXED64, _BYTES, _FIXED32):
            size = {_FIXED64: 8, _FIXED32: 4}.get(kind)
            if size is None:
                size, at = _read_varint(data, at)
            if at + size > end:
                raise ValueError(f"field {number} wants {size} bytes, {end - at} are left")
            yield number, kind, 0, data[at : at + size]
            at += size
        else:
            raise ValueError(f"wire type {kind} of field {number} is unknown")


def _read_varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(data):
            raise ValueError("it ends within a number")
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
    raise ValueError("a number is longer than 64 bits")


def _read_layer(data: memoryview) -> tuple[str, list[np.ndarray]]:
    name, blobs = "", []
    for number, kind, _, content in read_fields(data):
        if (number, kind) == (_LAYER_NAME, _BYTES):
            name = bytes(content).decode("utf-8", "replace")
        elif (number, kind) == (_LAYER_BLOBS, _BYTES):
            blobs.append(_read_blob(content))
    return name, blobs


def _read_blob(data: memoryview) -> np.ndarray:
    numbers: list[memoryview] = []
    shape, dims = None, {}
    for number, kind, value, content in read_fields(data):
        if number == _BLOB_DATA and kind in (_BYTES, _FIXED32):  # repeated float, packed or not
            numbers.append(content)
        elif (number, kind) == (_BLOB_SHAPE, _BYTES):
            shape = _read_shape(content)
        elif number in _BLOB_DIMS and kind == _VARINT:
            dims[number] = value
    array = np.frombuffer(numbers[0] if len(numbers) == 1 else b"".join(numbers), "<f4").astype(np.float32, copy=False)
    if shape is None:
        shape = [dims.get(n, 1) for n in _BLOB_DIMS]
    if math.prod(shape) != array.size:
        raise ValueError(f"a blob of shape {shape} has {array.size} numbers")
    return array.reshape(shape)


def _read_shape(data: memoryview) -> list[int]:
    shape = []
    for number, kind, value, content in read_fields(data):
        if number == _SHAPE_DIM and kind == _VARINT:
            shape.append(value)
        elif number == _SHAPE_DIM and kind == _BYTES:  # packed
            at = 0
            while at < len(content):
                size, at = _read_varint(content, at)
                shape.append(size)
    return shape
