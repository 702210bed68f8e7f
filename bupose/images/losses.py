"""What damage has taken from a video file that has no whole index, by what is stored and timed around it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from bupose.images.numbering import stamp_of

# Formats whose packets follow each other but for short heads: bytes of none are damaged.
DENSE = ("matroska", "flv")
LONGEST_HEAD = 256  # bytes
NEAR = 32  # packets; frames are presented at most 16 places from where they are stored


class Losses:
    """Frames that are lost between packets, and where the file ends.

    Where packets are damaged, or bytes belong to none, frames are lost if times are farther apart there than frames
    are. Elsewhere the rate varies.

    Parameters
    ----------
    container, stream
        An open file and its video, ``av``'s.
    rate : float, optional
        Frames per second.

    Attributes
    ----------
    end : float, seconds
        Of what is stored of any stream, on the clock that they share.
    """

    def __init__(self, container: Any, stream: Any, rate: float | None) -> None:
        self._dense = container.format.name.startswith(DENSE)
        self._stream, self._rate = stream, rate or 0.0
        self._place: int | None = None  # where the packet before ends
        self._times: list[float] = []  # of the last frames, in the order of storage
        self._first, self._open = 0.0, 0  # from when on gaps count, and for how many packets they still may come
        self._found: list[tuple[float, int]] = []  # when frames go on, and how many are lost before
        self.end = 0.0

    def see(self, packet: Any) -> None:
        """The next packet of any stream."""
        if not packet.size:
            return
        if packet.is_corrupt or self._follows_a_hole(packet):
            if not self._open:
                self._first = self._times[NEAR] if len(self._times) == 2 * NEAR else float("-inf")
            self._open = 2 * NEAR
        stamp = stamp_of(packet)
        if stamp is None or not packet.time_base:
            return
        time = float(stamp * packet.time_base)
        self.end = max(self.end, time + float((packet.duration or 0) * packet.time_base))
        if packet.stream_index == self._stream.index:
            self._times.append(time)
            if self._open:
                self._open -= 1
                self._found += [] if self._open else self._gaps(self._times[-NEAR])
            if not self._open:
                del self._times[: -2 * NEAR]

    def since(self, time: float) -> int:
        """Frames that are lost after a time."""
        found = self._found + (self._gaps(float("inf")) if self._open else [])
        return sum(lost for then, lost in found if then > time)

    def _follows_a_hole(self, packet: Any) -> bool:
        place, before = packet.pos, self._place
        if place is None:
            return False
        self._place = place + packet.size
        return self._dense and before is not None and place - before > LONGEST_HEAD

    def _gaps(self, last: float) -> list[tuple[float, int]]:
        times = sorted(time for time in self._times if self._first <= time <= last)
        lost = ((after, round((after - before) * self._rate) - 1) for before, after in pairwise(times))
        return [(time, many) for time, many in lost if many > 0]
