"""The whole video known: tracklets joined, gaps filled, joints steadied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from bupose.people import People
from bupose.track.filling import fill_window
from bupose.track.joining import join_tracklets
from bupose.track.options import TrackOptions
from bupose.track.smoothing import reach, steady_window
from bupose.track.tracklets import read_tracklets

CHUNK = 256  # frames finished at once


def finish(
    read: Callable[[], Iterable[tuple[float, People]]], options: TrackOptions | None = None
) -> Iterator[tuple[float, People]]:
    """Who is who in a video that is known as a whole.

    Tracklets are joined over the whole video, short gaps are filled, people get their id from their first frame on, and
    those never confirmed get none.

    Parameters
    ----------
    read : callable without arguments
        Gives the frames' times, s, and people as :meth:`Tracker.update` does, with ``data["tracklet"]``. It is called
        twice; a window of the frames is held in memory, and the two ends of each tracklet.
    options : TrackOptions, optional

    Yields
    ------
    time : float, s
    people : People
        The frame's people, then those filled in, with ``ids``; −1 for ghosts. ``data["interpolated"]``, bool (P, K),
        tells which joints were filled in; ``data["raw_xy"]``, float32 (P, K, 2), holds the joints as found, NaN where
        filled.
    """
    options = TrackOptions() if options is None else options
    margin = options.gap + reach(options.steady)  # s of a window that lend their people's places
    id_of: dict[int, int] | None = None
    window: list[tuple[float, People]] = []
    begin = 0  # the first frame of the window not yet given out
    for time, people in read():
        if id_of is None:
            id_of = join_tracklets(read_tracklets(read()), people.skeleton, options)
        window.append((time, _named(people, id_of)))
        if len(window) - begin > CHUNK and time - window[begin + CHUNK][0] > margin:
            yield from fill_window(steady_window(window, options.steady), begin, begin + CHUNK, options)
            begin += CHUNK
            old = sum(t < window[begin][0] - margin for t, _ in window)
            del window[:old]
            begin -= old
    yield from fill_window(steady_window(window, options.steady), begin, len(window), options)


def _named(people: People, id_of: Mapping[int, int]) -> People:
    ids = [id_of.get(number, -1) for number in people.data["tracklet"].tolist()]
    return replace(people, ids=np.array(ids, np.int32))
