"""Overlays of a video as a video."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import cv2
import numpy as np

from bupose.atomic import replacing
from bupose.errors import InputError
from bupose.images import Video
from bupose.images.files import FAULTS, reason
from bupose.images.video import plain_name
from bupose.media.sources import Frame
from bupose.wording import counted

USUAL_RATE = 25.0  # frames per second, if a video does not say
LONGEST = 8190  # pixels per side, the limit of MPEG-4's header
_TICKS = 65535  # ticks per second, the limit of MPEG-4's clock


class VideoOutput:
    """Overlays of each video of a run in ``overlays/{name}.mp4``; use it in a ``with`` block.

    A video is written under a temporary name and renamed when the next begins or the block ends, so that an interrupted
    video still plays. A failure to write is reported once.

    Parameters
    ----------
    folder : Path
        Of the run's results.
    tell : callable
        Called with a message about a video that cannot be written.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None]):
        self._folder, self._tell = folder / "overlays", tell
        self._name = ""
        self._film: _Film | None = None

    def __enter__(self) -> VideoOutput:
        return self

    def __exit__(self, *_) -> None:
        self._end()

    def add(self, frame: Frame, overlay: np.ndarray) -> None:
        """Append a frame's overlay, uint8 RGB (H, W, 3); a video's others are resized to its first."""
        name = frame.name.rpartition("_")[0]
        if name != self._name:
            self._end()
            self._name = name
            size = overlay.shape[1], overlay.shape[0]
            self._do(lambda: self._begin(self._folder / f"{name}.mp4", size, frame.rate))
        if (film := self._film) is not None:
            self._do(lambda: film.add(overlay))

    def _begin(self, path: Path, size: tuple[int, int], rate: float | None) -> None:
        self._film = _Film(path, size, rate)

    def _end(self) -> None:
        film, self._film = self._film, None
        if film is not None:
            self._do(film.close)

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (InputError, *FAULTS) as problem:
            said = str(problem) if isinstance(problem, InputError) else reason(problem)
            self._tell(f"the overlays of {self._name!r} cannot be written as a video: {said}")
            film, self._film = self._film, None
            if film is not None:
                film.give_up()


class _Film:
    """A video being written."""

    def __init__(self, path: Path, size: tuple[int, int], rate: float | None):
        scale = min(1.0, LONGEST / max(size))
        width, height = (max(2, int(side * scale) // 2 * 2) for side in size)  # most codecs take nothing else
        self._path, self._size, self._count = path, (width, height), 0
        self._replacing: AbstractContextManager[Path] = replacing(path, ".mp4")
        self._partial = self._replacing.__enter__()
        code = cv2.VideoWriter.fourcc(*"mp4v")
        with plain_name(self._partial) as name:
            self._writer = cv2.VideoWriter(name, code, round_rate(rate or USUAL_RATE), self._size)
        if not self._writer.isOpened():
            self.give_up()
            raise InputError(f"OpenCV cannot write {str(path)!r}; use overlays=false, or another output")

    def add(self, overlay: np.ndarray) -> None:
        width, height = self._size
        if 0 <= overlay.shape[0] - height < 2 and 0 <= overlay.shape[1] - width < 2:
            overlay = overlay[:height, :width]
        else:  # the frame size changed
            overlay = cv2.resize(overlay, self._size, interpolation=cv2.INTER_AREA)
        self._writer.write(cv2.cvtColor(np.ascontiguousarray(overlay), cv2.COLOR_RGB2BGR))
        self._count += 1

    def close(self) -> None:
        """Rename the video, after checking that all frames were written: OpenCV does not report a full disk."""
        self._writer.release()
        count = Video(self._partial).count
        if count != self._count:
            raise InputError(f"{count} of {counted(self._count, 'frame')} written; is the disk full?")
        self._replacing.__exit__(None, None, None)

    def give_up(self) -> None:
        """Remove the partial video."""
        self._writer.release()
        problem = InputError("given up")
        with suppress(InputError):
            self._replacing.__exit__(type(problem), problem, problem.__traceback__)


def round_rate(rate: float) -> float:
    """The nearest rate, frames per second, that MPEG-4's clock can represent: OpenCV gives a decimal fraction."""
    digits = next((d for d in (3, 2, 1) if round(rate * 10**d) <= _TICKS), 0)
    return min(max(round(rate, digits), 0.01), float(_TICKS))
