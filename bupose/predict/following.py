"""Who is who in the videos of a run, from what was recorded of their frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

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

    def update_live(self, number: int, time: float | None, people: People) -> tuple[float, People]:
        """The same at the precision of the list, from which the results are written."""
        time = None if time is None else round(time, 6)
        return self.update(number, time, people_of({"people": as_lists(people)}, people.skeleton))

    def _go_to(self, number: int, time: float | None) -> float:
        self._time = max(self._time, number / USUAL_RATE if time is None else time)  # damaged files go back
        return self._time


def drop_carried(frames: Iterable[tuple[tuple[float, People], bool]]) -> Iterator[tuple[float, People]]:
    """Frames' times and people, without people who were carried there from a look (True), unless it was the last.

    Between two looks :func:`bupose.track.finish` fills people in from both sides, which is more accurate; those
    carried have told who is who.
    """
    waiting: list[tuple[float, People]] = []
    for (time, people), carried in frames:
        if carried:
            waiting.append((time, people))
            continue
        yield from ((t, some[:0]) for t, some in waiting)
        waiting = []
        yield time, people
    yield from waiting


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
        steps = ((step(e["frame"], e.get("time"), people), "carried" in e) for e, people in read())
        return drop_carried(steps)

    frames = linked() if live else track.finish(linked, options)
    for (entry, _), (_, people) in zip(read(), frames, strict=True):
        yield entry, people
