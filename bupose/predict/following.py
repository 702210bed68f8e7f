"""Who is who in the videos of a run, from what was recorded of their frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from bupose import track
from bupose.people import People
from bupose.predict.entries import as_lists, people_of
from bupose.track import TrackOptions

USUAL_RATE = 25.0  # frames per second of a video that gives no times

Entries = Iterable[tuple[dict, People]]


class Follower:
    """Follows people frame by frame: for cameras, and for videos with ``tracking=live``.

    Parameters
    ----------
    options : TrackOptions
    """

    def __init__(self, options: TrackOptions) -> None:
        self._tracker, self._smoother, self._time = track.Tracker(options), track.LiveSmoother(options.steady), 0.0

    def update(self, number: int, time: float | None, people: People) -> tuple[float, People]:
        """A frame's time, seconds, and its people with ``ids``, steady."""
        time, people = self.link(number, time, people)
        return time, self._smoother.update(people, time)

    def link(self, number: int, time: float | None, people: People) -> tuple[float, People]:
        """The same with the joints as found."""
        return self._go_to(number, time), self._tracker.update(people, self._time)

    def skip(self, number: int, time: float | None, nobody: People) -> tuple[float, People]:
        """A frame that the network has not looked at."""
        none = np.zeros(0, np.int32)
        return self._go_to(number, time), replace(nobody, ids=none, data={"tracklet": none})

    def update_live(self, number: int, time: float | None, people: People) -> tuple[float, People]:
        """The same at the precision of the list, from which the results are written."""
        time = None if time is None else round(time, 6)
        return self.update(number, time, people_of({"people": as_lists(people)}, people.skeleton))

    def _go_to(self, number: int, time: float | None) -> float:
        self._time = max(self._time, number / USUAL_RATE if time is None else time)  # damaged files go back
        return self._time


def follow(read: Callable[[], Entries], options: TrackOptions, live: bool) -> Iterator[tuple[dict, People]]:
    """The entries of a video's frames, and their people with ``ids``.

    Parameters
    ----------
    read : callable without arguments
        Gives the entries and the people found, in order; it is called several times.
    options : TrackOptions
    live : bool
        Each frame from those before it alone; else from the whole video.
    """

    def linked() -> Iterator[tuple[float, People]]:
        follower = Follower(options)
        step = follower.update if live else follower.link
        for entry, people in read():
            looked = entry.get("people") is not None or "problem" in entry
            yield (step if looked else follower.skip)(entry["frame"], entry.get("time"), people)

    frames = linked() if live else track.finish(linked, options)
    for (entry, _), (_, people) in zip(read(), frames, strict=True):
        yield entry, people
