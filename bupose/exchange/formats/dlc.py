"""DeepLabCut's tables of predictions, CSV and H5, of one animal or several.

Columns are, level by level, scorer, individual (files of one animal lack this level), bodypart, and x, y, likelihood;
a row is a frame, or a picture by its file name. The individual ``single`` has the bodyparts that exist once, as corners
of a box; its columns are read only where no others are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from importlib import import_module, util
from pathlib import Path
from typing import Any

import numpy as np

from bupose.atomic import replacing, writing_text
from bupose.errors import DependencyError, InputError
from bupose.exchange.formats.base import Format
from bupose.exchange.formats.options import WriteOptions
from bupose.exchange.individuals import Individuals
from bupose.exchange.joints import joint_names, with_skeleton
from bupose.exchange.recording import Recording
from bupose.requirements import of_module
from bupose.skeleton import Skeleton

LEVELS = ("scorer", "individuals", "bodyparts", "coords")
COORDS = ("x", "y", "likelihood")
KEY = "df_with_missing"  # of the table in an H5 file
SINGLE = "single"
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
    xy, score, skeleton = with_skeleton(xy, score, joint_names(bodyparts, path.name), skeleton, path.name)
    ids, followed = _ids(individuals)
    with np.errstate(invalid="ignore"):
        worth = np.where(np.isnan(score).all(2), np.nan, np.nan_to_num(score).mean(2))
    people = Individuals(ids, xy, score, worth).people(skeleton, followed)
    numbers, files = _numbers(rows)
    name = path.stem.partition(columns[0][0])[0] or path.stem  # files are called by video and scorer
    return [Recording(name, skeleton, numbers, np.full(len(rows), np.nan), people, files=files)]


def read_table(path: Path) -> tuple[list[str], list[tuple[str, str, str, str]], np.ndarray]:
    """Names of the rows, each column's scorer, individual ("" in files of one animal), bodypart and coordinate, and
    the float64 values.

    Raises
    ------
    InputError
        It cannot be read, or is no table of DeepLabCut's.
    """
    return _read_csv(path) if path.suffix.lower() == ".csv" else _read_h5(path)


def _read_csv(path: Path) -> tuple[list[str], list[tuple[str, str, str, str]], np.ndarray]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line in csv.reader(file) if line]
    except (OSError, UnicodeError, csv.Error) as problem:
        raise InputError(f"cannot read {str(path)!r}: {problem}; give a CSV file of DeepLabCut's") from None
    head = {line[0]: line for line in lines[: len(LEVELS)] if line[0] in LEVELS}
    if not {"scorer", "bodyparts", "coords"} <= set(head):
        expected = "its first lines begin with scorer, bodyparts, coords"
        raise InputError(f"{str(path)!r} is no table of DeepLabCut's: {expected}")
    width = len(head["coords"])
    first = next((n for n in range(1, width) if head["coords"][n]), width)  # rows may be named by several columns
    levels = [head.get(level, [""] * width) for level in LEVELS]
    body = lines[len(head) :]
    try:
        columns = [tuple(level[n] for level in levels) for n in range(first, width)]
        values = [[float(cell) if cell else np.nan for cell in line[first:width]] for line in body]
        array = np.array(values, np.float64).reshape(len(body), width - first)
    except (ValueError, IndexError) as problem:
        raise InputError(f"{str(path)!r} is damaged: {problem}; give a CSV file of DeepLabCut's") from None
    return ["/".join(line[:first]) for line in body], columns, array  # type: ignore[return-value]  # of four


def _read_h5(path: Path) -> tuple[list[str], list[tuple[str, str, str, str]], np.ndarray]:
    pandas = _pandas(f"reading {path.name}")
    try:
        table = pandas.read_hdf(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise InputError(f"cannot read {str(path)!r}: {problem}; give an H5 file of DeepLabCut's") from None
    names = [str(name) for name in getattr(table.columns, "names", ())]
    if not {"scorer", "bodyparts", "coords"} <= set(names):
        got = f"its columns have the levels {', '.join(names) or 'none'}, not scorer, bodyparts, coords"
        raise InputError(f"{str(path)!r} is no table of DeepLabCut's: {got}")
    order = [names.index(level) if level in names else None for level in LEVELS]
    columns = [tuple("" if n is None else str(column[n]) for n in order) for column in table.columns]
    rows = ["/".join(map(str, row)) if isinstance(row, tuple) else str(row) for row in table.index]
    return rows, columns, table.to_numpy(np.float64)  # type: ignore[return-value]  # of four


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
    columns = [(*level, joint, c) for level in levels for joint in recording.skeleton.joints for c in COORDS]
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
    pandas = _pandas(f"writing {path.name}")
    levels = LEVELS if len(columns[0]) == len(LEVELS) else [level for level in LEVELS if level != "individuals"]
    table = pandas.DataFrame(values, list(rows), pandas.MultiIndex.from_tuples(columns, names=levels))
    with replacing(path, ".h5") as partial:
        partial.unlink()
        table.to_hdf(partial, key=KEY, mode="w", format="table")
    return path


def _pandas(what: str) -> Any:
    try:
        import_module("tables")
        return import_module("pandas")
    except ImportError as problem:
        name = problem.name or "tables"
        raise DependencyError(f"{what} needs {name}, not installed; {of_module(name).remedy}") from None


def _recognises(path: Path) -> bool:
    if path.suffix.lower() == ".csv":
        with path.open("rb") as file:
            return file.read(10).removeprefix(b"\xef\xbb\xbf").startswith(b"scorer,")
    with path.open("rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n" and KEY.encode() in file.read(100_000)


DLC = Format("DeepLabCut's tables, which movement, keypoint-MoSeq, SimBA and napari read, too",
             (".csv", ".h5"), read, write, _recognises)  # fmt: skip
