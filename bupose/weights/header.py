"""What a network file says of itself: read and held against the options' ranges before anything is built from it."""

from __future__ import annotations

import dataclasses
import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path

from bupose.atomic import write_bytes
from bupose.errors import BuposeError, OptionsError, WeightsError
from bupose.maps import MOST_STRIDE, Grid
from bupose.nn.config import NetworkConfig
from bupose.options import shown

FORMATS = {None: 1, 8: 2, 12: 3}  # what is written, by the bits of packed weights: an older bupose reads lower ones
NEWEST = max(FORMATS.values())
KEY = "bupose"  # the entry of the safetensors header's metadata
_MAX_HEADER = 16_000_000  # bytes; a thousand tensors take some 100 000
_DTYPES = {"BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "F16": 2, "BF16": 2, "I32": 4, "F32": 4, "I64": 8, "F64": 8}  # bytes


def read_header(path: str | Path) -> dict:
    """The header of a network file: ``format``, ``network`` (a configuration as plain values) and ``tensors``.

    ``tensors`` maps each name to safetensors' ``dtype``, ``shape`` and ``data_offsets``.

    Raises
    ------
    WeightsError
        The file is missing, damaged, truncated, not bupose's, or written by a newer bupose.
    """
    path = Path(path)
    tensors = _read_safetensors_header(path)
    metadata = tensors.pop("__metadata__", None)
    text = metadata.get(KEY) if isinstance(metadata, dict) else None
    if text is None:
        raise WeightsError(
            f"{quoted(path)} is a safetensors file, but not a bupose network; "
            "a published network must be imported first (scripts/import_weights.py)"
        )
    return {**_parse_header(text, path), "tensors": tensors}


def dump_header(
    config: NetworkConfig,
    version: int = FORMATS[None],
    metrics: Mapping[str, float] | None = None,
    graph: Mapping[str, int] | None = None,
) -> str:
    """The JSON that a network file carries under :data:`KEY`, whatever its kind.

    ``graph`` is what only an exported file says: the ``multiple`` of its input's sides, and its ``stride``.

    Raises
    ------
    WeightsError
        The configuration cannot be written as JSON.
    """
    try:
        if metrics is not None:
            config = dataclasses.replace(config, metrics=dict(metrics))
        header = {"format": version, "network": config.to_dict()} | ({"graph": dict(graph)} if graph else {})
        return json.dumps(header, allow_nan=False, default=_number)
    except (OptionsError, TypeError, ValueError, AttributeError) as problem:
        raise WeightsError(
            f"the network's configuration cannot be written as JSON: {problem}; use finite numbers"
        ) from None


def parse_exported(text: str, path: Path) -> tuple[NetworkConfig, int, Grid]:
    """The configuration, ``multiple`` and grid in what :func:`dump_header` wrote; ``path`` is for messages.

    Raises
    ------
    WeightsError
        The JSON is damaged, from a newer bupose, or describes no exported network.
    """
    header = _parse_header(text, path)
    config, graph = read_config(header["network"], path), header["graph"]
    try:
        multiple, grid = graph["multiple"], Grid(graph["stride"])
        if type(multiple) is not int or not 1 <= multiple <= MOST_STRIDE or multiple % grid.stride:
            raise ValueError(multiple)
    except (BuposeError, TypeError, KeyError, ValueError):
        raise WeightsError(
            f"{quoted(path)} does not say what sides it takes, or was exported by an older bupose; export it anew"
        ) from None
    return config, multiple, grid


def read_config(values: dict, path: Path) -> NetworkConfig:
    """The configuration that a file's plain values describe, every option in its range.

    Raises
    ------
    WeightsError
        They describe no network.
    """
    try:
        config = NetworkConfig.from_dict(values)
        if config.trunk_options.get("pretrained"):
            raise OptionsError("its trunk would fetch weights from the web; a network's file holds its own")
    except BuposeError as problem:
        raise WeightsError(f"{quoted(path)} describes a network this bupose cannot build: {problem}") from None
    return config


def replace_config(path: str | Path, target: str | Path, config: NetworkConfig) -> None:
    """Write a network file with another configuration, its tensors byte for byte the same.

    Raises
    ------
    WeightsError
        As :func:`read_header`.
    InputError
        The file cannot be written.
    """
    path = Path(path)
    version = read_header(path)["format"]
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"][KEY] = dump_header(config, version)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # as safetensors aligns its data
    write_bytes(target, struct.pack("<Q", len(text)) + text + content[8 + length :])


def quoted(path: Path) -> str:
    """A path for messages."""
    return shown(str(path), 300)


def _parse_header(text, path: Path) -> dict:
    try:
        header = _parse(text)
        version, network = header["format"], header["network"]
    except (TypeError, ValueError, KeyError):
        raise WeightsError(f"{quoted(path)} is damaged: its bupose header cannot be read; get a fresh copy") from None
    if not isinstance(version, int) or version < 1 or not isinstance(network, dict):
        raise WeightsError(f"{quoted(path)} is damaged: its bupose header makes no sense; get a fresh copy")
    if version > NEWEST:
        raise WeightsError(
            f"{quoted(path)} has format {shown(version)}; this bupose reads up to format {NEWEST}: upgrade bupose"
        )
    return {"format": version, "network": network, "graph": header.get("graph")}


def _read_safetensors_header(path: Path) -> dict:
    """Tensor entries and ``__metadata__``: 8 bytes of length, JSON, data (the safetensors format description)."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise WeightsError(f"{quoted(path)} is a folder; give the network file in it")
        if not path.is_file():
            raise WeightsError(f"{quoted(path)} is no ordinary file; give a network file")
        with path.open("rb") as file:
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            text = file.read(length) if 2 <= length <= min(_MAX_HEADER, max(size - 8, 0)) else b""
            first = text[:1] or file.read(2).lstrip()[:1]
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last of a name that holds NUL
        raise WeightsError(f"there is no network file {quoted(path)}; check the path") from None
    except OSError as problem:
        raise WeightsError(f"cannot read {quoted(path)}: {problem.strerror}") from None
    if size == 0:
        raise WeightsError(f"{quoted(path)} is empty; get a fresh copy")
    if not text:
        if 2 <= length <= _MAX_HEADER and size >= 8 and first == b"{":
            raise WeightsError(f"{quoted(path)} is truncated within its header ({size} bytes); get a fresh copy")
        raise WeightsError(
            f"{quoted(path)} is not a safetensors file; a bupose network is one, "
            "and a published network must be imported first (scripts/import_weights.py)"
        )
    try:
        header = _parse(text)
        end = _data_size({name: entry for name, entry in header.items() if name != "__metadata__"})
    except (ValueError, TypeError, KeyError, AttributeError):
        raise WeightsError(f"{quoted(path)} is damaged: its header cannot be read; get a fresh copy") from None
    if size < 8 + length + end:
        raise WeightsError(f"{quoted(path)} is truncated: {size} of {8 + length + end} bytes; get a fresh copy")
    return header


def _data_size(tensors: Mapping[str, Mapping]) -> int:
    """The bytes of all tensors; ValueError where they overlap, leave gaps, or are not as long as shape and type say."""
    end = 0
    for entry in sorted(tensors.values(), key=lambda entry: entry["data_offsets"]):
        (start, stop), shape = entry["data_offsets"], entry["shape"]
        if not all(type(number) is int and 0 <= number < 2**48 for number in (start, stop, *shape)):
            raise ValueError(entry)
        if start != end or stop - start != math.prod(shape) * _DTYPES[entry["dtype"]]:
            raise ValueError(entry)
        end = stop
    return end


def _parse(text: str | bytes) -> dict:
    """JSON; ValueError for whatever is none, for NaN, and for nesting without end."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("too deep") from None


def _refuse(constant: str):
    raise ValueError(constant)


def _number(value):
    """JSON of NumPy's and torch's scalars."""
    return value.item()
