"""Network files: safetensors whose header holds everything needed to rebuild the network."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as serialise

from bupose.atomic import replacing
from bupose.errors import BuposeError, WeightsError
from bupose.nn.model import NetworkConfig, PoseNet
from bupose.weights.packing import PARTS, pack, unpack

FORMATS = {None: 1, 8: 2, 12: 3}  # what is written, by the bits of packed weights: an older bupose reads lower ones
NEWEST = max(FORMATS.values())
KEY = "bupose"  # the entry of the safetensors header's metadata
_MAX_HEADER = 100_000_000  # bytes; the limit of the safetensors format


def save(net: PoseNet, path: str | Path, metrics: Mapping[str, float] | None = None, bits: int | None = None) -> Path:
    """Write a network to one safetensors file, replacing it only once the new one is complete.

    Parameters
    ----------
    net : PoseNet
    path : path
        Folders on the way are made.
    metrics : mapping of name to number, optional
        What the network reached; by default what its configuration says.
    bits : 8 or 12, optional
        Weights in so many bits, as :func:`bupose.weights.packing.pack` has it.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    WeightsError
        The folder cannot be written to, or the configuration or metrics cannot be written as JSON.
    """
    net, path = getattr(net, "_orig_mod", net), Path(path)  # torch.compile wraps a network in another module
    config = net.config if metrics is None else replace(net.config, metrics=dict(metrics))
    header = dump_header(config, FORMATS[bits])
    tensors = {
        name: t.detach().cpu().clone(memory_format=torch.contiguous_format) for name, t in net.state_dict().items()
    }
    tensors = pack(tensors, bits) if bits else tensors
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial:
            partial.write_bytes(serialise(tensors, {KEY: header}))  # save_file would hide it from other users
    except (OSError, SafetensorError) as problem:
        raise WeightsError(f"cannot write the network file {str(path)!r}: {problem}; choose another folder") from None
    return path


def load(path: str | Path) -> PoseNet:
    """Rebuild a network from its file, in evaluation mode, on the CPU.

    Raises
    ------
    WeightsError
        The file is missing, damaged, truncated, not bupose's, written by a newer bupose, or its tensors are not
        those of the network it describes.
    """
    path = Path(path)
    config = _config(path, read_header(path)["network"])
    try:
        tensors = unpack(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as problem:  # the last of packed tensors whose parts do not fit
        raise WeightsError(f"{_quoted(path)} is damaged: {problem}; get a fresh copy") from None
    try:
        net = PoseNet(config)
    except BuposeError as problem:
        raise WeightsError(f"{_quoted(path)} describes a network this bupose cannot build: {problem}") from None
    check_tensors(net, tensors, str(path))
    net.load_state_dict(tensors)
    return net.eval()


def describe(path: str | Path) -> str:
    """What a network file holds, as text, from its header alone.

    Raises
    ------
    WeightsError
        As :func:`load`, but for the tensors' fit, which is not looked at.
    """
    path = Path(path)
    header = read_header(path)
    config, entries = header["network"], {k: v for k, v in header["tensors"].items() if not k.endswith(PARTS)}
    numbers = sum(_product(entry["shape"]) for entry in entries.values())
    kinds = ", ".join(sorted({entry["dtype"] for entry in header["tensors"].values()}))
    lines = [f"{path.name}: a bupose network, format {header['format']}, {path.stat().st_size / 1e6:.1f} MB"]
    lines.append(f"  tensors: {len(entries)}, {numbers / 1e6:.2f} million numbers of {kinds}")
    for key, value in config.items():
        if key == "skeleton" and isinstance(value, dict):
            joints, limbs = value.get("joints", ()), value.get("limbs", ())
            value = f"{value.get('name')}, {len(joints)} joints ({', '.join(map(str, joints))}), {len(limbs)} limbs"
        elif isinstance(value, dict):
            value = ", ".join(f"{k} {v}" for k, v in value.items()) or "defaults"
        lines.append(f"  {key.replace('_', ' ')}: {value}")
    return "\n".join(lines)


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
            f"{_quoted(path)} is a safetensors file, but not a bupose network; "
            "a published network must be imported first (scripts/import_weights.py)"
        )
    return {**_parse_header(text, path), "tensors": tensors}


def dump_header(config: NetworkConfig, version: int = FORMATS[None]) -> str:
    """The JSON that a network file carries under :data:`KEY`, whatever its kind.

    Raises
    ------
    WeightsError
        The configuration cannot be written as JSON.
    """
    try:
        return json.dumps({"format": version, "network": config.to_dict()}, allow_nan=False, default=_number)
    except (TypeError, ValueError) as problem:
        raise WeightsError(
            f"the network's configuration cannot be written as JSON: {problem}; use finite numbers"
        ) from None


def parse_config(text: str, path: Path) -> NetworkConfig:
    """The configuration in what :func:`dump_header` wrote; ``path`` is for messages.

    Raises
    ------
    WeightsError
        The JSON is damaged, from a newer bupose, or describes no network.
    """
    return _config(path, _parse_header(text, path)["network"])


def _parse_header(text: str, path: Path) -> dict:
    try:
        header = json.loads(text)
        version, network = header["format"], header["network"]
    except (TypeError, ValueError, KeyError):
        raise WeightsError(f"{_quoted(path)} is damaged: its bupose header cannot be read; get a fresh copy") from None
    if not isinstance(version, int) or version < 1 or not isinstance(network, dict):
        raise WeightsError(f"{_quoted(path)} is damaged: its bupose header makes no sense; get a fresh copy")
    if version > NEWEST:
        raise WeightsError(
            f"{_quoted(path)} has format {version}; this bupose reads up to format {NEWEST}: upgrade bupose"
        )
    return {"format": version, "network": network}


def check_tensors(net: torch.nn.Module, tensors: Mapping[str, torch.Tensor], source: str) -> None:
    """Refuse tensors that are not exactly a network's: missing, unexpected, of another shape or kind.

    Raises
    ------
    WeightsError
        Names how many differ, and the first few.
    """
    own = net.state_dict()
    shared = own.keys() & tensors.keys()
    wrong = [
        f"{name} {tuple(tensors[name].shape)} instead of {tuple(own[name].shape)}"
        for name in own
        if name in shared and tensors[name].shape != own[name].shape
    ]
    kinds = [
        f"{name} {tensors[name].dtype} instead of {own[name].dtype}"
        for name in own
        if name in shared and tensors[name].is_floating_point() != own[name].is_floating_point()
    ]
    parts = [
        _first_few("missing", [name for name in own if name not in shared]),
        _first_few("unexpected", [name for name in tensors if name not in shared]),
        _first_few("of another shape", wrong),
        _first_few("of another type", kinds),
    ]
    if any(parts):
        raise WeightsError(
            f"the tensors of {source!r} are not those of its network: {'; '.join(filter(None, parts))}; "
            f"{len(shared) - len(wrong) - len(kinds)} of {len(own)} fit"
        )


def _read_safetensors_header(path: Path) -> dict:
    """Tensor entries and ``__metadata__``: 8 bytes of length, JSON, data (the safetensors format description)."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise WeightsError(f"{_quoted(path)} is a folder; give the network file in it")
        with path.open("rb") as file:
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            text = file.read(length) if 2 <= length <= min(_MAX_HEADER, max(size - 8, 0)) else b""
    except FileNotFoundError:
        raise WeightsError(f"there is no network file {_quoted(path)}; check the path") from None
    except OSError as problem:
        raise WeightsError(f"cannot read {_quoted(path)}: {problem.strerror}") from None
    if size == 0:
        raise WeightsError(f"{_quoted(path)} is empty; get a fresh copy")
    if not text:
        if 2 <= length <= _MAX_HEADER and size >= 8 and _looks_like_header(path):
            raise WeightsError(f"{_quoted(path)} is truncated within its header ({size} bytes); get a fresh copy")
        raise WeightsError(
            f"{_quoted(path)} is not a safetensors file; a bupose network is one, "
            "and a published network must be imported first (scripts/import_weights.py)"
        )
    try:
        header = json.loads(text)
        end = max((e["data_offsets"][1] for n, e in header.items() if n != "__metadata__"), default=0)
        expected = 8 + length + int(end)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise WeightsError(f"{_quoted(path)} is damaged: its header cannot be read; get a fresh copy") from None
    if size < expected:
        raise WeightsError(f"{_quoted(path)} is truncated: {size} of {expected} bytes; get a fresh copy")
    return header


def _looks_like_header(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(10)[8:].lstrip()[:1] == b"{"


def _config(path: Path, values: dict) -> NetworkConfig:
    try:
        return NetworkConfig.from_dict(values)
    except (BuposeError, TypeError, KeyError, ValueError) as problem:
        raise WeightsError(f"{_quoted(path)} describes a network this bupose cannot build: {problem}") from None


def _first_few(what: str, names: list[str]) -> str:
    more = ", …" if len(names) > 3 else ""
    return f"{len(names)} {what} ({', '.join(names[:3])}{more})" if names else ""


def _number(value):
    """JSON of NumPy's and torch's scalars."""
    return value.item()


def _product(shape: list[int]) -> int:
    return int(torch.Size(shape).numel())


def _quoted(path: Path) -> str:
    return repr(str(path))
