"""DeepLabCut's tables of predictions, CSV and H5, of one animal or several.

Columns are, level by level, scorer, individual (files of one animal lack this level), bodypart, and x, y, likelihood;
a row is a frame, or a picture by its file name. The individual ``single`` has the bodyparts that exist once, as corners
of a box; its columns are read only where no others are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from importlib import util
from pathlib import Path

import numpy as np

from bupose.annotations.dlc_table import KEY, LEVELS, SINGLE, is_table, load_pandas, read_table
from bupose.atomic import replacing, writing_text
from bupose.exchange.formats.base import Format
from bupose.exchange.formats.options import WriteOptions
from bupose.exchange.individuals import Individuals
from bupose.exchange.joints import with_skeleton
from bupose.exchange.recording import Recording
from bupose.skeleton import Skeleton

COORDS = ("x", "y", "likelihood")
_OF_ID = re.compile(r"individual(\d+)")


def read(path: Path, skeleton: Skeleton | None = None) -> list[Recording]:
    """The recording of a table; rows with file names are pictures."""
    rows, columns, values = read_table(path)
    individuals = list(dict.fromkeys(column[1] for column in columns))
    individuals = [one for one in individuals if one != SINGLE] or individuals
    bodyparts = list(dict.fromkeys(column[2] for column in columns if column[1] in individuals))
    place = {column[1:]: n for n, column in enumerate(columns)}
    triples = np.full((len(values), len(individuals), len(bodyparts), 3), np.nan)
    for i, individual in enumerate(individuals):
        for k, bodypart in enumerate(bodyparts):
            for c, coord in enumerate(COORDS):
                if (n := place.get((individual, bodypart, coord))) is not None:
                    triples[:, i, k, c] = values[:, n]
    if all((individuals[0], part, "likelihood") not in place for part in bodyparts):
        triples[..., 2] = 1.0  # labels
    xy, score = triples[..., :2], triples[..., 2]
    score = np.where(np.isnan(xy).any(3), np.nan, np.clip(score, 0, 1))
    xy, score, skeleton = with_skeleton(xy, score, bodyparts, skeleton, path.name)
    ids, followed = _ids(individuals)
    with np.errstate(invalid="ignore"):
        worth = np.where(np.isnan(score).all(2), np.nan, np.nan_to_num(score).mean(2))
    people = Individuals(ids, xy, score, worth).people(skeleton, followed)
    numbers, files = _numbers(rows)
    name = path.stem.partition(columns[0][0])[0] or path.stem  # files are called by video and scorer
    return [Recording(name, skeleton, numbers, np.full(len(rows), np.nan), people, files=files)]


def _ids(individuals: Sequence[str]) -> tuple[np.ndarray, bool]:
    """Ids of individuals, and whether there are any: numbers of ``individual1`` and so on from 1, else their places."""
    found = [_OF_ID.fullmatch(one) for one in individuals]
    numbers = [int(one[1]) - 1 for one in found if one]
    own = len(set(numbers)) == len(individuals) and min(numbers, default=-1) >= 0
    return np.array(numbers if own else range(len(individuals)), np.int32), individuals != [""]


def _numbers(rows: Sequence[str]) -> tuple[np.ndarray, list[str] | None]:
    """Frame numbers, or file names where rows are not whole numbers that rise."""
    try:
        numbers = np.array([int(float(row)) for row in rows], np.int64)
        if (np.diff(numbers) > 0).all():
            return numbers, None
    except ValueError:
        pass
    return np.arange(len(rows)), list(rows)


def write(recordings: Sequence[Recording], folder: Path, options: WriteOptions) -> list[Path]:
    """Write a table ``NAMESCORER.csv`` of each recording, and ``.h5`` where pandas and tables are installed.

    A row is a picture, or a frame from the video's first on. Followed people are ``individual1`` (of id 0) and so on,
    others go by their rank in each frame. Where nobody has an id and no frame two people, the table is one of a single
    animal.
    """
    paths = []
    for recording in recordings:
        rows, columns, values = _table(recording, options.scorer)
        stem = folder / f"{recording.name}{options.scorer}"
        paths += [_write_csv(stem.with_name(f"{stem.name}.csv"), rows, columns, values)]
        if util.find_spec("tables") is not None and util.find_spec("pandas") is not None:
            paths += [_write_h5(stem.with_name(f"{stem.name}.h5"), rows, columns, values)]
    return paths


def _table(recording: Recording, scorer: str) -> tuple[Sequence[int | str], list[tuple[str, ...]], np.ndarray]:
    """Rows, columns (without the level of individuals for one animal) and values (F, N·K·3)."""
    found = Individuals.of(recording)
    alone = not recording.followed and len(found.ids) < 2
    names = [f"individual{i + 1}" for i in found.ids.tolist()] or ["individual1"]
    levels = [(scorer,)] if alone else [(scorer, name) for name in names]
    columns = [(*level, joint, c) for level in levels for joint in recording.skeleton.file_names for c in COORDS]
    triples = np.concatenate([found.xy, found.score[..., None]], 3).astype(np.float64).round(4)
    values = triples.reshape(len(triples), -1) if len(found.ids) else np.full((len(triples), len(columns)), np.nan)
    rows = range(len(values)) if recording.files is None else list(recording.files)
    return rows, columns, values


def _write_csv(path: Path, rows: Sequence, columns: Sequence[tuple[str, ...]], values: np.ndarray) -> Path:
    levels = LEVELS if len(columns[0]) == len(LEVELS) else [level for level in LEVELS if level != "individuals"]
    with writing_text(path, newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        for level, names in zip(levels, zip(*columns, strict=True), strict=True):
            table.writerow([level, *names])
        absent = "NaN"  # in the first row, which pandas takes for names of the index if it is empty
        for row, numbers in zip(rows, values.tolist(), strict=True):
            table.writerow([row, *(absent if number != number else number for number in numbers)])
            absent = ""
    return path


def _write_h5(path: Path, rows: Sequence, columns: Sequence[tuple[str, ...]], values: np.ndarray) -> Path:
    pandas = load_pandas(f"writing {path.name}")
    levels = LEVELS if len(columns[0]) == len(LEVELS) else [level for level in LEVELS if level != "individuals"]
    table = pandas.DataFrame(values, list(rows), pandas.MultiIndex.from_tuples(columns, names=levels))
    with replacing(path, ".h5") as partial:
        partial.unlink()
        table.to_hdf(partial, key=KEY, mode="w", format="table")
    return path


DLC = Format("DeepLabCut's tables, which movement, keypoint-MoSeq, SimBA and napari read, too",
             (".csv", ".h5"), read, write, is_table)  # fmt: skip
