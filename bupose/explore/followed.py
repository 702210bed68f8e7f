"""People followed through a part of a video: only they are kept, not the frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from bupose import geometry, viz
from bupose.errors import InputError
from bupose.estimate.estimator import Estimator
from bupose.estimate.stream import Failure
from bupose.explore.observation import Film, named
from bupose.images import Clip, Video
from bupose.media.sources import Frame
from bupose.people import People
from bupose.predict.following import Follower, drop_carried
from bupose.predict.video_output import VideoOutput
from bupose.track import TrackOptions, finish
from bupose.viz import OverlayOptions, Plot, Trails

MOST = 3000  # frames
PLAYED = 1280  # px, the longer side of the video that is played


@dataclass(frozen=True)
class Span:
    """When a person is seen.

    Parameters
    ----------
    who : int
        The id.
    first, last : float, seconds
        In the video.
    frames : int
        In which the person is seen.
    """

    who: int
    first: float
    last: float
    frames: int


@dataclass(frozen=True)
class Followed:
    """A part of a video and its people.

    Parameters
    ----------
    film : Film
    clip : Clip
    frames : tuple of T int
        The frames' numbers in the video.
    times : float array (T,), seconds
        In the video.
    people : tuple of T People
        With ids, as :func:`bupose.track.finish` gives them; each frame's people without an id are left out.
    """

    film: Film
    clip: Clip
    frames: tuple[int, ...]
    times: np.ndarray
    people: tuple[People, ...]

    def spans(self) -> list[Span]:
        """Everybody, in order of the ids."""
        ids = np.concatenate([np.zeros(0, int), *(people.ids for people in self.people)])
        times = np.repeat(self.times, [len(people) for people in self.people])
        return [
            Span(who, float(times[ids == who].min()), float(times[ids == who].max()), int((ids == who).sum()))
            for who in np.unique(ids).tolist()
        ]

    def plot(self, who: int, joint: int) -> Plot:
        """A joint of a person over time; see :func:`bupose.viz.joint_over_time`."""
        count = len(self.times)
        xy, found = np.full((2, count, 2), np.nan)
        score, filled = np.zeros(count), np.zeros(count, bool)
        for t, people in enumerate(self.people):
            assert people.ids is not None
            for n in np.flatnonzero(people.ids == who):
                xy[t], score[t] = people.xy[n, joint], people.score[n, joint]
                found[t] = people.data["raw_xy"][n, joint]
                filled[t] = people.data["interpolated"][n, joint]
        name = self.people[0].skeleton.joints[joint].replace("_", " ")
        return viz.joint_over_time(self.times, xy, score, found, filled, f"{name} of person {who}")

    def write(self, folder: Path, overlay: OverlayOptions, max_pixels: int) -> Path:
        """The part as a video with its people, each in a colour and with the id.

        Raises
        ------
        InputError
            It cannot be read any more, or not be written.
        """
        problems: list[str] = []
        by_frame = dict(zip(self.frames, self.people, strict=True))
        overlay, trails = replace(overlay, ids=True), Trails(overlay.trail)
        with VideoOutput(folder, problems.append) as output:
            for frame in _frames(self.film, self.clip, max_pixels):
                people = by_frame.get(frame.index if frame.index is not None else -1)
                if people is not None:
                    output.add(frame, _draw(frame, people, trails, overlay))
        if problems:
            raise InputError(problems[0])
        return folder / "overlays" / "followed.mp4"


def follow(
    estimator: Estimator,
    film: Film,
    seconds: float,
    options: TrackOptions,
    stopped: Callable[[], bool],
    look_every: int = 1,
) -> Iterator[int | Followed]:
    """Follow the people of a video from one of its frames on.

    Parameters
    ----------
    estimator : Estimator
    film : Film
        The frame to begin with.
    seconds : float
        Length of the part, at most 3000 frames.
    options : TrackOptions
    stopped : callable
        Whether to be content with what is followed by now.
    look_every : int
        As of :meth:`bupose.estimate.Estimator.stream`.

    Yields
    ------
    int
        How many frames are done, after each.
    Followed
        At last.

    Raises
    ------
    InputError
        No frame can be read.
    """
    with named(film.path):
        start = Video(film.path).frame(film.frame, estimator.max_pixels).time
        clip = Clip(start, None if start is None else start + seconds)
        follower, numbers = Follower(options), []
        seen: list[tuple[tuple[float, People], bool]] = []
        frames = islice(_frames(film, clip, estimator.max_pixels), MOST)
        stream = estimator.stream(frames, look_every=look_every)
        try:
            for estimate in stream:
                if isinstance(estimate, Failure):
                    raise estimate.problem
                frame = estimate.source
                seen.append((follower.link(frame.index, frame.time, estimate.people), estimate.carried))
                numbers.append(frame.index)
                yield len(seen)
                if stopped():
                    break
        finally:
            stream.close()
        linked = list(drop_carried(seen))
        people = tuple(_known(people) for _, people in finish(linked.copy, options))
        yield Followed(film, clip, tuple(numbers), np.array([time for time, _ in linked]), people)


def _known(people: People) -> People:
    """Those with an id."""
    return people[:0] if people.ids is None else people[people.ids >= 0]


def _frames(film: Film, clip: Clip, max_pixels: int) -> Iterator[Frame]:
    """The frames of a part, up to where the file is damaged."""
    video, some = Video(film.path, clip), False
    try:
        for seen in video.frames(max_pixels):
            if seen.number < film.frame:  # of a video without times
                continue
            name = f"followed_{seen.number:06d}"
            yield Frame(name, name, 1, image=seen.image, video=video, index=seen.number, time=seen.time, rate=seen.rate)
            some = True
    except InputError:
        if not some:
            raise


def _draw(frame: Frame, people: People, trails: Trails, overlay: OverlayOptions) -> np.ndarray:
    picture = frame.read().image
    scale = min(1.0, PLAYED / max(picture.shape))
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        people = people.transform(geometry.scale(scale))
    return viz.draw_overlay(picture, people, overlay, trails=trails.update(people, frame.time or 0.0))
