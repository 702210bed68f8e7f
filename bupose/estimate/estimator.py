"""The estimator: a network, its codec and preprocessing."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from bupose import kernels, methods, weights
from bupose.annotations.categories import CategoryOptions
from bupose.errors import OptionsError
from bupose.estimate.crops.finders import Finder
from bupose.estimate.crops.options import CropsOptions
from bupose.estimate.crops.pipeline import CropsPipeline
from bupose.estimate.crops.start import input_shape, one_by_one
from bupose.estimate.key_frames import KeyFrames
from bupose.estimate.options import REFINE_MOST, NetworkOptions, read_tiles
from bupose.estimate.pipeline import Pipeline
from bupose.estimate.preprocess import View
from bupose.estimate.stream import Estimate, Failure, Picture, Series, Stream, are_many, open_photo
from bupose.estimate.windows import SMALL, SMALL_IN_VIDEOS
from bupose.images import MAX_PIXELS, Photo
from bupose.machine import count_threads
from bupose.maps import Maps
from bupose.media.sources import Frame
from bupose.methods import Codec
from bupose.methods.options import read_options
from bupose.methods.trace import Trace
from bupose.nn.config import PreprocessOptions
from bupose.options import choose, from_dict
from bupose.people import People
from bupose.runtimes.network import Network
from bupose.runtimes.start import start

if TYPE_CHECKING:
    from bupose.nn.model import PoseNet

HEIGHT = 368  # network pixels; the training size of most published networks


class Estimator:
    """Finds people in pictures: ``estimator(image)`` gives People in the picture's own pixels.

    Parameters
    ----------
    net : PoseNet, path of a network file (also an exported one), or any :class:`bupose.runtimes.network.Network`
    height : int, optional
        Pictures are resized to this height, network pixels; by default the network's own, else 368.
    longest : int, optional
        The longer side is at most this, network pixels; by default 8 times the height.
    scales : sequence of floats, optional
        Scales, relative to ``height``, whose maps are averaged on the grid of the largest; by default the network's
        own, else [1].
    flip : bool
        Average with the maps of the mirrored picture.
    refine : bool, optional
        Run the network again on enlarged crops of small people; by default in video files only.
    refine_most : float
        Pixels of all crops of a picture, at most, as a multiple of those of the first pass and its tiles.
    refine_below : float, optional
        Small is below this share of the network's input height; by default 0.43, or 0.25 where ``refine`` is not given.
    tiles : "off", "auto" or float
        Run the network again on overlapping tiles: at full resolution if there are 20 megapixels or more, or at this
        many times the scale of the first pass.
    batch : int
        Pictures of one size per forward pass.
    decoder : mapping, optional
        Decoder options that replace the network's.
    threads : int, optional
        Threads for the network, reading and grouping; by default as many as torch uses, or one per core.
    max_pixels : int
        Larger files are refused.
    runtime : "auto", "torch", "onnx" or "openvino"
        Runtime of bupose's own network files; auto is the fastest that is installed. Networks in memory run in torch,
        exported ones in their own runtime.
    precision : "auto", "float32", "bfloat16" or "float16"
        Auto is 8 bits on processors where they are faster, at a negligible loss of accuracy, else float32.
    mode : "whole" or "crops"
        Crops: people are found first, and ``net``, for one person, looks at each.
    boxes : path, name or Finder, optional
        Where people are, as for :func:`bupose.estimate.crops.finders.open_finder`.
    crops : CropsOptions, optional
    device, channels_last, compile
        As for :class:`bupose.runtimes.torch_network.TorchNetwork`.

    Raises
    ------
    OptionsError
        An option out of its range, or a device that is not there.
    WeightsError, DependencyError
        The file is not a bupose network, or needs a package that is not installed.
    """

    def __init__(
        self,
        net: PoseNet | Network | str | Path,
        *,
        height: int | None = None,
        longest: int | None = None,
        scales: Sequence[float] | None = None,
        flip: bool = False,
        refine: bool | None = None,
        refine_most: float = REFINE_MOST,
        refine_below: float | None = None,
        tiles: str | float = "off",
        mode: str = "whole",
        boxes: str | Path | Finder | None = None,
        crops: CropsOptions | None = None,
        batch: int = 8,
        decoder: Mapping[str, Any] | None = None,
        threads: int | None = None,
        max_pixels: int = MAX_PIXELS,
        device: str = "auto",
        precision: str = "auto",
        channels_last: bool = True,
        compile: bool = False,
        runtime: str = "auto",
    ) -> None:
        scales = list(scales) if isinstance(scales, Sequence) and not isinstance(scales, str) else scales
        chosen = NetworkOptions(height=height, longest=longest, scales=scales, flip=flip, refine=refine,
                                refine_most=refine_most, refine_below=refine_below, tiles=str(tiles), batch=batch,
                                threads=threads, max_pixels=max_pixels, mode=mode,
                                boxes=str(boxes) if isinstance(boxes, (str, Path)) else None,
                                crops=crops or CropsOptions())  # fmt: skip
        self.max_pixels, self.threads = chosen.max_pixels, chosen.threads or count_threads()
        net = start(net, device, precision, channels_last, compile, chosen.threads, runtime)
        told = from_dict(PreprocessOptions, net.preprocess, "preprocess")
        self.batch = chosen.batch
        method = methods.get(net.method)
        target: Any = from_dict(method.Target, net.target, "target")
        codec = method(net.skeleton, net.grid, target, read_options(method.Decoder, net.decoder, decoder or {}))
        scales = sorted(chosen.scales or told.scales or [1.0], reverse=True)
        unit = told.height or HEIGHT
        budget = chosen.refine_most if chosen.refine else 0
        below = chosen.refine_below or (SMALL_IN_VIDEOS if chosen.refine is None else SMALL)
        shift = 0.0 if told.first_cell is None else net.grid.offset - told.first_cell
        once = not (chosen.refine or read_tiles(chosen.tiles) or len(scales) > 1)
        fits = method.fitted or (method.single and told.width and once)
        shape = input_shape(told, chosen.height, net.multiple) if fits else None
        if shape and chosen.mode == "whole" and not once:
            raise OptionsError(
                f"this network of method {net.method} takes pictures of {shape[0]}x{shape[1]} px alone; leave out "
                "refine, tiles and scales, or give mode=crops"
            )
        self.pipeline = Pipeline(net, codec, chosen.height or unit, chosen.longest, scales, flip, unit, budget, below,
                                 read_tiles(chosen.tiles), shape, shift)  # fmt: skip
        self._refine_videos = chosen.refine_most if chosen.refine is None else budget
        if chosen.mode == "crops":
            same: dict[str, Any] = {"device": device, "precision": precision, "runtime": runtime,
                                    "threads": chosen.threads, "longest": chosen.longest, "refine": refine,
                                    "refine_most": chosen.refine_most, "refine_below": refine_below,
                                    "tiles": tiles}  # fmt: skip
            self.pipeline = one_by_one(self.pipeline, told, chosen.height, boxes, chosen.crops,
                                       lambda path: Estimator(path, **same).pipeline, device, self.threads)  # fmt: skip
        self.category = from_dict(CategoryOptions, net.category, "category")

    @property
    def codec(self) -> Codec:
        """Decodes the network's maps into people."""
        return self.pipeline.codec

    @property
    def network(self) -> Network:
        """What runs."""
        return self.pipeline.network

    @property
    def decoder(self) -> Any:
        """Decoder options of the network's method."""
        return self.codec.decoder

    def with_decoder(self, **values: Any) -> Estimator:
        """A copy that shares the network, with some decoder options changed."""
        return self._with_codec(self.codec.with_decoder(**values))

    def _with_codec(self, codec: Codec) -> Estimator:
        other = copy.copy(self)
        other.pipeline = replace(self.pipeline, codec=codec)
        return other

    def for_videos(self) -> Estimator:
        """As frames of video files are seen: with a second look at small people, unless ``refine`` is given.

        A frame of :func:`bupose.media.open_media` is seen so by itself; pictures that are a video need to be told.
        """
        other = copy.copy(self)
        other.pipeline = self.pipeline.refining(self._refine_videos)
        return other

    def pipeline_of(self, source: object) -> Pipeline:
        """The pipeline of a picture; cameras and streams are photos here, as their frames should not wait."""
        of_file = isinstance(source, Frame) and source.video is not None and not source.video.live
        return (self.for_videos() if of_file else self).pipeline

    def showing_everybody(self) -> Estimator:
        """As :meth:`bupose.methods.Codec.showing_everybody`."""
        return self._with_codec(self.codec.showing_everybody())

    @overload
    def __call__(self, image: Picture) -> People: ...
    @overload
    def __call__(self, image: Series) -> list[People]: ...
    def __call__(self, image: Picture | Series) -> People | list[People]:
        """People of a picture, in its own pixels, or a list of them for several pictures.

        Parameters
        ----------
        image : path, bytes of a file, array (H, W, 3) in RGB, tensor, or PIL.Image.Image
            As :func:`bupose.images.from_memory` takes them. A list, tuple or generator of such, or what
            :func:`bupose.media.open_media` gives, is a series, which must be finite.

        Raises
        ------
        InputError
            A file that cannot be read, or an array that is not a picture.
        """
        if are_many(image):
            return [_people(estimate) for estimate in self.stream(image)]
        photo, pipeline = self._open(image), self.pipeline_of(image)
        look = pipeline.look([pipeline.plan(photo, image)], [photo], sources=[image])[0]
        return pipeline.people(look)

    def stream(
        self, sources: Iterable[Picture], *, keep_images: bool = False, keep_fields: bool = False,
        in_order: bool = True, look_every: int = 1,
    ) -> Stream | KeyFrames:  # fmt: skip
        """Process any number of pictures.

        Pictures are read ahead in threads and batched by size; a batch is grouped while the network runs on the next.

        Parameters
        ----------
        sources : iterable of pictures, each as for a call, or what :func:`bupose.media.open_media` gives
        keep_images, keep_fields : bool
            Return the photo, or the averaged maps, with each estimate.
        in_order : bool
            Keep the order of the sources; else return each as soon as it is done.
        look_every : int
            The network looks at each n-th frame of video files; optical flow carries people on from there.

        Yields
        ------
        Estimate or Failure
            A Failure for a picture that cannot be read; the others continue.
        """
        if look_every > 1:
            return KeyFrames(self, sources, look_every, keep_images, keep_fields)
        return Stream(self, sources, keep_images, keep_fields, in_order)

    def fields(self, image: Picture) -> Maps:
        """The network's maps of a whole picture, averaged over scales and flip, in network pixels.

        ``image`` and errors are those of a call; :meth:`matrix` maps the picture's pixels to the network's.
        """
        views = self._views(image)
        return self.pipeline.merge(self.pipeline.run([views])[0], views)

    def explain(self, image: Picture) -> Trace:
        """Every step of a picture's grouping, in network pixels; ``image`` and errors are those of a call."""
        return self.codec.explain(self.fields(image))

    def matrix(self, image: Picture) -> np.ndarray:
        """float64 (2, 3): the picture's pixels to the network's; ``image`` and errors are those of a call."""
        return self._views(image)[0].matrix

    def _open(self, image: object) -> Photo:
        return open_photo(image, self.pipeline_of(image).least, self.max_pixels)

    def _views(self, image: object) -> list[View]:
        if isinstance(self.pipeline, CropsPipeline):
            raise OptionsError(
                "with mode=crops there are no maps of a whole picture; for those of a crop, give the cut picture to an "
                "estimator without mode=crops"
            )
        return self.pipeline.plan(self._open(image))


def load(name_or_path: str | Path | None = None, *, accept_license: bool = False, **options: Any) -> Estimator:
    """An estimator from a network file, also an exported one, or the name of a published network.

    Where the grouping's kernels are not yet compiled, another process begins to do so, see
    :func:`bupose.kernels.compile_apart`.

    Parameters
    ----------
    name_or_path : str or path, optional
        By default the network shipped with bupose.
    accept_license : bool
        Accept the licence of a non-commercial network.
    **options
        Those of :class:`Estimator`.

    Raises
    ------
    WeightsError
        No such file or name, a damaged file, a failed download, or a licence not accepted.
    OptionsError
        An option out of its range, or that is none.
    """
    known = [name for name, one in signature(Estimator).parameters.items() if one.kind is one.KEYWORD_ONLY]
    for name in options:
        choose(name, known, "an option of the estimator")
    path = weights.resolve(name_or_path, accept_license)
    kernels.compile_apart()
    return Estimator(path, **options)


def _people(estimate: Estimate | Failure) -> People:
    if isinstance(estimate, Failure):
        raise estimate.problem
    return estimate.people
