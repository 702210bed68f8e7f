"""Frames of videos, cameras and streams, with the video's numbering and times; missing frames are reported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bupose.errors import InputError
from bupose.images.camera import capture
from bupose.images.container import Container, to_rgb
from bupose.images.files import quote
from bupose.images.kinds import MAX_PIXELS
from bupose.machine import count_threads


@dataclass(frozen=True)
class VideoFrame:
    """A frame of a video.

    Parameters
    ----------
    number : int
        Index in the video, from 0; missing frames are counted.
    image : uint8 array (H, W, 3), RGB
        Upright, as the video's rotation flag says.
    time : float, seconds, optional
        When it is shown, from the video's beginning; of a camera, from its first frame.
    rate : float, optional
        Frames per second, if the video says.
    """

    number: int
    image: np.ndarray
    time: float | None
    rate: float | None


@dataclass(frozen=True)
class Clip:
    """A part of a video.

    Parameters
    ----------
    start, end : float, seconds, optional
        Frames from ``start`` on, and before ``end``.
    every : int
        Each n-th frame of the video.
    """

    start: float | None = None
    end: float | None = None
    every: int = 1


@dataclass(frozen=True)
class Video:
    """A video file, the URL of a stream, or the number of a camera.

    Parameters
    ----------
    source : Path, str or int
    clip : Clip
        The part of it that :meth:`frames` gives.
    threads : int, optional
        For decoding; None is those of numeric work.
    """

    source: Path | str | int
    clip: Clip = field(default_factory=Clip)
    threads: int | None = None

    @property
    def live(self) -> bool:
        """Whether it is a camera or a stream, possibly endless."""
        return not isinstance(self.source, Path)

    @property
    def count(self) -> int:
        """Number of frames of the clip, as far as the file says; 0 if unknown."""
        if not isinstance(self.source, Path):
            return 0
        try:
            with self._open(self.source) as container:
                count, rate = container.count, container.rate
        except InputError:
            return 0
        if rate and self.clip.end is not None:
            count = min(count, round(self.clip.end * rate))
        if rate and self.clip.start is not None:
            count = max(0, count - round(self.clip.start * rate))
        return -(-count // self.clip.every)

    def frames(self, max_pixels: int = MAX_PIXELS) -> Iterator[VideoFrame]:
        """Each frame of the clip that can be read.

        Raises
        ------
        InputError
            The video cannot be opened; or, after the last frame, some were missing.
        """
        if isinstance(self.source, int):
            yield from self._watch(self.source, max_pixels)
            return
        clip = self.clip
        with self._open(self.source) as container:
            self._check_size(*container.size, max_pixels)
            first = last = latest = None
            read = 0
            for number, time, frame in container.frames(time=clip.start):
                if clip.end is not None and time is not None and time >= clip.end:
                    break
                last, latest = number, time
                if clip.start is not None and (time is None or time < clip.start):
                    continue
                first, read = (0 if clip.start is None else number) if first is None else first, read + 1
                if number % clip.every == 0:
                    self._check_size(frame.width, frame.height, max_pixels)
                    yield VideoFrame(number, to_rgb(frame, self._threads), time, container.rate)
            if last is None:
                raise InputError(f"{self} has no frame that can be read; check that it is whole")
            if first is None:
                raise InputError(f"{self} has no frame from second {clip.start} on; choose another start")
            if missing := container.missing(first, last, read, latest, clip.start):
                raise InputError(
                    f"{missing} of the {read + missing} frames of {self} are missing: it is cut short or damaged; "
                    "copy or download it again"
                )

    def frame(self, number: int = 0, max_pixels: int = MAX_PIXELS) -> VideoFrame:
        """The frame of a number in the whole file.

        Raises
        ------
        InputError
            The video cannot be opened, or has no such frame.
        """
        if not isinstance(self.source, Path):
            raise InputError(f"{self} is not a file, so its frames cannot be chosen by number; save it as one")
        with self._open(self.source) as container:
            self._check_size(*container.size, max_pixels)
            for found, time, frame in container.frames(number):
                if found == number:
                    self._check_size(frame.width, frame.height, max_pixels)
                    return VideoFrame(number, to_rgb(frame, self._threads), time, container.rate)
                if found > number:
                    break
        raise InputError(f"{self} has no frame {number} that can be read; choose another")

    def _watch(self, number: int, max_pixels: int) -> Iterator[VideoFrame]:
        clip = self.clip
        for n, (time, image, rate) in enumerate(capture(number)):
            self._check_size(image.shape[1], image.shape[0], max_pixels)
            if clip.end is not None and time >= clip.end:
                return
            if time >= (clip.start or 0) and n % clip.every == 0:
                yield VideoFrame(n, image, time, rate)

    def _open(self, source: Path | str) -> Container:
        return Container(source, self._threads)

    @property
    def _threads(self) -> int:
        return self.threads or count_threads()

    def _check_size(self, width: int, height: int, max_pixels: int) -> None:
        if width * height > max_pixels:
            raise InputError(
                f"{self} has {width}x{height} pixels, more than {max_pixels} in all; make it smaller, or raise "
                "max_pixels"
            )

    def __str__(self) -> str:
        return f"camera {self.source}" if isinstance(self.source, int) else quote(self.source)
