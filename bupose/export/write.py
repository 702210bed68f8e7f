"""Exported files: written beside their place, compared with torch there, and only then put into it."""

from __future__ import annotations

import copy
import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from bupose.atomic import workspace
from bupose.errors import BuposeError, DependencyError, OptionsError, WeightsError
from bupose.export.compare import Difference, compare
from bupose.export.observe import observe_activations
from bupose.nn.model import PoseNet
from bupose.options import choose
from bupose.paths import expand
from bupose.runtimes import onnx_file, openvino_file
from bupose.runtimes.start import start
from bupose.runtimes.torch_network import TorchNetwork
from bupose.weights.checkpoint import save

PRECISIONS = {  # what formats can have each
    "fp32": ("onnx", "openvino", "bupose"),
    "fp16": ("onnx", "openvino", "bupose"),
    "int12": ("bupose",),
    "int8": ("onnx", "openvino", "bupose"),
}
COMPARED = 4  # pictures
TOLERANCE = 1e-3  # between float32 networks, of the fields' range; rounding alone gives 1e-5


class Export(NamedTuple):
    """The files written, and how far they are from torch."""

    files: tuple[Path, ...]
    difference: Difference

    def __str__(self) -> str:
        size = sum(file.stat().st_size for file in self.files) / 1e6
        return f"wrote {' and '.join(map(str, self.files))}, {size:.1f} MB; {self.difference}"


def export_network(
    net: PoseNet,
    output: str | Path,
    pictures: Sequence[np.ndarray],
    format: str | None = None,
    precision: str = "fp32",
) -> Export:
    """Write a network as a file that :func:`bupose.load` runs: for another runtime, or in half the size.

    Parameters
    ----------
    net : PoseNet
    output : path
        Folders on the way are made.
    pictures : sequence of uint8 arrays (1, H, W, 3)
        For the comparison with torch, and for the steps of 8 bits; see :func:`calibration_pictures`.
    format : str, optional
        A key of :data:`FORMATS`; by default the one of the output's suffix.
    precision : fp32, fp16, int12 or int8

    Returns
    -------
    Export
        With the difference of the first few pictures' fields from torch's.

    Raises
    ------
    OptionsError
        A format or precision that is not to be had, or a suffix that does not fit.
    DependencyError
        A package is missing.
    WeightsError
        The network cannot be exported, or the float32 file does not compute what torch does.
    InputError
        The file cannot be written.
    """
    output = expand(output)
    suffix, written = FORMATS[_check(output, format, precision)]
    with workspace(output) as folder:
        made = folder / f"network{suffix}"
        written(net, made, precision, pictures)
        difference = _compare(net, made, pictures[:COMPARED])
        if precision == "fp32" and not difference.largest <= TOLERANCE * difference.range:
            raise WeightsError(f"the export failed: {difference}; nothing was written")
        parts = sorted(folder.glob("network.*"), reverse=True)
        files = tuple(output.with_suffix(part.suffix) for part in parts)
        for part, file in zip(reversed(parts), reversed(files), strict=True):  # a .bin before its .xml
            os.replace(part, file)
    return Export(files, difference)


def write_onnx(net: PoseNet, path: Path, precision: str, pictures: Sequence[np.ndarray]) -> None:
    """An ``.onnx`` file with bupose's header in its metadata; in 8 bits for any processor."""
    _need("onnx")
    net = _observed(net, pictures) if precision == "int8" else net
    onnx_file.write_onnx(net, path, eight_bits=precision == "int8", half=precision == "fp16")


def write_openvino(net: PoseNet, path: Path, precision: str, pictures: Sequence[np.ndarray]) -> None:
    """An ``.xml`` file with bupose's header in its ``rt_info``, and a ``.bin``; in 8 bits for any processor."""
    _need("openvino")
    net = _observed(net, pictures) if precision == "int8" else net
    openvino_file.write_openvino(net, path, eight_bits=precision == "int8", half=precision == "fp16")


def write_bupose(net: PoseNet, path: Path, precision: str, pictures: Sequence[np.ndarray]) -> None:
    """A ``.safetensors`` like those of training; of half of the size or less, computed with in float32 still."""
    if precision == "fp16":
        net = copy.deepcopy(net)
        for parameter in net.parameters():
            if parameter.ndim > 1:  # biases and batch norms are small, and matter
                parameter.data = parameter.data.half()
    save(net, path, bits={"int8": 8, "int12": 12}.get(precision))


FORMATS: dict[str, tuple[str, Callable]] = {
    "onnx": (".onnx", write_onnx),
    "openvino": (".xml", write_openvino),
    "bupose": (".safetensors", write_bupose),
}


def _observed(net: PoseNet, pictures: Sequence[np.ndarray]) -> PoseNet:
    """A copy that knows what 8 bits need, from these pictures."""
    net = copy.copy(net)
    net.config = dataclasses.replace(net.config, activations=observe_activations(net, pictures))
    return net


def _compare(net: PoseNet, path: Path, pictures: Sequence[np.ndarray]) -> Difference:
    try:
        network = start(path, "cpu", threads=torch.get_num_threads())
    except DependencyError as problem:
        raise DependencyError(f"{problem}: the export is compared with torch in it") from None
    except BuposeError as problem:
        raise WeightsError(f"the export failed: {problem}") from None
    return compare(TorchNetwork(net, "cpu"), network, pictures)


def _check(output: Path, format: str | None, precision: str) -> str:
    """The format's name."""
    by_suffix = {suffix: name for name, (suffix, _) in FORMATS.items()}
    if format is not None:
        choose(format, FORMATS, "format")
    name = by_suffix.get(output.suffix) if format is None else format
    if name is None or FORMATS[name][0] != output.suffix:
        wanted = FORMATS[format][0] if format else " or ".join(by_suffix)
        raise OptionsError(f"output is {str(output)!r}; give a file name that ends in {wanted}")
    choose(precision, PRECISIONS, "precision")
    if name not in PRECISIONS[precision]:
        taken = [choice for choice, formats in PRECISIONS.items() if name in formats]
        wanted = " and ".join(PRECISIONS[precision])
        raise OptionsError(f"precision={precision} is for format={wanted}; {name} takes {' or '.join(taken)}")
    return name


def _need(package: str):
    """An optional package, or one sentence."""
    from importlib import import_module

    try:
        return import_module(package)
    except ImportError:
        raise DependencyError(f"this export needs {package}; pip install {package.split('.')[0]}") from None
