"""Network options, shared by all commands that run one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bupose.errors import OptionsError
from bupose.estimate.crops.options import CropsOptions
from bupose.images import MAX_PIXELS
from bupose.methods import DecoderOverrides
from bupose.methods.options import given
from bupose.options import Needs, check, check_needs, option, shown
from bupose.runtimes.start import NAMES

MODES = ("whole", "crops")
DEVICES = ("auto", "cpu", "cuda", "mps")
REFINE_MOST = 4.0  # on COCO a second look takes 0.4 times the pixels of the first, on average
PRECISIONS = ("auto", "float32", "bfloat16", "float16")


def chosen(decoder: DecoderOverrides, completed: bool) -> dict[str, Any]:
    """The decoder options that were set."""
    return given(decoder) | ({} if completed else {"completion": False})


_CROPS = Needs(lambda o: o.mode == "crops", "people are looked for in whole pictures; add mode=crops")
_CLOSER = Needs(lambda o: o.refine is not False, "refine=false leaves out the second look; leave out one of the two")
NEEDS = {"boxes": _CROPS, "crops": _CROPS, "refine_most": _CLOSER, "refine_below": _CLOSER}


@dataclass
class NetworkOptions:
    """Network options, shared by inference and evaluation.

    Parameters
    ----------
    weights : path or name
        A network file or the name of a published network; null is the network shipped with bupose.
    accept_license : bool
        Accept the licence of a non-commercial network.
    height : int
        Pictures are resized to this height, network pixels; null is the network's own, else 368.
    longest : int
        The longer side is at most this, network pixels; null is no limit.
    scales : list of float
        Scales, relative to height, whose maps are averaged; null is the network's own, else [1].
    flip : bool
        Average with the maps of the mirrored picture.
    refine : bool
        Run the network again on enlarged crops of small people; null does so in video files only.
    refine_most : float
        Pixels of all crops of a picture, at most, as a multiple of those of the first pass and its tiles; the surest
        people come first.
    refine_below : float
        Small is below this share of the network's input height; null is 0.43, or 0.25 where refine is null.
    tiles : off, auto or float
        Run the network again on overlapping tiles, for people who are tiny in a large photo: auto at full resolution,
        where there are 20 megapixels or more; a number at that many times the scale of the first pass.
    batch : int
        Pictures of one size per forward pass.
    max_pixels : int
        Larger files are refused, one by one, before they are decoded.
    mode : whole or crops
        Crops: people are found first, and a network for one person looks at each (docs/top_down.md). Then height and
        flip are those of crops; longest, refine and tiles those of the bottom-up network that finds people.
    boxes : path or name
        Of mode=crops, where people are: a bottom-up network, boxes in COCO's format (.json), or a detector (.onnx);
        null is the network shipped with bupose.
    crops.* : see CropsOptions
    device : auto, cpu, cuda, cuda:N or mps
    runtime : auto, torch, onnx or openvino
        Auto is the fastest that is installed; bupose doctor shows it.
    precision : auto, float32, bfloat16 or float16
        Auto is 8 bits on processors where they are faster, at a negligible loss of accuracy, else float32.
    threads : int
        Threads of the network and of the grouping; null is one per core.
    completed : bool
        Keep joints completed without a peak; false is short for decoder.completion=false.
    decoder.* : see DecodeOptions
        null keeps the network's own.
    """

    weights: str | None = option(None, path=True)
    accept_license: bool = option(False)
    height: int | None = option(None, 8, 10_000)
    longest: int | None = option(None, 8, 100_000)
    scales: list[float] | None = option(None, 0.05, 20, least=1, most=16)
    flip: bool = option(False)
    refine: bool | None = option(None)
    refine_most: float = option(REFINE_MOST, 0.1, 1000)
    refine_below: float | None = option(None, 0.01, 1)
    tiles: str = option("off")
    batch: int = option(8, 1, 1024)
    max_pixels: int = option(MAX_PIXELS, 1, 10**12)
    mode: str = option("whole", among=MODES)
    boxes: str | None = option(None, path=True)
    crops: CropsOptions = field(default_factory=CropsOptions)
    device: str = option("auto")
    runtime: str = option("auto", among=NAMES)
    precision: str = option("auto", among=PRECISIONS)
    threads: int | None = option(None, 1, 1024)
    completed: bool = option(True)
    decoder: DecoderOverrides = field(default_factory=DecoderOverrides)

    def __post_init__(self) -> None:
        check(self)
        if self.device.split(":")[0] not in DEVICES:
            raise OptionsError(f"device is {shown(self.device)}; choose one of {', '.join(DEVICES)}, or cuda:N")
        read_tiles(self.tiles)
        if self.mode == "crops" and self.scales:
            raise OptionsError("scales are of whole pictures; leave them out with mode=crops, or choose crops.margin")
        check_needs(self, NEEDS)

    def for_estimator(self) -> dict[str, Any]:
        """The options that :class:`bupose.estimate.Estimator` takes."""
        names = ("height", "longest", "scales", "flip", "refine", "refine_most", "refine_below", "tiles", "batch",
                 "max_pixels", "mode", "boxes", "crops", "device", "runtime", "precision", "threads")  # fmt: skip
        return {name: getattr(self, name) for name in names} | {"decoder": chosen(self.decoder, self.completed)}


def read_tiles(value: str) -> float | str:
    """What the option ``tiles`` means to a pipeline: 0, a number of times, or "auto"."""
    if value in ("off", "False"):  # YAML reads off as false
        return 0
    if value == "auto":
        return value
    try:
        times = float(value)
    except ValueError:
        times = 0
    if not 1 < times <= 1000:
        raise OptionsError(f"tiles is {shown(value)}; give off, auto, or a number over 1, at most 1000")
    return times
