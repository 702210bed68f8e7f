"""What a run has found so far, one line a picture, so that an interrupted run can go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bupose.errors import InputError
from bupose.infer.output import results_skeleton, write_coco, write_csv, write_images
from bupose.people import People
from bupose.skeleton import Skeleton

FILE = "unfinished.jsonl"


class Records:
    """The growing list of results in an output folder; it is there only while the run is unfinished.

    Parameters
    ----------
    folder : Path
        Of the results.
    skeleton : Skeleton
    settings : dict
        What the results depend on, as plain values; a resumed run must have the same.
    resume : bool
        Go on with the list that is there.

    Raises
    ------
    InputError
        The folder cannot be written to, or ``resume`` with other settings than those of the interrupted run.
    """

    def __init__(self, folder: Path, skeleton: Skeleton, settings: dict, resume: bool = False):
        self.folder, self.skeleton = folder, skeleton
        self._path = folder / FILE
        settings = json.loads(json.dumps(settings, default=str))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            kept = self._read_kept(settings) if resume and self._path.exists() else []
            self._file = self._path.open("w", encoding="utf-8")
            self._file.write("\n".join([json.dumps(settings), *kept, ""]))
            self._file.flush()
        except OSError as problem:
            raise InputError(f"cannot write to the folder {str(folder)!r}: {problem.strerror or problem}") from None
        self.done = {json.loads(line)["name"] for line in kept}

    def _read_kept(self, settings: dict) -> list[str]:
        """Whole lines of pictures that were found; those that failed are tried again."""
        lines = self._path.read_text(encoding="utf-8").split("\n")
        before = _parse(lines[0]) or {}
        differ = sorted(key for key in before.keys() | settings.keys() if before.get(key) != settings.get(key))
        if differ:
            key = differ[0]
            raise InputError(
                f"the interrupted run in {str(self.folder)!r} had {key}={before.get(key)!r}, this one has "
                f"{settings.get(key)!r}; give the same options, or resume=false to start anew"
            )
        return [line for line in lines[1:] if (entry := _parse(line)) and "problem" not in entry]

    def add(self, image: dict, people: People) -> None:
        """Note a picture's people; ``image`` is its line in images.json, with ``id``, ``file_name`` and ``name``."""
        xy = np.where(people.present[..., None], people.xy, 0).astype(np.float64).round(4)
        found = {
            "xy": xy.reshape(len(people), 2 * xy.shape[1]).tolist(),
            "score": people.score.astype(np.float64).round(6).tolist(),
            "present": people.present.astype(int).tolist(),
            "person_score": people.person_score.astype(np.float64).round(6).tolist(),
        }
        self._append({**image, "people": found})

    def add_problem(self, image: dict, problem: str) -> None:
        """Note a picture that could not be read."""
        self._append({**image, "problem": problem})

    def _append(self, entry: dict) -> None:
        self._file.write(json.dumps(entry, allow_nan=False) + "\n")
        self._file.flush()

    def finish(self, coco: bool = True, csv: bool = False) -> None:
        """Write coco_results.json, images.json and people.csv from the list, and remove it.

        Raises
        ------
        InputError
            A file cannot be written; the list stays.
        """
        self._file.close()
        write_images(self.folder / "images.json", (image for image, _ in self._entries()))
        joints = results_skeleton(self.skeleton)
        if coco:
            results = (r for image, people in self._entries() for r in people.to_coco(image["id"], joints))
            write_coco(self.folder / "coco_results.json", results)
        if csv:
            rows = ((image["id"], image["file_name"], people) for image, people in self._entries())
            write_csv(self.folder / "people.csv", rows, self.skeleton)
        self._path.unlink()

    def close(self) -> None:
        """Leave the list for another run to go on with."""
        self._file.close()

    def _entries(self) -> Iterator[tuple[dict, People]]:
        with self._path.open(encoding="utf-8") as file:
            next(file)
            for line in file:
                entry = json.loads(line)
                yield entry, self._people(entry.pop("people", None))

    def _people(self, found: dict | None) -> People:
        if not found or not found["person_score"]:
            return People.nobody(self.skeleton)
        xy = np.array(found["xy"]).reshape(-1, len(self.skeleton.joints), 2)
        xy[np.array(found["present"]) == 0] = np.nan
        return People(xy, found["score"], found["person_score"], self.skeleton)


def _parse(line: str) -> dict | None:
    """A whole line; None for one cut short."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
