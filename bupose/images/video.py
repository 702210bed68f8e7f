"""Frames of videos, cameras and streams, with the video's numbering; missing frames are reported."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bupose.errors import InputError
from bupose.images import container
from bupose.images.files import check_regular, quote, reason
from bupose.images.kinds import MAX_PIXELS

FASTEST = 20_000  # frames per second; larger values in headers are usually clock ticks
PATIENCE = 300  # consecutive frames that cannot be decoded

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # bupose reports what cannot be read


@dataclass(frozen=True)
class VideoFrame:
    """A frame of a video.

    Parameters
    ----------
    number : int
        Index in the video, from 0; missing frames are counted.
    image : uint8 array (H, W, 3), RGB
    time : float, seconds, optional
        Time in the video, if its rate is known.
    rate : float, optional
        Frames per second, if the video says.
    """

    number: int
    image: np.ndarray
    time: float | None
    rate: float | None


@dataclass(frozen=True)
class Video:
    """A video file, the URL of a stream, or the number of a camera."""

    source: Path | str | int

    def open(self) -> cv2.VideoCapture:
        """Open it; raises :class:`InputError` if that fails."""
        if not isinstance(self.source, Path):
            return self._capture(self.source)
        check_regular(self.source)
        with plain_name(self.source) as name:
            return self._capture(name)

    @property
    def live(self) -> bool:
        """Whether it is a camera or a stream, possibly endless."""
        return not isinstance(self.source, Path)

    @property
    def count(self) -> int:
        """Number of frames declared by the file; 0 if unknown."""
        try:
            capture = self.open()
        except InputError:
            return 0
        try:
            return _count(capture)
        finally:
            capture.release()

    def frames(self, max_pixels: int = MAX_PIXELS) -> Iterator[VideoFrame]:
        """Each frame that can be read.

        Raises
        ------
        InputError
            The video cannot be opened; or, after the last frame, some were missing.
        """
        with self._opened(max_pixels) as capture:
            yield from self._read(capture)

    def frame(self, number: int = 0, max_pixels: int = MAX_PIXELS) -> VideoFrame:
        """The frame of a number.

        Raises
        ------
        InputError
            The video cannot be opened, or has no such frame.
        """
        with self._opened(max_pixels) as capture:
            if number:
                capture.set(cv2.CAP_PROP_POS_FRAMES, number)
            there, image = capture.read()
            if not there:
                raise InputError(f"{self} has no frame {number} that can be read; choose another")
            return _frame(number, image, _rate(capture))

    @contextmanager
    def _opened(self, max_pixels: int) -> Iterator[cv2.VideoCapture]:
        """The capture, closed in the end."""
        capture = self.open()
        try:
            width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
            if width * height > max_pixels:
                raise InputError(
                    f"{self} has {width:.0f}x{height:.0f} pixels, more than {max_pixels} in all; make it smaller, or "
                    "raise max_pixels"
                )
            yield capture
        except (cv2.error, MemoryError) as problem:
            raise InputError(f"{self} cannot be read on: {reason(problem)}") from None
        finally:
            capture.release()

    def _read(self, capture: cv2.VideoCapture) -> Iterator[VideoFrame]:
        rate = _rate(capture)
        numbers = _Numbers(self, _count(capture))
        failures = 0
        while failures <= numbers.patience:
            there, image = capture.read()
            if not there:  # the end, or a frame that cannot be decoded
                failures += 1
                continue
            failures = 0
            yield _frame(numbers.next(capture.get(cv2.CAP_PROP_PTS)), image, rate)
        if not numbers.read:
            raise InputError(f"{self} has no frame that can be read; check that it is whole")
        if missing := numbers.missing():
            raise InputError(
                f"{missing} of the {numbers.read + missing} frames of {self} are missing: it is cut short or damaged; "
                "copy or download it again"
            )

    def _capture(self, source: str | int) -> cv2.VideoCapture:
        try:
            for_files = isinstance(self.source, Path) and cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG)
            capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG if for_files else cv2.CAP_ANY)
            if capture.isOpened():
                return capture
        except (cv2.error, MemoryError):
            pass
        hint = "no other program holds it" if isinstance(source, int) else "OpenCV knows its kind"
        raise InputError(f"cannot open {self}; check that it is there, whole, and that {hint}")

    def __str__(self) -> str:
        return f"camera {self.source}" if isinstance(self.source, int) else quote(self.source)


class _Numbers:
    """Numbering of a video's frames, although some cannot be read."""

    def __init__(self, video: Video, count: int) -> None:
        self._video, self._count = video, 0 if video.live else count
        self._facts = container.look(video.source) if isinstance(video.source, Path) else container.Facts()
        self._first = self._last = 0.0
        self._constant: bool | None = None
        self._number = -1
        self.read = 0

    def next(self, stamp: float) -> int:
        """The number of the frame whose time stamp, in frames at the video's rate, is ``stamp``."""
        if not self.read:
            self._first = stamp
        step = round(stamp - self._last) if self.read and math.isfinite(stamp) else 1
        self._last = stamp
        for _ in range(step if step > 1 and self._is_constant(self._number + step) else 1):
            self._number += 1
            while self._number in self._facts.lost:  # their place is not seen by the decoder
                self._number += 1
        self.read += 1
        return self._number

    @property
    def patience(self) -> int:
        """Number of undecodable frames after which a video has certainly ended."""
        left = max(0, self._count - 1 - self._number)
        return 0 if self._video.live else min(PATIENCE, left + 10)

    def missing(self) -> int:
        """Number of frames that certainly could not be read."""
        if not self._count:
            return 0
        if self._facts.exact:  # frames excluded by an edit list are not missing
            sure = self._facts.cut or self._facts.kind == "AVI" or self._number + 1 > self.read
            return max(0, self._count - self.read - self._facts.empty) if sure else 0
        late = self._count - (self._last - self._first + 1)  # the count is an estimate: length times rate
        return round(late) if self._facts.cut or late > 2 + 0.05 * self._count else 0

    def _is_constant(self, number: int) -> bool:
        """Whether the rate is constant, so that a longer step means missing frames."""
        if number >= self._count:
            return False
        if self._facts.kind == "AVI":
            return True
        if self._constant is None:
            self._constant = abs(self._end() - self._first + 1 - self._count) <= 1
        return self._constant

    def _end(self) -> float:
        """The last frame's time stamp, if readable."""
        try:
            capture = self._video.open()
        except InputError:
            return math.nan
        try:
            capture.set(cv2.CAP_PROP_POS_FRAMES, self._count - 1)
            return capture.get(cv2.CAP_PROP_PTS) if capture.grab() else math.nan
        finally:
            capture.release()


def _frame(number: int, image: np.ndarray, rate: float | None) -> VideoFrame:
    """A frame of what OpenCV has read."""
    image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)
    return VideoFrame(number, image, number / rate if rate else None, rate)


def _count(capture: cv2.VideoCapture) -> int:
    count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    return round(count) if 0 < count < 1e9 else 0


def _rate(capture: cv2.VideoCapture) -> float | None:
    rate = capture.get(cv2.CAP_PROP_FPS)
    return rate if 0.001 <= rate <= FASTEST else None


@contextmanager
def plain_name(path: Path) -> Iterator[str]:
    """A name that OpenCV can open: absolute, so that ``12:30.mp4`` is not taken for a protocol, and valid text."""
    name = os.path.abspath(path)
    try:
        name.encode()
    except UnicodeEncodeError:  # OpenCV would abort the process
        with tempfile.TemporaryDirectory(prefix="bupose-") as folder:
            link = os.path.join(folder, f"video{path.suffix if path.suffix.isascii() else ''}")
            os.symlink(name, link)
            yield link
    else:
        yield name
