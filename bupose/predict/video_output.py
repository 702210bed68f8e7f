"""Overlays of a video as a video."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from bupose.atomic import replacing
from bupose.errors import InputError
from bupose.images.files import FAULTS, reason
from bupose.media.sources import Frame
from bupose.predict.sound import Sound

USUAL_RATE = 25.0  # frames per second, if a video does not say
LONGEST = 4096  # pixels per side, the most that common decoders of H.264 take (level 5.1)
TICKS = 60_000  # per second; MPEG-4 Part 2 counts no more than 65535
ENCODERS = {"libx264": {"preset": "veryfast", "crf": "20"}, "mpeg4": {"qscale": "3"}}  # the best first
_BT709 = 1  # ITU-T H.273: matrix, transfer function and primaries of HD video


class VideoOutput:
    """Overlays of each video of a run in ``overlays/{name}.mp4``; use it in a ``with`` block.

    Frames are shown when those of the video are, from the first one on, with its sound. A video is written under a
    temporary name and renamed when the next begins or the block ends, so that an interrupted video still plays. A
    failure to write is reported once.

    Parameters
    ----------
    folder : Path
        Of the run's results.
    tell : callable
        Called with a message about a video that cannot be written.
    threads : int
        For encoding.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None], threads: int = 1):
        self._folder, self._tell, self._threads = folder / "overlays", tell, threads
        self._name = ""
        self._film: Film | None = None

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
            self._do(lambda: self._begin(self._folder / f"{name}.mp4", frame, overlay))
        if (film := self._film) is not None:
            self._do(lambda: film.add(overlay, frame.time))

    def _begin(self, path: Path, frame: Frame, overlay: np.ndarray) -> None:
        self._film = Film(path, (overlay.shape[1], overlay.shape[0]), frame, self._threads)

    def _end(self) -> None:
        film, self._film = self._film, None
        if film is not None:
            self._do(film.close)
            film.give_up()

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (InputError, av.FFmpegError, *FAULTS) as problem:
            said = str(problem) if isinstance(problem, InputError) else reason(problem)
            self._tell(f"the overlays of {self._name!r} cannot be written as a video: {said}")
            film, self._film = self._film, None
            if film is not None:
                film.give_up()


class Film:
    """A video being written, H.264 in MP4, with the sound of its source.

    Parameters
    ----------
    path : Path
        It gets this name when :meth:`close` is called.
    size : (width, height)
        Pixels; odd sides lose one.
    first : Frame
        Of the source: times are counted from it on.
    threads : int
        For encoding.
    """

    def __init__(self, path: Path, size: tuple[int, int], first: Frame, threads: int):
        scale = min(1.0, LONGEST / max(size))
        width, height = (max(2, int(side * scale) // 2 * 2) for side in size)  # colours have half the resolution
        self._size, self._start, self._last = (width, height), first.time, -1
        self._step = max(1, round(TICKS / (first.rate or USUAL_RATE)))
        self._replacing: AbstractContextManager[Path] | None = replacing(path, ".mp4")
        partial = self._replacing.__enter__()
        self._container: Any = None
        try:
            self._container = av.open(f"file:{partial.absolute()}", "w", options={"movflags": "+faststart"})
            self._stream = self._add_stream(threads, first.rate or USUAL_RATE)
            self._sound = Sound.of(first, self._container)
        except BaseException:
            self.give_up()
            raise

    def _add_stream(self, threads: int, rate: float) -> Any:
        name = next((name for name in ENCODERS if name in av.codecs_available), None)
        if name is None:
            raise InputError("this ffmpeg encodes neither H.264 nor MPEG-4; install PyAV from its wheels")
        per_second = Fraction(rate).limit_denominator(1001) or Fraction(rate)  # for the length of the last frame
        stream: Any = self._container.add_stream(name, rate=per_second, options=ENCODERS[name])
        codec = stream.codec_context
        codec.width, codec.height = self._size
        codec.pix_fmt, codec.time_base, codec.thread_count = "yuv420p", Fraction(1, TICKS), threads
        codec.colorspace = codec.color_trc = codec.color_primaries = _BT709
        codec.color_range = 1  # 16 to 235
        return stream

    def add(self, overlay: np.ndarray, time: float | None) -> None:
        width, height = self._size
        if 0 <= overlay.shape[0] - height < 2 and 0 <= overlay.shape[1] - width < 2:
            overlay = overlay[:height, :width]
        else:  # the frame size changed
            overlay = cv2.resize(overlay, self._size, interpolation=cv2.INTER_AREA)
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(overlay), format="rgb24")
        picture = picture.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG", threads=1)
        stamp = self._last + self._step if self._last >= 0 else 0
        if time is not None and self._start is not None:
            stamp = max(round((time - self._start) * TICKS), self._last + 1)
        picture.pts, picture.time_base, self._last = stamp, self._stream.codec_context.time_base, stamp
        self._container.mux(self._stream.encode(picture))
        self._sound.go_to(stamp / TICKS)

    def close(self) -> None:
        """Write the rest, and rename the video."""
        self._container.mux(self._stream.encode(None))
        self._sound.end((self._last + self._step) / TICKS)
        self._container.close()
        replacing, self._replacing = self._replacing, None
        if replacing is not None:
            replacing.__exit__(None, None, None)

    def give_up(self) -> None:
        """Remove the partial video, if there is one."""
        if self._replacing is not None:
            with suppress(av.FFmpegError, *FAULTS):
                self._container.close()
            problem = InputError("given up")
            with suppress(InputError):
                self._replacing.__exit__(type(problem), problem, problem.__traceback__)
            self._replacing = None
