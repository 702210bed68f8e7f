"""The index of a video file, where it has one: which frames there are, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_AVI_HEAD = 8  # bytes from a chunk's beginning, which AVI's index gives, to its content, which a packet gives


@dataclass(frozen=True)
class Index:
    """Frames in the order of storage; empty for formats without a whole index.

    Parameters
    ----------
    places : int64 array (N,)
        Byte of the file at which each begins.
    stamps : int64 array (N,)
        Decoding times, in units of the stream, not decreasing.
    keys : int64 array
        Which are key frames.
    empty : int
        Frames without content: the one before is shown again.
    by_number : bool
        The number of a frame gives its time, as in AVI: a reader that misses one is late from then on.
    """

    places: np.ndarray
    stamps: np.ndarray
    keys: np.ndarray
    empty: int = 0
    by_number: bool = False

    @classmethod
    def of(cls, container: Any, stream: Any) -> Index:
        """The index of an open file (``av``'s container and stream)."""
        avi = container.format.name == "avi"
        rows = np.zeros((0, 3), np.int64)
        if avi or container.format.name.startswith("mov"):
            entries = (e for e in stream.index_entries if not e.is_discard)
            rows = np.array([(e.pos, e.timestamp, e.is_keyframe) for e in entries], np.int64).reshape(-1, 3)
        if avi:
            rows = _with_empty(rows)
        if not 0 < stream.frames <= len(rows):  # of another format, or cut
            rows = rows[:0]
        stamps = np.maximum.accumulate(rows[:, 1]) if len(rows) else rows[:, 1]
        return cls(rows[:, 0], stamps, np.flatnonzero(rows[:, 2]), int((rows[:, 0] < 0).sum()), avi)

    @property
    def count(self) -> int:
        """Number of frames."""
        return len(self.places)

    def find(self, place: int | None, after: int) -> int | None:
        """The frame that begins at a byte, not before frame ``after``; None if there is none."""
        if place is None or after >= self.count:
            return None
        if self.places[after] == place:
            return after
        found = np.flatnonzero(self.places[after:] == place)
        return after + int(found[0]) if len(found) else None

    def before(self, stamp: int) -> int:
        """How many frames are decoded before a time."""
        return int(np.searchsorted(self.stamps, stamp))

    def key_frame(self, number: int) -> int:
        """The last key frame that is not after frame ``number``; 0 if there is none."""
        at = int(np.searchsorted(self.keys, number, "right"))
        return int(self.keys[at - 1]) if at else 0


def _with_empty(rows: np.ndarray) -> np.ndarray:
    """An AVI's frames with those that ffmpeg leaves out of the list as empty; their place is −1."""
    length = int(rows[:, 1].max(initial=-1)) + 1
    if length > 100 * len(rows) or rows[:, 1].min(initial=0) < 0:  # damaged
        return rows[:0]
    whole = np.zeros((length, 3), np.int64)
    whole[:, 0], whole[:, 1] = -1, np.arange(length)
    whole[rows[:, 1]] = rows + (_AVI_HEAD, 0, 0)
    return whole
