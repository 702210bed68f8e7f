"""Sources of pictures: files, folders, patterns, lists, videos, cameras and streams."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from bupose.errors import InputError
from bupose.images import MAX_PIXELS, Clip, Photo, Video, read
from bupose.images.files import quote
from bupose.media.file_names import frame_name, free_numbers, number_pictures, output_names, readable
from bupose.media.finding import Search, Source
from bupose.media.passed_over import PassedOver
from bupose.paths import expand

WHOLE = Clip()


@dataclass(frozen=True)
class Frame:
    """A picture to come: a file not read yet, or a frame of a video.

    Parameters
    ----------
    name : str
        What result files are called, without suffix; no other frame of a ``Media`` has it.
    file_name : str
        What to call it in lists: the path below the folder it was found in; ``#`` and a number for a video's frame.
    image_id : int
    path : Path, optional
        Of the picture's file.
    image : uint8 array (H, W, 3), RGB, optional
        Of a video's frame.
    video : Video, optional
        Whose frame it is.
    index : int, optional
        Of the frame in its video, from 0.
    time : float, seconds, optional
        When it is shown, from the video's beginning.
    rate : float, optional
        Frames a second of the video, where it says.
    problem : str
        Why there is no picture, where that is known before reading.
    max_pixels : int, optional
        A larger file is refused, whoever reads it.
    size : (width, height), optional
        What the annotations of a file say, pixels; another is refused.
    """

    name: str
    file_name: str
    image_id: int
    path: Path | None = None
    image: np.ndarray | None = None
    video: Video | None = None
    index: int | None = None
    time: float | None = None
    rate: float | None = None
    problem: str = ""
    max_pixels: int | None = None
    size: tuple[int, int] | None = None

    def read(self, least: int | None = None, max_pixels: int = MAX_PIXELS) -> Photo:
        """The picture; ``least`` and ``max_pixels`` as for :func:`bupose.images.read`.

        Raises
        ------
        InputError
            The file is missing, damaged, too large, or of a kind that bupose cannot read.
        """
        if self.problem:
            raise InputError(self.problem)
        if self.image is not None:
            return Photo.whole(self.image)
        if self.path is None:
            raise InputError(f"{self.file_name} is a frame without a picture; give its path or image")
        most = max_pixels if self.max_pixels is None else min(max_pixels, self.max_pixels)
        return read(self.path, least=least, max_pixels=most, size=self.size)


@dataclass(frozen=True)
class Media:
    """Pictures and videos in order; their frames can be iterated over again and again.

    Parameters
    ----------
    sources : sequence of (Path of a picture, Video, or Unreadable; file_name)
    max_pixels : int
        Larger pictures and videos are refused.
    passed_over : PassedOver
        What else the search met.
    """

    sources: Sequence[tuple[Source, str]]
    max_pixels: int = MAX_PIXELS
    passed_over: PassedOver = field(default_factory=PassedOver)

    def __iter__(self) -> Iterator[Frame]:
        are_videos = [isinstance(one, Video) for one, _ in self.sources]
        names = output_names((file_name for _, file_name in self.sources), are_videos)
        numbers = number_pictures([file_name for one, file_name in self.sources if not isinstance(one, Video)])
        free, own = free_numbers(set(numbers)), iter(numbers)
        for (one, file_name), name in zip(self.sources, names, strict=True):
            if isinstance(one, Video):
                yield from self._frames(one, file_name, name, free)
            elif isinstance(one, Path):
                yield Frame(name, file_name, next(own), path=one, max_pixels=self.max_pixels)
            else:
                yield Frame(name, file_name, next(own), problem=one.problem)

    def _frames(self, video: Video, file_name: str, name: str, numbers: Iterator[int]) -> Iterator[Frame]:
        """Each frame of a video; where some cannot be read, one more that says so."""
        try:
            for seen in video.frames(self.max_pixels):
                called, listed = frame_name(name, seen.number), f"{file_name}#{seen.number}"
                yield Frame(
                    called, listed, next(numbers), image=seen.image, video=video, index=seen.number, time=seen.time,
                    rate=seen.rate,
                )  # fmt: skip
        except InputError as problem:
            yield Frame(name, file_name, next(numbers), problem=str(problem))

    @property
    def videos(self) -> list[Video]:
        """Those of the sources that are videos, cameras or streams."""
        return [one for one, _ in self.sources if isinstance(one, Video)]

    @property
    def live(self) -> bool:
        """A camera or stream is among them."""
        return any(video.live for video in self.videos)

    @property
    def total(self) -> int | None:
        """How many frames there are, as far as files tell."""
        if self.live:
            return None
        return len(self.sources) - len(self.videos) + sum(max(1, video.count) for video in self.videos)


def find_pictures(folder: str | Path) -> list[tuple[Path, str]]:
    """Every picture file in a folder and those below it, with its path from there, as :func:`open_media` finds them.

    Raises
    ------
    InputError
        There is no such folder, or no picture in it.
    """
    folder = expand(folder)
    if not folder.is_dir():
        raise InputError(f"{quote(folder)} is no folder; give a folder of pictures")
    found = [(one, name) for one, name in Search().find([folder]) if isinstance(one, Path)]
    if not found:
        raise InputError(f"the folder {quote(folder)} holds no picture; give a folder of pictures")
    return found


def open_media(
    source: str | Path | int | Sequence, exclude: Sequence[Path] = (), max_pixels: int = MAX_PIXELS,
    clip: Clip = WHOLE, threads: int | None = None,
) -> Media:  # fmt: skip
    """The pictures and videos that ``source`` means.

    Parameters
    ----------
    source : path, int, or list of such
        A picture, a video, a folder (with its subfolders and those that it links to, sorted; hidden files are left
        out), a glob pattern, a ``.txt`` file with one path or pattern a line, the number of a camera, or the URL of a
        stream.
    exclude : sequence of Path
        Folders to leave out: those of the results. Others that bupose has written results to are left out, too.
    max_pixels : int
        Larger pictures and videos are refused, one by one.
    clip : Clip
        The part of each video that is taken.
    threads : int, optional
        For decoding a video; None is those of numeric work.

    Raises
    ------
    InputError
        Nothing is found, or a folder has no picture or video.
    """
    search = Search({os.path.realpath(folder) for folder in exclude})
    found = search.find(source if isinstance(source, (list, tuple)) else [source])
    sources = [(replace(one, clip=clip, threads=threads) if isinstance(one, Video) else one, n) for one, n in found]
    return Media(tuple((one, readable(name)) for one, name in sources), max_pixels, search.passed_over)
