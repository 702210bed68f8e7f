"""Numbers of a video's frames, although some cannot be decoded."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

from bupose.images.index import Index

LONGEST_GROUP = 1000  # packets that wait to be decoded


class Numbers:
    """Numbers of decoded frames: how many packets are presented before."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._waiting: list[int] = []  # time stamps of packets whose frames are still to come
        self._place = 0  # of the next packet, in the order of storage
        self._number = -1

    def see(self, packet: Any) -> None:
        """Count a packet before it is decoded; where the file's index corrects its time, this is changed."""
        if not _is_shown(packet):
            return
        place = self._index.find(packet.pos, self._place)
        if place is not None:
            for stamp in self._index.stamps[self._place : place].tolist():  # not seen by the decoder
                self._push(stamp)
            self._place = place
            if self._index.by_number and packet.dts is not None:
                late = int(self._index.stamps[place]) - packet.dts
                packet.dts += late
                packet.pts = None if packet.pts is None else packet.pts + late
        self._place += 1
        stamp = stamp_of(packet)
        if stamp is not None:
            self._push(stamp)

    def place_after(self, packets: Sequence[Any], packet: Any) -> int:
        """The place of a packet in the order of storage, if ``packets`` come before it."""
        place = self._index.find(packet.pos, self._place)
        return self._place + sum(map(_is_shown, packets)) if place is None else place

    def begin_at(self, place: int) -> None:
        """Leave out what is stored, and presented, before a place."""
        self._place, self._number = place, place - 1

    def of(self, frame: Any) -> int:
        """The number of a decoded frame; call it for all of them, in order."""
        stamp = stamp_of(frame)
        while self._waiting and stamp is not None and self._waiting[0] < stamp:
            heapq.heappop(self._waiting)
            self._number += 1
        if self._waiting:  # its own; some formats give two frames one time
            heapq.heappop(self._waiting)
        self._number += 1
        return self._number

    def _push(self, stamp: int) -> None:
        heapq.heappush(self._waiting, stamp)
        if len(self._waiting) > LONGEST_GROUP:  # nothing has been decoded for long
            heapq.heappop(self._waiting)
            self._number += 1


def stamp_of(of: Any) -> int | None:
    """The time of a packet or frame, in units of its stream."""
    return of.dts if of.pts is None else of.pts


def _is_shown(packet: Any) -> bool:
    """Whether a packet's frame is shown: it is in the edit list, and not a hidden one of VP8 (RFC 6386, 9.1)."""
    if packet.is_discard or not packet.size:
        return False
    return packet.stream.codec_context.name != "vp8" or bool(bytes(packet)[0] & 0x10)
