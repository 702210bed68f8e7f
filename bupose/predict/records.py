"""Intermediate results of a run, one line per picture, from which an interrupted run continues."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bupose.atomic import refusal
from bupose.errors import InputError
from bupose.folder import UNFINISHED
from bupose.media.file_names import file_number
from bupose.media.sources import Frame
from bupose.people import People
from bupose.predict.entries import as_lists, is_whole, parse, people_of, source_of, video_name
from bupose.skeleton import Skeleton

_FRAMES = "/#"  # no name of a picture ends so
SYNC = 5.0  # seconds between flushes to disk; a power cut costs at most these


@dataclass(frozen=True)
class Group:
    """A picture, or the frames of a video.

    Parameters
    ----------
    video : str
        Name of the video; "" for a picture.
    places : int64 array
        Where their lines begin, in the list's file.
    """

    video: str
    places: np.ndarray


class Records:
    """The growing list of results in an output folder; it exists only while the run is unfinished.

    The file is append-only. Its first line holds the settings; of several lines for one picture the last counts. An
    incomplete last line is removed when the run is resumed.

    Parameters
    ----------
    folder : Path
        Of the results.
    skeleton : Skeleton
    settings : dict
        Settings that the results depend on, JSON-serializable; a resumed run must have the same.
    resume : bool
        Continue the existing list.
    anew : bool
        Start anew if its settings differ.
    reserved : iterable of int
        Picture numbers reserved for pictures with such file names.

    Raises
    ------
    InputError
        The list cannot be read or written, or ``resume`` with other settings than those of the interrupted run.
    """

    def __init__(
        self, folder: Path, skeleton: Skeleton, settings: Mapping, resume: bool = False, anew: bool = False,
        reserved: Iterable[int] = (),
    ):  # fmt: skip
        self.folder, self.skeleton = folder, skeleton
        self._path = folder / UNFINISHED
        self.count_before = 0  # pictures that an earlier run processed successfully
        self._found: set[str] = set()  # their names, without frames of videos
        self.empty = True  # no picture was processed yet
        self._earlier: dict[str, list[tuple[str, int]]] = {}  # a file's names and numbers in the interrupted run
        self._taken: set[str] = set()  # names, without case
        self._ids: set[int] = set()
        self._reserved, self._running = set(reserved), 0
        self._frames: dict[str, dict[int, int]] = {}  # numbers of an interrupted run's frames, by video and index
        self._seen: dict[str, set[int]] = {}  # those of them that were processed successfully
        self._order: dict[str, int] = {}
        self._size, self._synced = 0, time.monotonic()
        try:
            kept = self._read(settings, anew) if resume and self._path.exists() else 0
            self._resumed = kept > 0
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | (0 if kept else os.O_TRUNC), 0o666)
            os.ftruncate(self._file, kept)
            self._size = os.lseek(self._file, 0, os.SEEK_END)
        except OSError as problem:
            raise refusal(self._path, problem) from None
        if not kept:
            self._append(dict(settings))

    def _read(self, settings: Mapping, anew: bool) -> int:
        """Read the complete lines; returns their size in bytes. Invalid lines are skipped."""
        size = 0
        with self._path.open("rb") as file:
            for n, line in enumerate(file):
                if not line.endswith(b"\n"):
                    break
                entry = parse(line)
                if n == 0:
                    if not self._is_same(entry, json.loads(json.dumps(settings, default=str)), anew):
                        return 0
                elif entry is not None and is_whole(entry, self.skeleton):
                    self._remember(entry)
                size += len(line)
        return size

    def _is_same(self, before: Mapping | None, settings: Mapping, anew: bool) -> bool:
        """Whether an interrupted run had these settings; raises on others unless ``anew``."""
        if before is None and not anew:
            raise InputError(f"{str(self._path)!r} is damaged; overwrite=true starts anew")
        before = before or {}
        differ = sorted(key for key in before.keys() | settings.keys() if before.get(key) != settings.get(key))
        if differ and not anew:
            key = differ[0]
            raise InputError(
                f"the interrupted run in {str(self.folder)!r} had {key}={before.get(key)!r}, this one has "
                f"{settings.get(key)!r}; give the same options, or overwrite=true to start anew"
            )
        return not differ

    def _remember(self, entry: dict) -> None:
        self._ids.add(entry["id"])
        self.empty = self.empty and "people" not in entry
        if "video" in entry:
            video, index = entry["video"], entry["frame"]
            self._frames.setdefault(video, {})[index] = entry["id"]
            seen: set = self._seen.setdefault(video, set())
            key = index
        else:
            name = entry["name"]
            if name.casefold() not in self._taken:
                self._earlier.setdefault(entry["source"], []).append((name, entry["id"]))
            self._taken.add(name.casefold())
            seen, key = self._found, name
        before = len(seen)
        seen.discard(key)
        if "problem" not in entry:
            seen.add(key)
        self.count_before += len(seen) - before

    def has(self, frame: Frame) -> bool:
        """Whether an interrupted run has processed a picture, one that is settled, successfully."""
        if frame.index is not None:
            return frame.index in self._seen.get(video_name(frame), ())
        return frame.name in self._found

    def settle(self, frame: Frame) -> Frame:
        """The frame with its name and number in this list; call it for all frames in order.

        Pictures keep those of the interrupted run; new ones get unused ones. Nothing is kept for a frame of a video.
        """
        if frame.index is not None:
            video = video_name(frame)
            self._order.setdefault(f"{video}{_FRAMES}", len(self._order))
            if self._resumed:
                earlier = self._frames.get(video, {}).get(frame.index)
                frame = dataclasses.replace(frame, image_id=self._free_number() if earlier is None else earlier)
                self._ids.add(frame.image_id)
            return frame
        before = self._earlier.get(source_of(frame))
        if before:
            name, number = before.pop(0)  # a file may be listed twice
        else:
            name, number = self._free_name(frame.name), frame.image_id
            if number in self._ids or (self._resumed and number != file_number(frame.file_name)):
                number = self._free_number()
        frame = dataclasses.replace(frame, name=name, image_id=number)
        self._taken.add(frame.name.casefold())
        self._ids.add(frame.image_id)
        self._order[frame.name] = len(self._order)
        return frame

    def _free_name(self, name: str) -> str:
        unique, n = name, 1
        while unique.casefold() in self._taken:
            n += 1
            unique = f"{name}_{n}"
        return unique

    def _free_number(self) -> int:
        self._running += 1
        while self._running in self._ids or self._running in self._reserved:
            self._running += 1
        return self._running

    def add(
        self, frame: Frame, size: tuple[int, int] | None, people: People | None, problem: str = "",
        carried: bool = False,
    ) -> None:  # fmt: skip
        """Record a picture's people, its problem, or both.

        Parameters
        ----------
        frame : Frame
        size : (width, height), optional
            Of the photo, pixels.
        people : People, optional
            In the photo's pixels; None where it could not be read.
        problem : str
        carried : bool
            As of an :class:`bupose.estimate.Estimate`.

        Raises
        ------
        InputError
            The list cannot be extended; it is unchanged.
        """
        entry: dict = {"id": frame.image_id, "file_name": frame.file_name, "name": frame.name}
        if frame.index is not None:
            entry |= {"video": video_name(frame), "frame": frame.index}
        if frame.time is not None:
            entry["time"] = round(frame.time, 6)
        if size is not None:
            entry |= {"width": size[0], "height": size[1]}
        if problem:
            entry["problem"] = problem
        if people is not None or not problem:
            entry["people"] = None if people is None else as_lists(people)
            self.empty = False
        if carried:
            entry["carried"] = True
        self._append(entry | {"source": source_of(frame)})

    def _append(self, entry: dict) -> None:
        line = json.dumps(entry, allow_nan=False, default=str).encode() + b"\n"
        try:
            done = 0
            while done < len(line):
                done += os.write(self._file, line[done:])
            if time.monotonic() - self._synced > SYNC:
                os.fsync(self._file)
                self._synced = time.monotonic()
        except OSError as problem:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise refusal(self._path, problem) from None
        self._size += len(line)

    def remove(self) -> None:
        """Remove the list, once the results are in place."""
        self.close()
        with suppress(OSError):
            self._path.unlink()

    def close(self) -> None:
        """Close the list and keep it for a resumed run, unless it is empty."""
        if self._file >= 0:
            with suppress(OSError):
                os.close(self._file)
            self._file = -1

    def groups(self) -> list[Group]:
        """What was recorded, in input order; pictures that no longer exist come last."""
        begin = 0
        photos: dict[str, int] = {}
        frames: dict[str, tuple[array, array]] = {}
        with self._path.open("rb") as file:
            for n, line in enumerate(file):
                entry = parse(line) if n else None
                if entry is not None and is_whole(entry, self.skeleton):
                    if "video" in entry:
                        index, place = frames.setdefault(entry["video"], (array("q"), array("q")))
                        index.append(entry["frame"])
                        place.append(begin)
                    else:
                        photos[entry["name"]] = begin
                begin += len(line)
        found = {name: Group("", np.array([place])) for name, place in photos.items()}
        for video, (index, place) in frames.items():
            order = np.argsort(np.array(index), kind="stable")
            last = np.append(np.diff(np.array(index)[order]) != 0, True)
            found[f"{video}{_FRAMES}"] = Group(video, np.array(place)[order[last]])
        return [found[name] for name in sorted(found, key=lambda name: self._order.get(name, len(self._order)))]

    def read(self, group: Group) -> Iterator[tuple[dict, People]]:
        """The entries of a group, and the people found in each."""
        with self._path.open("rb") as file:
            for place in group.places.tolist():
                file.seek(place)
                entry = json.loads(file.readline())
                yield entry, people_of(entry, self.skeleton)
