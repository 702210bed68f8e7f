"""Which network runs, and how: what can be chosen wherever pictures go through one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bupose.errors import OptionsError
from bupose.images import MAX_PIXELS
from bupose.methods import DecoderOverrides
from bupose.methods.options import given
from bupose.options import check, option, shown

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")


def chosen(decoder: DecoderOverrides, completed: bool) -> dict[str, Any]:
    """The decode options that were chosen."""
    return given(decoder) | ({} if completed else {"completion": False})


@dataclass
class NetworkOptions:
    """Which network runs, and how: the same for inference and evaluation.

    Parameters
    ----------
    weights : path or name
        A network file or the name of a published network; null is the network that comes with bupose.
    accept_license : bool
        You have read and accept a non-commercial network's licence.
    height : int
        Pictures are resized to this height, network pixels; null is what the network says, else 368.
    longest : int
        The longer side is at most this, network pixels; null is no limit.
    scales : list of float
        Sizes, relative to height, whose fields are averaged; null is what the network says, else 1 alone.
    flip : bool
        Average with the fields of the mirrored picture.
    batch : int
        Pictures of one size that go through the network together.
    max_pixels : int
        Larger files are refused, one by one, before memory is taken for them.
    device : auto, cpu, cuda, cuda:N or mps
    precision : auto, float32, bfloat16 or float16
        Auto loses nothing: float32, or an .onnx file's own. bfloat16 is faster on some processors, and costs accuracy.
    threads : int
        Of torch and of the grouping; null is torch's own choice.
    completed : bool
        Keep joints without a peak of their own; false is decoder.completion=false.
    decoder.* : see DecodeOptions
        null keeps what the network says.
    """

    weights: str | None = option(None, path=True)
    accept_license: bool = option(False)
    height: int | None = option(None, 8, 10_000)
    longest: int | None = option(None, 8, 100_000)
    scales: list[float] | None = option(None, 0.05, 20, least=1, most=16)
    flip: bool = option(False)
    batch: int = option(8, 1, 1024)
    max_pixels: int = option(MAX_PIXELS, 1, 10**12)
    device: str = option("auto")
    precision: str = option("auto", among=PRECISIONS)
    threads: int | None = option(None, 1, 1024)
    completed: bool = option(True)
    decoder: DecoderOverrides = field(default_factory=DecoderOverrides)

    def __post_init__(self) -> None:
        check(self)
        if self.device.split(":")[0] not in DEVICES:
            raise OptionsError(f"device is {shown(self.device)}; choose one of {', '.join(DEVICES)}, or cuda:N")

    def for_estimator(self) -> dict[str, Any]:
        """The options that :class:`bupose.estimate.Estimator` takes."""
        names = ("height", "longest", "scales", "flip", "batch", "max_pixels", "device", "precision", "threads")
        return {name: getattr(self, name) for name in names} | {"decoder": chosen(self.decoder, self.completed)}
