"""Importers of published networks: each reads one kind of file into a PoseNet."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from bupose.errors import WeightsError
from bupose.nn.model import PoseNet
from bupose.options import choose
from bupose.paths import expand
from bupose.weights import checkpoint
from bupose.weights.importers import authors, caffe, lightweight, movenet, openvino_ir
from bupose.weights.importers.torch_file import read_tensors

IMPORTERS: dict[str, Callable[[Path], PoseNet]] = {
    "openvino": openvino_ir.read_network,
    "lightweight": lightweight.read_network,
    "caffe": caffe.read_network,
    "movenet": movenet.read_network,
    **{name: partial(authors.read_network, kind=name) for name in authors.LAYOUTS},
    "bupose": checkpoint.load,
}

__all__ = ["IMPORTERS", "import_weights", "recognise"]


def import_weights(path: str | Path, kind: str | None = None) -> PoseNet:
    """Import a published network, in evaluation mode.

    Parameters
    ----------
    path : path
        An OpenVINO ``.xml`` or ``.bin`` (the other beside it), an OpenPose ``.caffemodel``, a checkpoint of lightweight
        OpenPose, Simple Baselines, HRNet, HigherHRNet or Stacked Hourglass, MoveNet MultiPose's tensors
        (``.safetensors``, under their TensorFlow names), or a bupose file.
    kind : str, optional
        A key of :data:`IMPORTERS`; by default detected from the content.

    Raises
    ------
    WeightsError
        The file is missing, damaged, or of an unknown kind or network.
    """
    path = expand(path)
    kind = recognise(path) if kind is None else kind
    choose(kind, IMPORTERS, "kind", WeightsError)
    return IMPORTERS[kind](path)


def recognise(path: str | Path) -> str:
    """The importer for a file, by its first bytes.

    Raises
    ------
    WeightsError
        The file is missing, or of an unknown kind.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as problem:
        raise WeightsError(f"cannot read {str(path)!r}: {problem.strerror}; check the path") from None
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"<?xml", b"<net")) or (path.suffix == ".bin" and path.with_suffix(".xml").is_file()):
        return "openvino"
    if start.startswith(b"PK\x03\x04") or start.startswith(b"\x80\x02"):  # torch.save: zip, or before 1.6 a pickle
        return authors.recognise(read_tensors(path)) or "lightweight"
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 1 << 32:  # safetensors
        return "movenet" if movenet.recognise(path) else "bupose"
    if start[:1] in (b"\x0a", b"\xa2") and len(start) > 2:  # caffe.proto's NetParameter: its name, or its first layer
        return "caffe"
    raise WeightsError(
        f"{str(path)!r} is of no kind that can be imported: OpenVINO .xml, OpenPose .caffemodel, "
        "a .pth of lightweight OpenPose, Simple Baselines, HRNet, HigherHRNet or Stacked Hourglass, "
        "MoveNet MultiPose .safetensors; give one of these"
    )
