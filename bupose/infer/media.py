"""Where pictures come from: files, folders, patterns, lists, videos, cameras and streams."""

from __future__ import annotations

import glob
import os
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bupose.errors import InputError
from bupose.folder import RUN, UNFINISHED
from bupose.images import Photo, read
from bupose.infer.names import ImageIds, output_names

PICTURES = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jp2", ".png", ".bmp", ".dib", ".webp", ".avif", ".gif", ".tif", ".tiff", ".pbm", ".pgm",
    ".ppm", ".pnm", ".hdr", ".exr", ".ras", ".sr",
))  # fmt: skip
VIDEOS = frozenset((
    ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".flv", ".ts", ".m2ts", ".mts", ".3gp",
    ".ogv", ".mjpeg", ".y4m",
))  # fmt: skip


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
    """

    name: str
    file_name: str
    image_id: int
    path: Path | None = None
    image: np.ndarray | None = None
    time: float | None = None
    rate: float | None = None
    problem: str = ""

    def read(self, least: int | None = None) -> Photo:
        """The picture; ``least`` as for :func:`bupose.images.read`.

        Raises
        ------
        InputError
            The file is missing, damaged, or of a kind OpenCV cannot read.
        """
        if self.problem:
            raise InputError(self.problem)
        return read(self.path, least=least) if self.image is None else Photo.whole(self.image)


@dataclass(frozen=True)
class Video:
    """A video file, the URL of a stream, or the number of a camera."""

    source: str | int

    def open(self) -> cv2.VideoCapture:
        """Raises :class:`InputError` where it cannot be opened."""
        capture = cv2.VideoCapture(self.source)
        if not capture.isOpened():
            what = f"camera {self.source}" if isinstance(self.source, int) else repr(self.source)
            raise InputError(f"cannot open {what}; check that it is there, whole, and that no other program holds it")
        return capture

    @property
    def live(self) -> bool:
        """Frames come when they come, perhaps without end: a camera or a stream."""
        return isinstance(self.source, int) or "://" in self.source

    @property
    def count(self) -> int:
        """How many frames there are, as the file says."""
        try:
            capture = self.open()
        except InputError:
            return 1  # the frame that says so
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        capture.release()
        return round(count) if 0 < count < 1e9 else 0

    def frames(self, name: str, file_name: str, ids: ImageIds) -> Iterator[Frame]:
        """Each frame, numbered from 0; a video that cannot be read gives one frame that says so."""
        n, capture = 0, None
        try:
            capture = self.open()
            rate = capture.get(cv2.CAP_PROP_FPS)
            rate = rate if rate > 0 else None
            while True:
                there, image = capture.read()
                if not there:
                    break
                image, time = cv2.cvtColor(image, cv2.COLOR_BGR2RGB), n / rate if rate else None
                yield Frame(f"{name}_{n:06d}", f"{file_name}#{n}", ids.next(), None, image, time, rate)
                n += 1
            if not n:
                raise InputError(f"{self.source!r} has no frame that OpenCV can read")
        except InputError as problem:
            yield Frame(name, file_name, ids.next(), problem=str(problem))
        finally:
            if capture is not None:
                capture.release()


@dataclass(frozen=True)
class Media:
    """Pictures and videos in order; their frames can be iterated over again and again.

    Parameters
    ----------
    sources : sequence of (Path of a picture or Video, file_name)
    """

    sources: Sequence[tuple[Path | Video, str]]

    def __iter__(self) -> Iterator[Frame]:
        file_names = [file_name for _, file_name in self.sources]
        ids = ImageIds(name for (one, name) in self.sources if isinstance(one, Path))
        for (one, file_name), name in zip(self.sources, output_names(file_names), strict=True):
            if isinstance(one, Path):
                yield Frame(name, file_name, ids[file_name], path=one)
            else:
                yield from one.frames(name, file_name, ids)

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
        return len(self.sources) - len(self.videos) + sum(video.count for video in self.videos)


def open_media(source: str | Path | int | Sequence, exclude: Sequence[Path] = ()) -> Media:
    """The pictures and videos that ``source`` means.

    Parameters
    ----------
    source : path, int, or list of such
        A picture, a video, a folder (with its subfolders, sorted; hidden files are left out), a glob pattern, a
        ``.txt`` file with one path a line, the number of a camera, or the URL of a stream.
    exclude : sequence of Path
        Folders to leave out: those of the results. Others that bupose has written results to are left out, too.

    Raises
    ------
    InputError
        Nothing is there, or a folder holds no picture or video.
    """
    excluded = {os.path.realpath(folder) for folder in exclude}
    listed = source if isinstance(source, (list, tuple)) else [source]
    return Media(tuple(found for one in listed for found in _find(one, excluded)))


def _find(source: str | Path | int, excluded: Container[str]) -> list[tuple[Path | Video, str]]:
    text = str(source)
    path = Path(os.path.expanduser(text))
    try:
        there = path.exists()
    except OSError as problem:  # a name longer than any file's
        raise InputError(f"cannot read {text[:200]!r}: {problem.strerror}") from None
    if there:
        return _find_below(path, excluded) if path.is_dir() else _find_listed(path)
    if text.isascii() and text.isdigit():
        return [(Video(int(text)), f"camera{text}")]
    if "://" in text:
        return [(Video(text), "stream")]
    found = sorted(glob.glob(str(path), recursive=True)) if glob.has_magic(text) else []
    if not found:
        what = "no file fits the pattern" if glob.has_magic(text) else "there is no file or folder"
        raise InputError(f"{what} {text!r}; check the path")
    return [below for one in found for below in _find(Path(one), excluded)]


def _find_below(folder: Path, excluded: Container[str]) -> list[tuple[Path | Video, str]]:
    """Pictures and videos in a folder, sorted by path."""
    found = []
    for root, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if not f.startswith(".") and not _is_result(os.path.join(root, f), excluded)]
        found += [Path(root, f) for f in files if not f.startswith(".") and Path(f).suffix.lower() in PICTURES | VIDEOS]
    if not found:
        raise InputError(f"the folder {str(folder)!r} holds no picture or video; bupose looks for {_suffixes()}")
    return [_one(file, file.relative_to(folder).as_posix()) for file in sorted(found)]


def _is_result(folder: str, excluded: Container[str]) -> bool:
    return os.path.realpath(folder) in excluded or any(os.path.isfile(f"{folder}/{mark}") for mark in (RUN, UNFINISHED))


def _find_listed(path: Path) -> list[tuple[Path | Video, str]]:
    """The file itself, or the files that a ``.txt`` file lists, relative to its own folder."""
    if path.suffix.lower() != ".txt":
        return [_one(path, path.name)]
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, ValueError) as problem:
        raise InputError(f"cannot read the list {str(path)!r}: {problem}") from None
    return [_one(path.parent / os.path.expanduser(line), line) for line in lines]


def _one(path: Path, file_name: str) -> tuple[Path | Video, str]:
    return (Video(str(path)) if path.suffix.lower() in VIDEOS else path), file_name


def _suffixes() -> str:
    return " ".join(sorted(suffix[1:] for suffix in (PICTURES | VIDEOS)))
