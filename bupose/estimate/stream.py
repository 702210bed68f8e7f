"""Streams of pictures: read ahead, batched by size, grouped while the network runs on the next batch."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import numpy as np

from bupose.errors import BuposeError, InputError
from bupose.estimate.closer import Look
from bupose.estimate.preprocess import View
from bupose.images import MAX_PIXELS, VIDEOS, Photo, from_memory, read
from bupose.images.files import FAULTS, PathLike, quote, reason
from bupose.images.picture import Content
from bupose.maps import Maps
from bupose.media.prefetch import read_ahead
from bupose.media.sources import Frame, Media
from bupose.people import People

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from bupose.estimate.estimator import Estimator
    from bupose.estimate.pipeline import Pipeline

Picture: TypeAlias = "PathLike | Content | np.ndarray | Tensor | Image | Frame | Photo"
Series: TypeAlias = "list[Any] | tuple[Any, ...] | Iterator[Any] | Media"
Kind = tuple[float | tuple[int, ...], ...]  # what can run together: ``refine``, and the shapes of a photo's views

HELD_BYTES = 500_000_000  # pictures waiting for others of their size
HELD_BATCHES = 4


@dataclass(frozen=True)
class Estimate:
    """The result for one picture.

    Parameters
    ----------
    source
        As given: a path, an array, a frame.
    people : People
        In the photo's pixels.
    size : (width, height)
        Of the photo, pixels.
    matrix : float64 array (2, 3)
        Photo pixels to network pixels.
    image : uint8 array (H, W, 3), RGB, optional
        The photo, if it was to be kept.
    look : Look, optional
        What the network said, if that was to be kept: people of other decode options come from it
        (:meth:`Pipeline.people`).
    carried : bool
        The network has not seen the picture: the people of the frame before were moved by optical flow.
    """

    source: Any
    people: People
    size: tuple[int, int]
    matrix: np.ndarray
    image: np.ndarray | None = None
    look: Look | None = None
    carried: bool = False

    @property
    def fields(self) -> Maps | None:
        """What the network said of the whole photo, in network pixels, if that was kept."""
        return None if self.look is None else self.look.maps


@dataclass(frozen=True)
class Failure:
    """A picture that could not be processed.

    Parameters
    ----------
    source
        As it was given.
    problem : BuposeError
        Why.
    """

    source: Any
    problem: BuposeError


@dataclass
class _Job:
    """A picture in progress."""

    source: Any
    pipeline: Pipeline
    photo: Photo | None = None  # if it is to be kept, and for closer looks
    size: tuple[int, int] = (0, 0)
    views: list[View] = field(default_factory=list)  # until the network has run
    result: Future[Estimate | Failure] = field(default_factory=Future)

    @classmethod
    def failed(cls, source: Any, pipeline: Pipeline, problem: BuposeError) -> _Job:
        job = cls(source, pipeline)
        job.result.set_result(Failure(source, problem))
        return job

    @property
    def kind(self) -> Kind:
        return self.pipeline.refine, *(view.pixels.shape for view in self.views)

    @property
    def held(self) -> int:
        kept = 0 if self.photo is None else self.photo.image.nbytes
        return sum(view.pixels.nbytes for view in self.views if not view.mirrored) + kept


class Stream(Iterator[Estimate | Failure]):
    """One run of an estimator over many pictures; iterate over it once.

    Parameters
    ----------
    estimator : Estimator
    sources : iterable of whatever :func:`open_photo` takes
    keep_images, keep_fields : bool
        Return them with each estimate.
    in_order : bool
        Else results come as soon as they are done, and the first batches are small to shorten the wait.
    """

    def __init__(
        self, estimator: Estimator, sources: Iterable[object], keep_images: bool = False, keep_fields: bool = False,
        in_order: bool = True,
    ) -> None:  # fmt: skip
        if isinstance(sources, (str, bytes, os.PathLike, Frame)) or getattr(sources, "ndim", 4) < 4:
            raise InputError("a stream takes many pictures; give them in a list, a single one in brackets: [picture]")
        if not isinstance(sources, Iterable):
            raise InputError(f"a stream takes a list or generator of pictures; got {type(sources).__name__}")
        self._estimator = estimator
        self._sources, self._in_order = sources, in_order
        self._keep_images, self._keep_fields = keep_images, keep_fields
        self._batch = estimator.batch if in_order else 1  # grows
        self._order: deque[_Job] = deque()
        self._waiting: dict[Kind, list[_Job]] = {}
        self._steps = self._go()

    def __next__(self) -> Estimate | Failure:
        return next(self._steps)

    def close(self) -> None:
        """Stop reading, and wait for pictures in progress."""
        self._steps.close()

    def drain(self) -> Iterator[Estimate | Failure]:
        """After :meth:`close` or an error: results that are done but not yet returned."""
        yield from self._finish_done()

    def _go(self) -> Generator[Estimate | Failure, None, None]:
        estimator, ahead = self._estimator, self._estimator.batch + 1
        with ThreadPoolExecutor(estimator.threads, "bupose-group") as self._pool:
            for job in read_ahead(self._open, self._sources, ahead, max(1, estimator.threads // 2)):
                self._order.append(job)
                if not job.result.done():
                    batch = self._waiting.setdefault(job.kind, [])
                    batch.append(job)
                    if len(batch) >= self._batch:
                        self._run(job.kind)
                        self._batch = min(2 * self._batch, estimator.batch)
                while self._full():
                    self._run(self._order[0].kind)  # the oldest has waited long enough
                    yield self._finish(self._order.popleft())
                yield from self._finish_done()
            for kind in list(self._waiting):
                self._run(kind)
                yield from self._finish_done()
            while self._order:
                yield self._finish(self._order.popleft())

    def _open(self, source: object) -> _Job:
        """Read and prepare a picture, in a reader thread."""
        pipeline = self._estimator.pipeline_of(source)
        try:
            least = None if self._keep_images else pipeline.least
            photo = open_photo(source, least, self._estimator.max_pixels)
            needed = self._keep_images or pipeline.looks_closer
            return _Job(source, pipeline, photo if needed else None, photo.size, pipeline.plan(photo, source))
        except BuposeError as problem:
            return _Job.failed(source, pipeline, problem)
        except FAULTS as problem:
            return _Job.failed(source, pipeline, InputError(f"cannot be read: {reason(problem)}"))

    def _full(self) -> bool:
        if not self._order or len(self._order) < 2:
            return False
        return len(self._order) > HELD_BATCHES * self._batch or sum(job.held for job in self._order) > HELD_BYTES

    def _run(self, kind: Kind) -> None:
        """Run the network on the waiting pictures of this kind, then group them in the pool."""
        jobs = self._waiting.pop(kind, [])
        if not jobs:
            return
        views, photos, sources = zip(*((job.views, job.photo, job.source) for job in jobs), strict=True)
        looks = jobs[0].pipeline.look(views, photos, self._pool.map, sources)
        for job, look in zip(jobs, looks, strict=True):
            job.views, job.photo = [], job.photo if self._keep_images else None
            job.result = self._pool.submit(self._decode, job, look)

    def _decode(self, job: _Job, look: Look) -> Estimate | Failure:
        image, kept = None if job.photo is None else job.photo.image, look if self._keep_fields else None
        return Estimate(job.source, job.pipeline.people(look), job.size, look.matrix, image, kept)

    def _finish_done(self) -> Iterator[Estimate | Failure]:
        """Finished results; in order, only up to the first unfinished one."""
        if self._in_order:
            while self._order and self._order[0].result.done():
                yield self._finish(self._order.popleft())
            return
        done: list[_Job] = []
        under_way: list[_Job] = []
        for job in self._order:
            (done if job.result.done() else under_way).append(job)
        self._order = deque([*done, *under_way])
        for _ in done:
            yield self._finish(self._order.popleft())

    @staticmethod
    def _finish(job: _Job) -> Estimate | Failure:
        try:
            return job.result.result()
        except FAULTS as problem:
            return Failure(job.source, InputError(f"its people cannot be grouped: {reason(problem)}"))


def open_photo(source: object, least: int | None = None, max_pixels: int = MAX_PIXELS) -> Photo:
    """One picture: a frame, the path of a file, a file's bytes, or what :func:`bupose.images.from_memory` takes.

    One that is open already stays as it is.

    Raises
    ------
    InputError
        It cannot be read, or is not a picture.
    """
    if isinstance(source, Photo):
        return source
    if isinstance(source, Frame):
        return source.read(least, max_pixels)
    if isinstance(source, (str, os.PathLike, bytes, bytearray, memoryview)):
        try:
            return read(source, least=least, max_pixels=max_pixels)
        except InputError as problem:
            raise InputError(_find_series(source) or str(problem)) from None
    if hasattr(source, "read"):
        raise InputError("an open file is not a picture; give its path, or its bytes: file.read()")
    if are_many(source):
        raise InputError("this is a series, not one picture; iterate over it, or over estimator.stream(…)")
    return Photo.whole(from_memory(source))


def _find_series(source: object) -> str:
    """The advice for a path that holds many pictures."""
    if not isinstance(source, (str, os.PathLike)):
        return ""
    path = Path(source)
    what = "a folder" if path.is_dir() else "a video" if path.is_file() and path.suffix.lower() in VIDEOS else ""
    return what and f"{quote(path)} is {what}; iterate over estimator.stream(bupose.media.open_media({quote(path)}))"


def are_many(sources: object) -> TypeGuard[Series]:
    """Whether this is a series of pictures: a list, tuple or generator, or the result of ``open_media``."""
    return isinstance(sources, (list, tuple, Iterator, Media)) and not hasattr(sources, "read")
