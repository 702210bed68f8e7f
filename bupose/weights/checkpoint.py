"""Network files: safetensors with everything needed to rebuild the network in the header."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as serialise

from bupose.atomic import replacing
from bupose.errors import BuposeError, WeightsError
from bupose.nn.model import PoseNet, declare
from bupose.options import shown
from bupose.paths import expand
from bupose.weights.header import FORMATS, KEY, dump_header, quoted, read_config, read_header
from bupose.weights.packing import PARTS, pack, unpack
from bupose.wording import counted


def save(net: PoseNet, path: str | Path, metrics: Mapping[str, float] | None = None, bits: int | None = None) -> Path:
    """Write a network to a safetensors file, atomically.

    Parameters
    ----------
    net : PoseNet
    path : path
        Missing parent folders are created.
    metrics : mapping of name to number, optional
        Metrics of the network; by default those of its configuration.
    bits : 8 or 12, optional
        Bits per weight, see :func:`bupose.weights.packing.pack`.

    Returns
    -------
    Path
        The path written.

    Raises
    ------
    WeightsError
        The configuration or metrics cannot be written as JSON.
    InputError
        The file cannot be written.
    """
    net, path = getattr(net, "_orig_mod", net), expand(path)  # torch.compile wraps a network in another module
    header = dump_header(net.config, FORMATS[bits], metrics)
    tensors = {
        name: t.detach().cpu().clone(memory_format=torch.contiguous_format) for name, t in net.state_dict().items()
    }
    tensors = pack(tensors, bits) if bits else tensors
    content = serialise(tensors, {KEY: header})  # save_file would create it with private permissions
    with replacing(path) as partial:
        partial.write_bytes(content)
    return path


def load(path: str | Path) -> PoseNet:
    """Rebuild a network from its file, in evaluation mode, on the CPU.

    Raises
    ------
    WeightsError
        The file is missing, damaged, truncated, not bupose's, written by a newer bupose, or its tensors do not fit its
        configuration.
    """
    path = expand(path)
    config = read_config(read_header(path)["network"], path)
    try:
        net = declare(config)
    except BuposeError as problem:
        raise WeightsError(f"{quoted(path)} describes a network this bupose cannot build: {problem}") from None
    try:
        tensors = unpack(load_file(path))
    except (OSError, SafetensorError, WeightsError) as problem:
        raise WeightsError(f"{quoted(path)} is damaged: {_one_line(problem)}; get a fresh copy") from None
    check_tensors(net, tensors, str(path))
    own = net.state_dict()
    tensors = {name: tensor.to(own[name].dtype) for name, tensor in tensors.items()}
    net.load_state_dict(tensors, assign=True)
    if any(buffer.is_meta for buffer in net.buffers()):  # some of timm's are in no file
        net = PoseNet(config)
        net.load_state_dict(tensors)
    return net.eval()


def describe(path: str | Path) -> str:
    """A description of a network file, from its header alone.

    Raises
    ------
    WeightsError
        As :func:`load`, except that tensors are not checked.
    """
    path = expand(path)
    header = read_header(path)
    config = read_config(header["network"], path)
    entries = {k: v for k, v in header["tensors"].items() if not k.endswith(PARTS)}
    numbers = sum(_product(entry["shape"]) for entry in entries.values())
    kinds = ", ".join(sorted({entry["dtype"] for entry in header["tensors"].values()}))
    lines = [f"{path.name}: a bupose network, format {header['format']}, {path.stat().st_size / 1e6:.1f} MB"]
    lines.append(f"  tensors: {len(entries)}, {numbers / 1e6:.2f} million numbers of {kinds}")
    for key, value in config.to_dict().items():
        if key == "activations":
            value = f"of {counted(len(value), 'convolution')}, for 8 bits"
        elif key == "skeleton":
            joints = ", ".join(value["joints"])
            many, limbs = counted(len(value["joints"]), "joint"), counted(len(value["limbs"]), "limb")
            value = f"{value['name']}, {many} ({joints}), {limbs}"
        elif isinstance(value, dict):
            value = ", ".join(f"{k} {v}" for k, v in value.items()) or "defaults"
        lines.append(f"  {key.replace('_', ' ')}: {' '.join(str(value).split())}")
    return "\n".join(lines)


def check_tensors(net: torch.nn.Module, tensors: Mapping[str, torch.Tensor], source: str) -> None:
    """Check tensors against a network: none missing or unexpected, equal shapes and dtypes, finite.

    Raises
    ------
    WeightsError
        Names the number of mismatches, and the first ones.
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
    nonsense = [name for name in tensors if tensors[name].is_floating_point() and not tensors[name].isfinite().all()]
    parts = [
        _first_few("missing", [name for name in own if name not in shared]),
        _first_few("unexpected", [name for name in tensors if name not in shared]),
        _first_few("of another shape", wrong),
        _first_few("of another type", kinds),
        _first_few("with numbers that are NaN or infinite", nonsense),
    ]
    if any(parts):
        raise WeightsError(
            f"the tensors of {shown(source, 300)} are not those of its network: {'; '.join(filter(None, parts))}; "
            f"{len(shared) - len(wrong) - len(kinds)} of {len(own)} fit"
        )


def _first_few(what: str, names: list[str]) -> str:
    more = ", …" if len(names) > 3 else ""
    return f"{len(names)} {what} ({', '.join(names[:3])}{more})" if names else ""


def _one_line(problem: Exception) -> str:
    return " ".join(str(problem).split())


def _product(shape: list[int]) -> int:
    return int(torch.Size(shape).numel())
