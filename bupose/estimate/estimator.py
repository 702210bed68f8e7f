"""A network, its codec and how to feed it: from pictures to people."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from bupose import geometry, methods, weights
from bupose.annotations.categories import CategoryOptions
from bupose.errors import OptionsError
from bupose.estimate.averaging import join_views
from bupose.estimate.options import NetworkOptions
from bupose.estimate.preprocess import Prepared, network_size, prepare
from bupose.estimate.stream import Estimate, Stream, are_many, open_photo
from bupose.images import MAX_PIXELS, Photo
from bupose.maps import Maps
from bupose.methods.options import everybody, read_options
from bupose.nn.model import PoseNet, PreprocessOptions
from bupose.options import from_dict
from bupose.people import People
from bupose.runtimes.network import Network
from bupose.runtimes.start import start

HEIGHT = 368  # network pixels; what most published networks were trained at
MOST_PIXELS = 32_000_000  # that a network sees at once; a MobileNet takes some 200 bytes for each, a VGG 1000


class Estimator:
    """Finds people in pictures: ``estimator(image)`` gives People in the picture's own pixels.

    Parameters
    ----------
    net : PoseNet, path of a network file (also an exported one), or any :class:`bupose.runtimes.network.Network`
    height : int, optional
        Pictures are resized to it, network pixels; by default what the network says, else 368.
    longest : int, optional
        The longer side is at most this, network pixels; by default 8 times the height.
    scales : sequence of floats, optional
        Sizes, relative to ``height``, whose fields are averaged, on the grid of the largest; by default what the
        network says, else 1 alone.
    flip : bool
        Average with the fields of the mirrored picture.
    batch : int
        Pictures of one size that go through the network together.
    decoder : mapping, optional
        Decode options that differ from the network's.
    threads : int, optional
        For reading pictures, for grouping and for an exported network; by default as many as torch uses.
    max_pixels : int
        Larger files are refused.
    device, precision, channels_last, compile
        As for :class:`bupose.runtimes.network.TorchNetwork`; an exported network knows fewer devices, no ``compile``,
        and only OpenVINO another precision.

    Raises
    ------
    OptionsError
        An option out of its range, or a device that is not there.
    WeightsError, DependencyError
        The file is no network of bupose's, or needs a package that is not installed.
    """

    def __init__(
        self,
        net: PoseNet | Network | str | Path,
        *,
        height: int | None = None,
        longest: int | None = None,
        scales: Sequence[float] | None = None,
        flip: bool = False,
        batch: int = 8,
        decoder: Mapping | None = None,
        threads: int | None = None,
        max_pixels: int = MAX_PIXELS,
        device: str = "auto",
        precision: str = "float32",
        channels_last: bool = True,
        compile: bool = False,
    ) -> None:
        scales = list(scales) if isinstance(scales, Sequence) and not isinstance(scales, str) else scales
        chosen = NetworkOptions(height=height, longest=longest, scales=scales, flip=flip, batch=batch, threads=threads,
                                max_pixels=max_pixels)  # fmt: skip
        self.max_pixels, self.threads = chosen.max_pixels, chosen.threads or torch.get_num_threads()
        self.network = net = start(net, device, precision, channels_last, compile, self.threads)
        told = from_dict(PreprocessOptions, net.preprocess, "preprocess")
        self.height = chosen.height or told.height or HEIGHT
        self.scales = sorted(chosen.scales or told.scales or [1.0], reverse=True)
        self.longest, self.flip, self.batch = chosen.longest, flip, chosen.batch
        method = methods.get(net.method)
        target = from_dict(method.Target, net.target, "target")
        self.codec = method(net.skeleton, net.grid, target, read_options(method.Decoder, net.decoder, decoder or {}))
        self.category = from_dict(CategoryOptions, net.category, "category")

    @property
    def decoder(self):
        """How people are read out of maps: decode options of the network's method."""
        return self.codec.decoder

    def with_decoder(self, **values) -> Estimator:
        """The same estimator, its network shared, with some decode options changed."""
        other = copy.copy(self)
        other.codec = self.codec.with_decoder(**values)
        return other

    def showing_everybody(self) -> Estimator:
        """The same estimator without the thresholds that leave people and joints out, as average precision is meant."""
        return self.with_decoder(**everybody(type(self.decoder)))

    def __call__(self, image) -> People | list[People]:
        """People of a picture, in its own pixels, or a list of them for a series of pictures.

        Parameters
        ----------
        image : path, bytes of a file, array (H, W, 3) in RGB, tensor, or PIL.Image.Image
            As :func:`bupose.images.from_memory` takes them. A list, tuple or generator of such, or what
            :func:`bupose.media.open_media` gives, is a series, which must have an end.

        Raises
        ------
        InputError
            A file that cannot be read, or an array that is no such picture.
        """
        if are_many(image):
            return [_checked(estimate).people for estimate in self.stream(image)]
        views = self._views(image)
        people = self.codec.decode(self.merge(self.run([views])[0]))
        return people.transform(geometry.invert(views[0].matrix))

    def stream(
        self, sources: Iterable, *, keep_images: bool = False, keep_fields: bool = False, in_order: bool = True
    ) -> Stream:
        """Go through any number of pictures.

        Pictures are read ahead in threads and batched with others of their size; those of one batch are grouped while
        the network works on the next.

        Parameters
        ----------
        sources : iterable of pictures, each as for a call, or what :func:`bupose.media.open_media` gives
        keep_images, keep_fields : bool
            Give the photo, the averaged fields, with each estimate.
        in_order : bool
            In the order of the sources; else each as soon as it is done.

        Yields
        ------
        Estimate
            With ``problem`` instead of ``people`` where a picture cannot be read: the others go on.
        """
        return Stream(self, sources, keep_images, keep_fields, in_order)

    def fields(self, image) -> Maps:
        """What the network says of a picture, averaged over scales and flip, in network pixels.

        ``image`` and errors are those of a call; :meth:`matrix` carries the picture's pixels to the network's.
        """
        return self.merge(self.run([self._views(image)])[0])

    def explain(self, image):
        """Every step of a picture's grouping, in network pixels; ``image`` and errors are those of a call."""
        return self.codec.explain(self.fields(image))

    def matrix(self, image) -> np.ndarray:
        """float64 (2, 3): the picture's pixels to the network's; ``image`` and errors are those of a call."""
        return self._views(image)[0].matrix

    def _views(self, image) -> list[Prepared]:
        return self.prepare(open_photo(image, self.least, self.max_pixels))

    # --- the steps of a stream ---

    @property
    def least(self) -> int:
        """Pixels that the sides of a photo should keep when it is decoded at a fraction of its size."""
        return round(self.height * self.scales[0])

    def prepare(self, photo: Photo) -> list[Prepared]:
        """The photo at each scale, the largest first."""
        sizes = [
            network_size(photo.size, max(1, round(self.height * s)), self.longest and max(1, round(self.longest * s)))
            for s in self.scales
        ]
        width, height = max(sizes)
        if width * height > MOST_PIXELS:
            raise OptionsError(
                f"a picture of {photo.size[0]}x{photo.size[1]} px would get {width}x{height} px for the network; "
                f"at most {MOST_PIXELS:,} of them are possible: lower height, scales or longest"
            )
        return [prepare(photo, size, self.network.multiple, self.network.pad) for size in sizes]

    def run(self, pictures: Sequence[Sequence[Prepared]]) -> list[list[tuple[Maps, np.ndarray]]]:
        """The network on pictures of one shape: for each, every view's fields, without the padding, and matrix."""
        seen: list[list] = [[] for _ in pictures]
        for views in zip(*pictures, strict=True):
            pixels = np.stack([view.pixels for view in views])
            for mirrored in (False, True) if self.flip else (False,):
                said = self._pass(np.ascontiguousarray(pixels[:, :, ::-1]) if mirrored else pixels)
                for n, view in enumerate(views):
                    arrays = {spec.name: one[n] for spec, one in zip(self.codec.specs, said, strict=True)}
                    maps = self.codec.maps(arrays)
                    seen[n].append(((maps.flip() if mirrored else maps).crop(*view.size), view.matrix))
        return seen

    def _pass(self, pixels: np.ndarray) -> tuple[np.ndarray, ...]:
        """The network on as many pictures at once as its memory may be asked for."""
        many = max(1, MOST_PIXELS // (pixels.shape[1] * pixels.shape[2]))
        if many >= len(pixels):
            return self.network(pixels)
        parts = [self.network(pixels[n : n + many]) for n in range(0, len(pixels), many)]
        return tuple(np.concatenate(maps) for maps in zip(*parts, strict=True))

    def merge(self, seen: Sequence[tuple[Maps, np.ndarray]]) -> Maps:
        """One picture's fields, averaged over its views, on the grid of the first."""
        return seen[0][0] if len(seen) == 1 else join_views(seen)


def load(name_or_path: str | Path | None = None, *, accept_license: bool = False, **options) -> Estimator:
    """An estimator from a network file, exported ones too, or from a published network's name.

    Parameters
    ----------
    name_or_path : str or path, optional
        By default the network that comes with bupose.
    accept_license : bool
        You have read and accept a non-commercial network's licence.
    **options
        Those of :class:`Estimator`.

    Raises
    ------
    WeightsError
        No such file or name, a damaged file, no network to download it, or a licence not accepted.
    OptionsError
        An option out of its range.
    """
    return Estimator(weights.resolve(name_or_path, accept_license), **options)


def _checked(estimate: Estimate) -> Estimate:
    if estimate.problem is not None:
        raise estimate.problem
    return estimate
