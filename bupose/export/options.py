"""What can be chosen about an export; the schema of ``scripts/export.py``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bupose.methods import DecoderOverrides
from bupose.options import check, option


@dataclass
class ExportOptions:
    """Write a network as a file that runs without torch, or in half the size.

    Parameters
    ----------
    weights : path or name
        A network file or the name of a published network; null is the default network.
    average : list of paths or names
        Networks of the same kind; the mean of all their weights is written (a "model soup").
    output : path
        The file to write: .onnx, .xml with its .bin beside it, or .safetensors.
    format : onnx, openvino or bupose
        null goes by the output's suffix.
    precision : fp32, fp16, int12 or int8
        Of the stored weights; for ONNX and OpenVINO int8 means the activations, too. int12 is for bupose's own file.
    calibration : path
        Folder of photos like those to come, for int8 and for the comparison with torch; null draws scenes.
    pictures : int
        How many of them to use.
    accept_license : bool
        You have read and accept a non-commercial network's licence.
    note : dict
        Added to what the file says of its origin: licences, say.
    height, scales, decoder.* : see NetworkOptions and DecodeOptions
        What the written file says from then on of how it is run; null keeps what the network says.
    """

    weights: str | None = option(None, path=True)
    average: list[str] = option(list, path=True)
    output: str = option("model.onnx", path=True)
    format: str | None = option(None)
    precision: str = option("fp32")
    calibration: str | None = option(None, path=True)
    pictures: int = option(100, 1, 100_000)
    accept_license: bool = option(False)
    note: dict[str, Any] = option(dict)
    height: int | None = option(None, 8, 10_000)
    scales: list[float] | None = option(None, 0.05, 20, least=1, most=16)
    decoder: DecoderOverrides = field(default_factory=DecoderOverrides)

    def __post_init__(self) -> None:
        check(self)
