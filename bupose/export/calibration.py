"""Pictures that show a network what is to come: they set the steps of 8 bits, and test an export."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from bupose.errors import InputError, OptionsError
from bupose.estimate.estimator import HEIGHT
from bupose.estimate.preprocess import network_size, prepare
from bupose.images import Photo, read
from bupose.media import find_pictures
from bupose.nn.model import PoseNet
from bupose.paths import expand
from bupose.runtimes.network import pad_color
from bupose.synthetic.draw import draw_scene

_LOG = logging.getLogger(__name__)


def calibration_pictures(net: PoseNet, folder: str | Path | None = None, count: int = 100) -> list[np.ndarray]:
    """Pictures as the network takes them, each uint8 (1, H, W, 3), RGB.

    Parameters
    ----------
    net : PoseNet
    folder : path, optional
        Of photos, spread evenly over its pictures; without it scenes are drawn.
    count : int
        At most this many.

    Raises
    ------
    InputError
        No such folder, or no picture in it that can be read.
    OptionsError
        The count is not above 0.
    """
    return prepare_all(net, calibration_photos(folder, count))


def calibration_photos(folder: str | Path | None = None, count: int = 100) -> Iterator[Photo]:
    """The photos of :func:`calibration_pictures`; arguments and errors are the same."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise OptionsError(f"pictures is {count!r}; give a whole number above 0")
    photos = _draw(count) if folder is None else _read(expand(folder), count)
    first = next(photos, None)
    if first is None:
        raise InputError(f"no picture in {str(folder)!r} can be read; give a folder of photos like those to come")
    yield first
    yield from photos


def prepare_all(net: PoseNet, photos: Iterable[Photo]) -> list[np.ndarray]:
    """Photos as the network takes them, each uint8 (1, H, W, 3), RGB."""
    height, pad = net.config.preprocess.get("height") or HEIGHT, pad_color(net.normalisation)
    return [prepare(p, network_size(p.size, height), net.multiple, pad).pixels[None] for p in photos]


def _draw(count: int) -> Iterator[Photo]:
    for seed in range(count):
        yield Photo.whole(draw_scene(seed, (496, 368), options="training").image)


def _read(folder: Path, count: int) -> Iterator[Photo]:
    files = [file for file, _ in find_pictures(folder)]
    for n in range(min(count, len(files))):
        try:
            yield read(files[n * len(files) // min(count, len(files))])
        except InputError as problem:  # others will do
            _LOG.warning("left out: %s", problem)
