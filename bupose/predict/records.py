"""Intermediate results of a run, one line per picture, from which an interrupted run continues."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from bupose.annotations.categories import CategoryOptions
from bupose.atomic import refusal
from bupose.errors import BuposeError, InputError
from bupose.folder import UNFINISHED
from bupose.media.file_names import file_number
from bupose.media.sources import Frame
from bupose.people import People
from bupose.predict.output import as_coco, write_coco, write_csv, write_images
from bupose.skeleton import Skeleton

SYNC = 5.0  # seconds between flushes to disk; a power cut costs at most these


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
    category : CategoryOptions, optional
        For the COCO results.

    Raises
    ------
    InputError
        The list cannot be read or written, or ``resume`` with other settings than those of the interrupted run.
    """

    def __init__(
        self, folder: Path, skeleton: Skeleton, settings: Mapping, resume: bool = False, anew: bool = False,
        reserved: Iterable[int] = (), category: CategoryOptions | None = None,
    ):  # fmt: skip
        self.folder, self.skeleton, self.category = folder, skeleton, category or CategoryOptions()
        self._path = folder / UNFINISHED
        self.found: set[str] = set()  # names of pictures that an earlier run processed successfully
        self.empty = True  # no picture was processed yet
        self._earlier: dict[str, list[tuple[str, int]]] = {}  # a file's names and numbers in the interrupted run
        self._taken: set[str] = set()  # names, without case
        self._ids: set[int] = set()
        self._reserved, self._running = set(reserved), 0
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
                entry = _parse(line)
                if n == 0:
                    if not self._is_same(entry, json.loads(json.dumps(settings, default=str)), anew):
                        return 0
                elif entry is not None and self._is_whole(entry):
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

    def _is_whole(self, entry: dict) -> bool:
        """Whether a line is a valid picture record: the file may have been edited."""
        kinds = {"id": int, "file_name": str, "name": str, "source": str}
        if not all(isinstance(entry.get(key), kind) for key, kind in kinds.items()):
            return False
        try:
            self._people(entry)
        except (BuposeError, ValueError, TypeError, KeyError, IndexError, OverflowError):
            return False
        return "people" in entry or "problem" in entry

    def _remember(self, entry: dict) -> None:
        name = entry["name"]
        if name.casefold() not in self._taken:
            self._earlier.setdefault(entry["source"], []).append((name, entry["id"]))
        self._taken.add(name.casefold())
        self._ids.add(entry["id"])
        self.found.discard(name)
        self.empty = self.empty and "people" not in entry
        if "problem" not in entry:
            self.found.add(name)

    def settle(self, frame: Frame) -> Frame:
        """The frame with its name and number in this list; call it for all frames in order.

        Pictures keep those of the interrupted run; new ones get unused ones.
        """
        earlier = self._earlier.get(source_of(frame))
        if earlier:
            name, number = earlier.pop(0)  # a file may be listed twice
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

    def add(self, frame: Frame, size: tuple[int, int] | None, people: People | None, problem: str = "") -> None:
        """Record a picture's people, its problem, or both.

        Parameters
        ----------
        frame : Frame
        size : (width, height), optional
            Of the photo, pixels.
        people : People, optional
            In the photo's pixels; None where it could not be read.
        problem : str

        Raises
        ------
        InputError
            The list cannot be extended; it is unchanged.
        """
        entry: dict = {"id": frame.image_id, "file_name": frame.file_name, "name": frame.name}
        if frame.time is not None:
            entry["time"] = round(frame.time, 4)
        if size is not None:
            entry |= {"width": size[0], "height": size[1]}
        if problem:
            entry["problem"] = problem
        if people is not None:
            entry["people"] = _as_lists(people)
            self.empty = False
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

    def finish(self, coco: bool = True, csv: bool = False) -> None:
        """Write coco_results.json, images.json and people.csv from the list, in the order of the input.

        Raises
        ------
        InputError
            A file cannot be written; the list stays.
        """
        places = self._places()
        images = (
            {key: value for key, value in entry.items() if key not in ("people", "source")}
            for entry in self._entries(places)
        )
        write_images(self.folder / "images.json", images)
        if coco:
            results = (r for e in self._entries(places) for r in as_coco(self._people(e), e["id"], self.category))
            write_coco(self.folder / "coco_results.json", results)
        if csv:
            rows = ((e["id"], e["file_name"], self._people(e)) for e in self._entries(places))
            write_csv(self.folder / "people.csv", rows, self.skeleton)

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

    def _places(self) -> list[int]:
        """Offset of each picture's last line, in input order; pictures that no longer exist come last."""
        begin, places = 0, {}
        with self._path.open("rb") as file:
            for n, line in enumerate(file):
                entry = _parse(line) if n else None
                if entry is not None and self._is_whole(entry):
                    places[entry["name"]] = begin
                begin += len(line)
        return [places[name] for name in sorted(places, key=lambda name: self._order.get(name, len(self._order)))]

    def _entries(self, places: list[int]) -> Iterator[dict]:
        with self._path.open("rb") as file:
            for place in places:
                file.seek(place)
                yield json.loads(file.readline())

    def _people(self, entry: dict) -> People:
        found = entry.get("people")
        if found is None or found["person_score"] == []:
            return People.nobody(self.skeleton)
        xy = np.array(found["xy"]).reshape(-1, len(self.skeleton.joints), 2)
        xy[np.array(found["present"]).reshape(xy.shape[:2]) == 0] = np.nan
        return People(xy, found["score"], found["person_score"], self.skeleton)


def source_of(frame: Frame) -> str:
    """A stable identity of a picture: its file, if it has one."""
    return os.path.abspath(frame.path) if frame.path is not None else frame.name


def _as_lists(people: People) -> dict:
    xy = np.where(people.present[..., None], people.xy, 0).astype(np.float64).round(4)
    return {
        "xy": xy.reshape(len(people), 2 * xy.shape[1]).tolist(),
        "score": people.score.astype(np.float64).round(6).tolist(),
        "present": people.present.astype(int).tolist(),
        "person_score": people.person_score.astype(np.float64).round(6).tolist(),
    }


def _parse(line: bytes) -> dict | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None
