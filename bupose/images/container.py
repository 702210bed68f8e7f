"""Video files and streams by PyAV: frames in the order of presentation, numbered, although some cannot be decoded."""

from __future__ import annotations

import itertools
import os
import re
import stat
import struct
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np

from bupose.errors import InputError
from bupose.images import exif
from bupose.images.files import check_regular, quote, reason, shorten
from bupose.images.index import Index
from bupose.images.losses import Losses
from bupose.images.numbering import LONGEST_GROUP, Numbers, stamp_of

MOST = 1_000_000_000  # frames; headers that give more lie
FASTEST = 20_000  # frames per second; larger values in headers are usually clock ticks
REORDER = 32  # frames; H.264 and HEVC present a frame at most 16 places from where it is stored
BUFFER = 1 << 18  # bytes
PATIENCE = (20.0, 30.0)  # seconds until a stream opens, and until its next packet
FAILURES = 100  # consecutive failures to read a packet
# Signs of a display matrix a, b, c, d (x' = ax + cy, y' = bx + dy; ISO 14496-12, 8.3.2) and EXIF's number for them.
_ORIENTATIONS = {
    (1, 0, 0, 1): 1, (-1, 0, 0, 1): 2, (-1, 0, 0, -1): 3, (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5, (0, 1, -1, 0): 6, (0, -1, -1, 0): 7, (0, -1, 1, 0): 8,
}  # fmt: skip


class Container:
    """An open video file or stream; use it in a ``with`` block.

    Parameters
    ----------
    source : Path or URL
    threads : int
        For decoding.

    Raises
    ------
    InputError
        It cannot be opened, or has no video.
    """

    def __init__(self, source: Path | str, threads: int) -> None:
        self.live = not isinstance(source, Path)
        self._name, self._threads = quote(source), threads
        self._file: BinaryIO | None = None
        try:
            if isinstance(source, Path):
                self._file = _open_file(source)
            self._container = _open(source if self._file is None else self._file)
        except (av.FFmpegError, OSError, ValueError, RuntimeError, MemoryError) as problem:
            self._close_file()
            told = "check that it is there, whole, and a video that ffmpeg knows"
            if isinstance(problem, av.ProtocolNotFoundError):  # s3://, say
                told = "files in a store are read by bupose infer engine=ray, or copy them here"
            raise InputError(f"cannot open {self._name}: {reason(problem)}; {told}") from None
        self._stream: Any = self._container.streams.best("video")
        if self._stream is None or self._stream.codec_context is None:
            self.__exit__()
            raise InputError(f"{self._name} has no video that ffmpeg can decode; convert it to H.264 in MP4")
        self._stream.codec_context.thread_type = "AUTO"
        self._stream.codec_context.thread_count = threads
        self._unit: Fraction = self._stream.time_base or Fraction(0)  # seconds
        self._start = self._stream.start_time
        self.index = Index.of(self._container, self._stream)
        self._losses = Losses(self._container, self._stream, self.rate)
        self._ended = False

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *_) -> None:
        with suppress(av.FFmpegError, OSError):
            self._container.close()
        self._close_file()

    @property
    def rate(self) -> float | None:
        """Frames per second, the mean if it varies; None if the file does not say."""
        rates = (float(rate or 0) for rate in (self._stream.average_rate, self._stream.guessed_rate))
        return next((rate for rate in rates if 0.001 <= rate <= FASTEST), None)

    @property
    def count(self) -> int:
        """Number of frames, estimated from the duration if the file does not say; 0 if unknown."""
        if self.live:
            return 0
        return self._declared or _plausible(float(self._container.duration or 0) / av.time_base * (self.rate or 0))

    @property
    def _declared(self) -> int:
        """Number of frames that the file gives for its video alone; 0 if it does not."""
        return self.index.count or _plausible(self._stream.frames or self._duration * (self.rate or 0))

    @property
    def _duration(self) -> float:
        """Length of the video, seconds; 0 if unknown. Matroska has it in a tag, beside that of the whole file."""
        if self._stream.duration:
            return float(self._stream.duration * self._unit)
        if len(self._container.streams) == 1:
            return float(self._container.duration or 0) / av.time_base
        found = re.fullmatch(r"(\d+):(\d+):([\d.]+)", self._stream.metadata.get("DURATION", ""))
        return 3600 * int(found[1]) + 60 * int(found[2]) + float(found[3]) if found else 0.0

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the frames as they are stored, pixels."""
        return self._stream.codec_context.width, self._stream.codec_context.height

    @property
    def begin(self) -> float:
        """Time of the first frame on the clock that the streams of the file share, seconds."""
        return float((self._start or 0) * self._unit)

    @property
    def sound(self) -> Any:
        """The stream of sound (``av.AudioStream``); None without one that can be decoded."""
        stream = self._container.streams.best("audio")
        return None if stream is None or stream.codec_context is None else stream

    def frames(self, number: int = 0, time: float | None = None) -> Iterator[tuple[int, float | None, Any]]:
        """Number, time in seconds and picture (``av.VideoFrame``) of each frame that can be decoded.

        Those before ``number``, or before ``time``, are skipped as far as is possible without decoding: some of them
        may come before the first that is asked for.
        """
        numbers, packets = Numbers(self.index), self.packets()
        if number or time is not None:
            packets = self._from_key_frame(self._seek(number, time), numbers, number, time)
        for packet in packets:
            numbers.see(packet)
            for frame in self._decode(packet):
                yield numbers.of(frame), self._seconds(stamp_of(frame)), frame
        self._ended = True

    def missing(self, first: int, last: int, read: int, time: float | None, begin: float | None = None) -> int:
        """Number of frames that could not be read, of those from ``first`` on; certain where the file has an index.

        Parameters
        ----------
        first, last : int
            Numbers of the first frame that was asked for, and of the last one that was read.
        read : int
            How many of them were.
        time, begin : float, seconds, optional
            Of the last one, and from when on frames were asked for.
        """
        gaps = max(0, last + 1 - first - read - self.index.empty)
        gaps += 0 if self.index.count else self._losses.since(self.begin + (begin or 0.0))
        if self.live or not self._ended:
            return gaps
        if count := self.index.count or self._stream.frames:
            return gaps + max(0, _plausible(count) - last - 1)
        rate, length, end = self.rate or 0, self._duration, time or 0.0  # an estimate, from the length
        if not length:  # only that of the whole file is known
            length = float(self._container.duration or 0) / av.time_base
            end = self._losses.end - float(self._container.start_time or 0) / av.time_base - 1 / (rate or 1)
        left = (length - end) * rate - 1
        return gaps + (round(left) if time is not None and left > 2 + 0.05 * length * rate else 0)

    def _seek(self, number: int, time: float | None) -> Iterator[Any]:
        """The packets from some key frame on that is not after a frame; from the first on without an index."""
        if time is not None and self._unit:
            number = self.index.before((self._start or 0) + round(time / self._unit))
        place = self.index.key_frame(number - REORDER)
        if not place:
            return self.packets()
        with suppress(av.FFmpegError, OSError):
            self._container.seek(int(self.index.stamps[place]), stream=self._stream)
            packets = self.packets()
            first = next(packets, None)
            if first is not None and (self.index.find(first.pos, 0) or number) < number:
                return itertools.chain([first], packets)
        self._container.seek(int(self.index.stamps[0]), stream=self._stream)
        return self.packets()

    def _from_key_frame(
        self, packets: Iterator[Any], numbers: Numbers, number: int, time: float | None
    ) -> Iterator[Any]:
        """The packets from the last key frame on that is surely not after a frame; those before are only counted."""
        held: list[Any] = []
        for packet in packets:
            if packet.is_keyframe and packet.size:
                place = numbers.place_after(held, packet)
                if self._is_late(packet, place, number, time):
                    held.append(packet)
                    break
                numbers.begin_at(place)
                held.clear()
            held.append(packet)
            if len(held) > LONGEST_GROUP:
                break
        yield from held
        yield from packets

    def _is_late(self, packet: Any, place: int, number: int, time: float | None) -> bool:
        """Whether a key frame, the ``place``-th that is stored, is too late to decode a frame from."""
        if time is None:
            return place > number - REORDER
        seconds = self._seconds(stamp_of(packet))
        return seconds is None or seconds > time

    def packets(self, stream: Any = None) -> Iterator[Any]:
        """What is stored of the video, or of another stream, in the order of the file, past damaged places.

        The last packet of ``av`` is empty.
        """
        failures, wanted = 0, stream or self._stream
        while failures < FAILURES:
            try:
                for packet in self._container.demux():
                    failures = 0
                    self._losses.see(packet)
                    if packet.stream_index == wanted.index:
                        yield packet
                return
            except (av.FFmpegError, OSError, IndexError):  # the last: of a stream that begins in the middle
                failures += 1
                if self.live:
                    return

    def _decode(self, packet: Any) -> Iterator[Any]:
        """The frames that a packet completes; the last, empty packet gives all that are left."""
        attempts = 1 if packet.size else 1 + self._threads + REORDER
        for _ in range(attempts):
            try:
                yield from packet.decode()
                return
            except (av.FFmpegError, ValueError, MemoryError):  # its number is left out
                continue

    def _seconds(self, stamp: int | None) -> float | None:
        if stamp is None or not self._unit or (self.index.by_number and self.rate is None):  # AVI has no other clock
            return None
        if self._start is None:
            self._start = stamp
        return float((stamp - self._start) * self._unit)

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()


def to_rgb(frame: Any, threads: int) -> np.ndarray:
    """uint8 (H, W, 3), RGB: a decoded frame, upright.

    Raises
    ------
    InputError
        ffmpeg cannot convert its colours.
    """
    try:
        image = frame.to_ndarray(format="rgb24", threads=threads)
        matrix = frame.side_data.get("DISPLAYMATRIX")
    except (av.FFmpegError, ValueError, MemoryError) as problem:
        raise InputError(f"a frame cannot be converted to RGB: {reason(problem)}; convert the video to H.264") from None
    if matrix is None:
        return image
    a, b, _, c, d = np.sign(np.rint(np.array(struct.unpack("<5i", bytes(matrix)[:20])) / (1 << 16))).astype(int)
    return np.ascontiguousarray(exif.turn(image, _ORIENTATIONS.get((int(a), int(b), int(c), int(d)), exif.UPRIGHT)))


def _open_file(path: Path) -> BinaryIO:
    """A regular file: its name means nothing to ffmpeg, and it cannot be a pipe."""
    check_regular(path)
    file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise InputError(f"{quote(path)} is no longer a file")
    return file


def _open(source: Any) -> Any:
    """An open file, or a URL."""
    if not isinstance(source, str):
        return av.open(source, metadata_errors="replace", buffer_size=BUFFER, io_open=_refuse)
    options = {"rtsp_transport": "tcp"} if source.lower().startswith("rtsp") else {}
    return av.open(source, metadata_errors="replace", timeout=PATIENCE, container_options=options)


def _refuse(url: str, flags: int, options: dict) -> BinaryIO:
    """A file that names other files or servers, as playlists do, does not get them."""
    raise OSError(f"it refers to {shorten(url, 60)}, which is not read")


def _plausible(count: float) -> int:
    return round(count) if 0 < count < MOST else 0
