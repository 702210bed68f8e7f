"""MOTChallenge's box files (motchallenge.net): a line ``frame, id, left, top, width, height, confidence, …`` a box."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from bupose.errors import InputError, LabelsError
from bupose.evaluate.tracking.tracks import Tracks, TrueTracks, Truth
from bupose.images.files import quote, read_bytes
from bupose.paths import expand

PEDESTRIAN = 1
# Classes of MOT16, 17 and 20 that may be found or not: people on vehicles, static people, distractors, reflections.
DISTRACTORS = (2, 7, 8, 12)
CLASSES = 9  # columns of a file with classes; MOT15's has ten, and none
MOST_FRAMES = 10_000_000


def is_mot(source: object) -> TypeGuard[str | Path]:
    """Whether it is the path of such a file."""
    return isinstance(source, (str, Path)) and str(source).lower().endswith((".txt", ".csv"))


def read_truth(path: str | Path) -> Truth:
    """The annotated boxes of one video; frames are numbered from 1.

    Boxes of confidence 0, and of other classes than pedestrians, do not count; where the file has classes, those that
    may be taken for people are distractors (TrackEval, ``datasets/mot_challenge_2d_box.py``).

    Raises
    ------
    InputError
        No such file.
    LabelsError
        A line that is not of this form.
    """
    table = _read(path)
    counted, distractor, notes = table[:, 6] != 0, np.zeros(len(table), bool), []
    if table.shape[1] == CLASSES:
        kind = table[:, 7]
        distractor = np.isin(kind, DISTRACTORS)
        counted &= kind == PEDESTRIAN
    if left := int((~counted & ~distractor).sum()):
        notes.append(f"Boxes that do not count, of confidence 0 or other classes, left out: {left} of {len(table)}.")
    if not counted.any():
        raise LabelsError(f"{quote(path)} has no box that counts: none of confidence above 0 and class 1")
    last = int(table[:, 0].max())
    table, distractor = table[counted | distractor], distractor[counted | distractor]
    columns = _columns(Path(path).stem, range(1, last + 1), table)
    empty = np.zeros(len(table))
    return Truth([TrueTracks(**columns, area=empty, head=empty, distractor=distractor)], notes=tuple(notes))


def read_found(path: str | Path, truth: TrueTracks) -> tuple[Tracks, int]:
    """The boxes of a result file in the frames of ``truth``, and how many are in others."""
    table = _read(path)
    here = np.isin(table[:, 0], np.array(truth.frames))
    return Tracks(**_columns(truth.name, truth.frames, table[here])), int((~here).sum())


def _columns(name: str, frames: Iterable[int], table: np.ndarray) -> dict[str, Any]:
    """The fields of Tracks, without joints."""
    none = np.zeros((len(table), 0))
    return {
        "name": name,
        "frames": tuple(frames),
        "row": table[:, 0].astype(np.int64) - 1,
        "ids": np.maximum(table[:, 1].astype(np.int64), -1),
        "box": table[:, 2:6],
        "xy": none[..., None],
        "score": none,
    }


def _read(path: str | Path) -> np.ndarray:
    """float64 (N, 7 or more); boxes of lines with six numbers are sure."""
    try:
        text = read_bytes(expand(path)).decode("utf-8-sig")
    except ValueError:
        raise InputError(f"{quote(path)} is no text; give MOTChallenge's gt.txt") from None
    rows: list[list[float]] = []
    for n, line in enumerate(text.splitlines(), 1):
        cells = line.replace(",", " ").split()
        if not cells:
            continue
        try:
            row = [float(cell) for cell in cells]
        except ValueError:
            row = []
        row += [1.0] if len(row) == 6 else []
        if len(row) < 7 or not np.isfinite(row).all() or (rows and len(row) != len(rows[0])):
            expected = "frame, id, left, top, width, height, confidence, and as many numbers in every line"
            raise LabelsError(f"line {n} of {quote(path)} is {line!r:.60}; write {expected}")
        if row[0] != round(row[0]) or not 1 <= row[0] <= MOST_FRAMES or row[1] != round(row[1]) or abs(row[1]) > 2**53:
            raise LabelsError(f"line {n} of {quote(path)} is {line!r:.60}; frames count from 1, and ids are whole")
        rows.append(row)
    if not rows:
        raise LabelsError(f"{quote(path)} holds no boxes; give MOTChallenge's gt.txt")
    return np.array(rows)
