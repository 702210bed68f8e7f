"""Setting up a pipeline of crops: a network for one person, and what finds people for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from bupose.errors import OptionsError
from bupose.estimate.crops.finders import Finder, open_finder
from bupose.estimate.crops.options import CropsOptions
from bupose.estimate.crops.pipeline import CropsPipeline
from bupose.estimate.pipeline import Pipeline
from bupose.estimate.windows import round_up
from bupose.nn.config import PreprocessOptions
from bupose.proportions import CROP_ASPECT

HEIGHT = 256  # of a crop, network pixels: that of most published networks for one person


def one_by_one(
    reader: Pipeline,
    told: PreprocessOptions,
    height: int | None,
    boxes: str | Path | Finder | None,
    options: CropsOptions,
    network: Callable[[Path], Pipeline],
    device: str,
    threads: int,
) -> CropsPipeline:
    """People found one by one.

    Parameters
    ----------
    reader : Pipeline
        Of the network for one person.
    told : PreprocessOptions
        What that network says of its input.
    height : int, optional
        Of crops, network pixels; by default the network's own, else 256.
    boxes, options, network, device, threads
        As for :func:`bupose.estimate.crops.finders.open_finder`.

    Raises
    ------
    OptionsError
        The network does not read one person.
    BuposeError
        Those of :func:`bupose.estimate.crops.finders.open_finder`.
    """
    check_reader(reader, options.crowd)
    own = {field.name: getattr(reader, field.name) for field in fields(Pipeline)}
    own["shape"] = input_shape(told, height, reader.network.multiple)
    return CropsPipeline(**own, finder=open_finder(boxes, options, network, device, threads), crops=options)


def input_shape(told: PreprocessOptions, height: int | None, multiple: int) -> tuple[int, int]:
    """Width and height of a network's input for one person: as it was trained, or as high as ``height``."""
    high = height or told.height or HEIGHT
    aspect = told.width / told.height if told.width and told.height else CROP_ASPECT
    return round_up(round(aspect * high), multiple), round_up(high, multiple)


def check_reader(reader: Pipeline, crowd: bool) -> None:
    """Check that a network reads one person.

    Raises
    ------
    OptionsError
        It reads many, or has no heatmaps for ``crowd``.
    """
    codec = reader.codec
    if not codec.single:
        raise OptionsError(
            f"mode=crops needs a network for one person (method=single or regression); this one's method is "
            f"{codec.name}: give another as weights=FILE (docs/top_down.md)"
        )
    names = [spec.name for spec in codec.specs]
    if crowd and "heat" not in names:
        raise OptionsError(f"crops.crowd needs heatmaps; this network gives {', '.join(names)}: leave it out")
