"""The sound of a video, for its overlays."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from bupose.errors import InputError
from bupose.images.container import Container
from bupose.images.files import FAULTS, reason
from bupose.media.sources import Frame

_LOG = logging.getLogger(__name__)
RATE = 48_000  # samples per second of sound that is encoded
COPIED = ("aac", "mp3")  # that players of MP4 know; others become AAC
_FAULTS = (InputError, av.FFmpegError, *FAULTS)


class Sound:
    """The sound of a video file that goes into another one, as far as its pictures do.

    Without sound, or where it cannot be read on, there is none; that is no error.

    Parameters
    ----------
    container
        ``av``'s, to write to.
    """

    def __init__(self, container: Any) -> None:
        self._container = container
        self._files = ExitStack()
        self._packets: Iterator[tuple[float, Any]] = iter(())
        self._next: tuple[float, Any] | None = None

    @classmethod
    def of(cls, first: Frame, container: Any) -> Sound:
        """That of the video of a frame, from this frame on."""
        sound = cls(container)
        path = None if first.video is None else first.video.source
        if isinstance(path, Path):
            sound._try(lambda: sound._open(path, first.time or 0.0))
        return sound

    def go_to(self, time: float) -> None:
        """Write what is heard before ``time``, seconds from the first frame on."""
        self._try(lambda: self._write(time))

    def end(self, time: float) -> None:
        """Write what is heard before ``time``, and close the source."""
        self.go_to(time)
        self._files.close()

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except _FAULTS as problem:
            _LOG.warning("the overlays have no sound from here on: %s", reason(problem))
            self._next = None
            self._files.close()

    def _open(self, path: Path, start: float) -> None:
        source = self._files.enter_context(Container(path, threads=1))
        stream = source.sound
        if stream is None:
            return
        start += source.begin
        if stream.codec_context.name in COPIED:
            self._packets = self._copy(source, stream, start)
        else:
            self._packets = self._encode(source, stream, start)
        self._next = next(self._packets, None)

    def _write(self, until: float) -> None:
        while self._next is not None and self._next[0] < until:
            self._container.mux(self._next[1])
            self._next = next(self._packets, None)

    def _copy(self, source: Container, stream: Any, start: float) -> Iterator[tuple[float, Any]]:
        """Time and packet."""
        out = self._container.add_stream_from_template(stream)
        unit = stream.time_base
        for packet in source.packets(stream):
            if packet.pts is not None and packet.pts * unit >= start:
                late = round(start / unit)
                packet.pts, packet.dts = packet.pts - late, packet.pts - late
                packet.stream = out
                yield float(packet.pts * unit), packet

    def _encode(self, source: Container, stream: Any, start: float) -> Iterator[tuple[float, Any]]:
        out = self._container.add_stream("aac", rate=RATE)
        out.codec_context.layout = "stereo"
        resampler = av.AudioResampler("fltp", "stereo", RATE, frame_size=1024)
        begin: int | None = None  # in units of 1/RATE s, from the first picture on
        for packet in source.packets(stream):
            for heard in packet.decode() if packet.size else ():
                if heard.time is None or heard.time < start:
                    continue
                begin = round((heard.time - start) * RATE) if begin is None else begin
                for piece in resampler.resample(heard):
                    piece.pts, piece.time_base = begin, Fraction(1, RATE)
                    begin += piece.samples
                    for encoded in out.encode(piece):
                        yield float(encoded.pts * encoded.time_base), encoded
