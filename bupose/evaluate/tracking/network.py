"""The people that a network and a tracker find in annotated videos."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bupose.errors import BuposeError, LabelsError
from bupose.estimate import Estimator, Failure
from bupose.evaluate.tracking.tracks import TrueTracks, Truth
from bupose.media import open_media
from bupose.media.sources import Frame
from bupose.paths import expand
from bupose.people import People
from bupose.predict.following import Follower, drop_carried
from bupose.track import TrackOptions, finish


@dataclass(frozen=True)
class Followed:
    """What was found.

    Parameters
    ----------
    people : dict of frame to People
        With ids; the frame is a picture's id, or a number from 1.
    unreadable : list of BuposeError
        Frames that could not be read: nobody is found there.
    """

    people: dict[Any, People] = field(default_factory=dict)
    unreadable: list[BuposeError] = field(default_factory=list)


def follow(
    estimator: Estimator,
    truth: Truth,
    images: str | Path,
    options: TrackOptions | None = None,
    *,
    live: bool = False,
    look_every: int = 1,
    fps: float = 25.0,
    progress: bool = False,
) -> Followed:
    """Find and follow the people of annotated videos.

    Parameters
    ----------
    estimator : Estimator
    truth : Truth
    images : path
        The folder that holds the pictures by the annotations' ``file_name``; where people are annotated by boxes, the
        video, or the folder of its frames.
    options : TrackOptions, optional
    live : bool
        Each frame from those before it alone; else from the whole video.
    look_every : int
        The network looks at each n-th frame of a video file; people in between are filled in.
    fps : float
        Frames a second of pictures; a video has its own times.
    progress : bool
        Show a progress bar on stderr, if that is a terminal.

    Raises
    ------
    InputError
        There are no pictures.
    LabelsError
        An annotated picture has no file name.
    """
    found = Followed()
    for video in truth.videos:
        keys, frames = _boxed(video, images) if not truth.joints else _pictures(video, images)
        estimates = estimator.for_videos().stream(frames, look_every=look_every)
        bar = tqdm(
            estimates,
            total=len(keys),
            unit="frame",
            desc=video.name,
            file=sys.stderr,
            disable=None if progress else True,
        )
        follower, seen = Follower(options or TrackOptions()), []
        frames_found: list[tuple[tuple[float, People], bool]] = []
        for n, estimate in enumerate(bar):
            if isinstance(estimate, Failure):
                found.unreadable.append(estimate.problem)
                continue
            frame = estimate.source
            step = follower.update if live else follower.link
            found_here = step(n, n / fps if frame.time is None else frame.time, estimate.people)
            frames_found.append((found_here, estimate.carried))
            seen.append(keys[n] if frame.index is None else frame.index + 1)
        linked = list(drop_carried(frames_found))
        followed = linked if live else finish(linked.copy, options)
        found.people.update(zip(seen, (people for _, people in followed), strict=True))
    return found


def _boxed(video: TrueTracks, images: str | Path) -> tuple[list, Iterator[Frame]]:
    """The frames' numbers, from 1, and the frames, up to the last annotated one."""
    media, last = open_media(images), len(video.frames)
    frames = (frame for frame in media if frame.index is None or frame.index < last)
    return list(range(1, last + 1)), itertools.islice(frames, last)


def _pictures(video: TrueTracks, images: str | Path) -> tuple[list, Iterator[Frame]]:
    """The pictures' ids, and the pictures, up to the last labelled one."""
    last = max(n for n, (key, _) in enumerate(video.pictures) if key == video.frames[-1])
    mine, folder = video.pictures[: last + 1], expand(images)
    if lost := [key for key, name in mine if not name]:
        raise LabelsError(f"image {lost[0]!r:.40} has no file_name; name its photo in the annotations")
    return [key for key, _ in mine], (Frame(name, name, key, folder / name) for key, name in mine)
