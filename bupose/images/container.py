"""Facts in video containers on frames that decoders do not report."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_INDEX_BYTES = 64_000_000  # four million frames


@dataclass(frozen=True)
class Facts:
    """About a video file.

    Parameters
    ----------
    kind : str
        ``AVI``, ``MP4``, or nothing for others.
    cut : bool
        The file ends before its last part does.
    lost : frozenset of int
        Indexed frames that are missing from their positions.
    empty : int
        Frames without content: the one before is shown again.
    """

    kind: str = ""
    cut: bool = False
    lost: frozenset[int] = frozenset()
    empty: int = 0

    @property
    def exact(self) -> bool:
        """Whether the container gives the exact number of frames."""
        return bool(self.kind)


def look(path: Path) -> Facts:
    """Inspect a file without decoding; empty for one that cannot be read."""
    try:
        with open(path, "rb") as file:
            size, start = os.fstat(file.fileno()).st_size, file.read(12)
            if start[:4] == b"RIFF" and start[8:] == b"AVI ":
                return _look_at_avi(file, size)
            if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
                return _look_at_mp4(file, size)
    except (OSError, ValueError, struct.error, MemoryError):
        pass
    return Facts()


def _look_at_mp4(file: BinaryIO, size: int) -> Facts:
    """ISO 14496-12, 4.2: boxes, one after the other."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4])
        if length == 1:
            length = int.from_bytes(head[8:16])
        if length < 8:  # 0: to the end of the file
            return Facts("MP4")
        at += length
    return Facts("MP4", cut=at > size)


def _look_at_avi(file: BinaryIO, size: int) -> Facts:
    """Microsoft's AVI RIFF file reference: the list ``movi`` of frames, then ``idx1``, which says where each begins."""
    at, movi = 12, None
    while at + 8 <= size:
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        if name == b"LIST" and file.read(4) == b"movi":
            movi = at + 8
        elif name == b"idx1" and movi is not None:
            return _check_index(file, movi, min(length, _INDEX_BYTES), cut=at + 8 + length > size)
        at += 8 + length + length % 2
    return Facts("AVI", cut=at > size + 1)


def _check_index(file: BinaryIO, movi: int, length: int, cut: bool) -> Facts:
    index = file.read(length)
    entries = [e for e in struct.iter_unpack("<4sIII", index[: len(index) // 16 * 16]) if e[0][2:] in (b"dc", b"db")]
    entries = [e for e in entries if e[0] == entries[0][0]]  # of the first video stream
    bases = (base for base in (movi, 0) if any(_is_at(file, base, entry) for entry in entries[:1] + entries[-1:]))
    base = next(bases, None)  # some writers count from the file's start
    lost = () if base is None else (n for n, entry in enumerate(entries) if not _is_at(file, base, entry))
    return Facts("AVI", cut, frozenset(lost), sum(not entry[3] for entry in entries))


def _is_at(file: BinaryIO, base: int, entry: tuple) -> bool:
    """Whether a frame begins where its entry says."""
    file.seek(base + entry[2])
    return file.read(8) == struct.pack("<4sI", entry[0], entry[3])
