"""The whole video known: tracklets joined, gaps filled, joints steadied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from bupose.people import People
from bupose.track.filling import fill_window
from bupose.track.joining import join_tracklets
from bupose.track.options import TrackOptions
from bupose.track.paths import keep_to_paths, path_reach
from bupose.track.smoothing import reach, steady_window
from bupose.track.tracklets import read_tracklets

CHUNK = 256  # frames finished at once


def finish(
    read: Callable[[], Iterable[tuple[float, People]]], options: TrackOptions | None = None
) -> Iterator[tuple[float, People]]:
    """Who is who in a video that is known as a whole.

    Tracklets are joined over the whole video; people get their id from their first frame on. Where somebody was found
    far beside their path, or not at all for a short time, they are filled in; jitter is taken out.

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
        The frame's people, then those filled in, with ``ids``; −1 for sure people who were never confirmed, while
        unsure ones are left out. ``data["interpolated"]``, bool (P, K), tells which joints were filled in;
        ``data["raw_xy"]``, float32 (P, K, 2), holds the joints as found, NaN where filled.
    """
    options = TrackOptions() if options is None else options
    margin = options.fill + reach(options.steady) + path_reach()  # s of a window that lend their people's places
    id_of: dict[int, int] | None = None
    window: list[tuple[float, People]] = []
    begin = 0  # the first frame of the window not yet given out
    for time, people in read():
        if id_of is None:
            id_of = join_tracklets(read_tracklets(read()), people.skeleton, options)
        window.append((time, _named(people, id_of, options.sure)))
        if len(window) - begin > CHUNK and time - window[begin + CHUNK][0] > margin:
            yield from fill_window(_steady(window, options), begin, begin + CHUNK, options)
            begin += CHUNK
            old = sum(t < window[begin][0] - margin for t, _ in window)
            del window[:old]
            begin -= old
    yield from fill_window(_steady(window, options), begin, len(window), options)


def _named(people: People, id_of: Mapping[int, int], least: float) -> People:
    ids = np.array([id_of.get(number, -1) for number in people.data["tracklet"].tolist()], np.int32)
    named = replace(people, ids=ids, data={**people.data, "raw_xy": people.xy})
    return named[(ids >= 0) | (people.person_score >= least)]


def _steady(window: list[tuple[float, People]], options: TrackOptions) -> list[tuple[float, People]]:
    """A window without strays and jitter, unless that is switched off."""
    return steady_window(keep_to_paths(window) if options.steady.offline else window, options.steady)
