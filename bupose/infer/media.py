"""Where pictures come from: files, folders, patterns, lists, videos, cameras and streams."""

from __future__ import annotations

import glob
import os
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bupose.errors import InputError
from bupose.folder import OF_PICTURES, RUN, UNFINISHED
from bupose.images import FOREIGN, MAX_PIXELS, PICTURES, VIDEOS, Photo, Video, read
from bupose.images.files import quote, read_bytes, refusal
from bupose.infer.names import frame_name, free_numbers, number_pictures, output_names, readable


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
    time : float, seconds, optional
        In the video.
    rate : float, optional
        Frames a second of the video, where it says.
    problem : str
        Why there is no picture, where that is known before reading.
    max_pixels : int
        A larger file is refused.
    """

    name: str
    file_name: str
    image_id: int
    path: Path | None = None
    image: np.ndarray | None = None
    time: float | None = None
    rate: float | None = None
    problem: str = ""
    max_pixels: int = MAX_PIXELS

    def read(self, least: int | None = None) -> Photo:
        """The picture; ``least`` as for :func:`bupose.images.read`.

        Raises
        ------
        InputError
            The file is missing, damaged, too large, or of a kind that bupose cannot read.
        """
        if self.problem:
            raise InputError(self.problem)
        if self.image is not None:
            return Photo.whole(self.image)
        return read(self.path, least=least, max_pixels=self.max_pixels)


@dataclass(frozen=True)
class Unreadable:
    """What was found where pictures are, but cannot be looked into."""

    problem: str


Source = Path | Video | Unreadable


@dataclass(frozen=True)
class Media:
    """Pictures and videos in order; their frames can be iterated over again and again.

    Parameters
    ----------
    sources : sequence of (Path of a picture, Video, or Unreadable; file_name)
    max_pixels : int
        Larger pictures and videos are refused.
    """

    sources: Sequence[tuple[Source, str]]
    max_pixels: int = MAX_PIXELS

    def __iter__(self) -> Iterator[Frame]:
        are_videos = [isinstance(one, Video) for one, _ in self.sources]
        names = output_names((file_name for _, file_name in self.sources), are_videos)
        numbers = number_pictures([file_name for one, file_name in self.sources if not isinstance(one, Video)])
        free, numbers = free_numbers(set(numbers)), iter(numbers)
        for (one, file_name), name in zip(self.sources, names, strict=True):
            if isinstance(one, Video):
                yield from self._frames(one, file_name, name, free)
            elif isinstance(one, Path):
                yield Frame(name, file_name, next(numbers), path=one, max_pixels=self.max_pixels)
            else:
                yield Frame(name, file_name, next(numbers), problem=one.problem)

    def _frames(self, video: Video, file_name: str, name: str, numbers: Iterator[int]) -> Iterator[Frame]:
        """Each frame of a video; where some cannot be read, one more that says so."""
        try:
            for seen in video.frames(self.max_pixels):
                called, listed = frame_name(name, seen.number), f"{file_name}#{seen.number}"
                yield Frame(called, listed, next(numbers), None, seen.image, seen.time, seen.rate)
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


def open_media(
    source: str | Path | int | Sequence, exclude: Sequence[Path] = (), max_pixels: int = MAX_PIXELS
) -> Media:
    """The pictures and videos that ``source`` means.

    Parameters
    ----------
    source : path, int, or list of such
        A picture, a video, a folder (with its subfolders, sorted; hidden files are left out), a glob pattern, a
        ``.txt`` file with one path a line, the number of a camera, or the URL of a stream.
    exclude : sequence of Path
        Folders to leave out: those of the results. Others that bupose has written results to are left out, too.
    max_pixels : int
        Larger pictures and videos are refused, one by one.

    Raises
    ------
    InputError
        Nothing is there, or a folder holds no picture or video.
    """
    excluded = {os.path.realpath(folder) for folder in exclude}
    listed = source if isinstance(source, (list, tuple)) else [source]
    return Media(tuple(found for one in listed for found in _find(one, excluded)), max_pixels)


def _find(source: str | Path | int, excluded: Container[str]) -> list[tuple[Source, str]]:
    text = str(source)
    path = Path(os.path.expanduser(text))
    if os.path.lexists(path):
        return _find_below(path, excluded) if path.is_dir() else _find_listed(path)
    if text.isascii() and text.isdigit():
        return [(Video(int(text)), f"camera{text}")]
    if "://" in text:
        return [(Video(text), "stream")]
    found = sorted(glob.glob(str(path), recursive=True)) if glob.has_magic(text) and "\0" not in text else []
    if not found:
        what = "no file fits the pattern" if glob.has_magic(text) else "there is no file or folder"
        raise InputError(f"{what} {quote(text)}; check the path")
    return [below for one in found for below in _find(Path(one), excluded)]


def _find_below(folder: Path, excluded: Container[str]) -> list[tuple[Source, str]]:
    """Pictures and videos in a folder, sorted by path; also the folders in it that cannot be looked into."""
    found, closed, wanted = [], {}, PICTURES | VIDEOS | FOREIGN

    def note(problem: OSError) -> None:
        closed[Path(problem.filename)] = Unreadable(str(refusal(problem.filename, problem)))

    for root, folders, files in os.walk(folder, onerror=note):
        folders[:] = [f for f in folders if not f.startswith(".") and not _is_result(os.path.join(root, f), excluded)]
        found += [Path(root, f) for f in files if not f.startswith(".") and Path(f).suffix.lower() in wanted]
    if folder in closed:
        raise InputError(closed[folder].problem)
    if not found and not closed:
        raise InputError(f"the folder {quote(folder)} holds no picture or video; bupose looks for {_suffixes()}")
    below = [(path, path.relative_to(folder).as_posix()) for path in sorted([*found, *closed])]
    return [(closed[path], readable(name)) if path in closed else _one(path, name) for path, name in below]


def _is_result(folder: str, excluded: Container[str]) -> bool:
    """Whether a folder holds what a run has written: its whole output, or the files of single pictures in it."""
    parent, name = os.path.split(folder)
    marked = _is_output(folder) or (name in OF_PICTURES and _is_output(parent))
    return marked or os.path.realpath(folder) in excluded


def _is_output(folder: str) -> bool:
    return any(os.path.isfile(os.path.join(folder, mark)) for mark in (RUN, UNFINISHED))


def _find_listed(path: Path) -> list[tuple[Source, str]]:
    """The file itself, or the files that a ``.txt`` file lists, relative to its own folder."""
    if path.suffix.lower() != ".txt":
        return [_one(path, path.name)]
    data = read_bytes(path)
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        lines = data.decode(encoding, "surrogateescape").split("\n")  # names of files may be no UTF-8
    except ValueError:
        raise InputError(f"the list {quote(path)} is no text; save it as UTF-8, one path a line") from None
    lines = [line.strip() for line in lines if line.strip()]
    if not lines:
        raise InputError(f"the list {quote(path)} holds no path; give one a line")
    return [_one(path.parent / os.path.expanduser(line), line) for line in lines]


def _one(path: Path, file_name: str) -> tuple[Source, str]:
    return (Video(path) if path.suffix.lower() in VIDEOS else path), readable(file_name)


def _suffixes() -> str:
    return " ".join(sorted(suffix[1:] for suffix in (PICTURES | VIDEOS)))
