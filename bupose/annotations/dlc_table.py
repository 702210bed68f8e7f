"""DeepLabCut's tables, CSV and H5: labels and predictions, of one animal or several.

Columns are, level by level, scorer, individual (tables of one animal lack this level), bodypart, and x, y and perhaps
likelihood; a row is a frame, or a picture by its path, in one column or three. The individual ``single`` has the
bodyparts that exist once, as corners of a box.
"""

from __future__ import annotations

import csv
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bupose.errors import DependencyError, InputError
from bupose.requirements import of_module
from bupose.wording import counted

LEVELS = ("scorer", "individuals", "bodyparts", "coords")
KEY = "df_with_missing"  # of the table in an H5 file
SINGLE = "single"


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
            reader = csv.reader(file)
            numbered = [(reader.line_num, line) for line in reader if line]
    except (OSError, UnicodeError, csv.Error) as problem:
        raise InputError(f"cannot read {str(path)!r}: {problem}; give a CSV file of DeepLabCut's") from None
    lines = [line for _, line in numbered]
    head = {line[0]: line for line in lines[: len(LEVELS)] if line[0] in LEVELS}
    if not {"scorer", "bodyparts", "coords"} <= set(head):
        expected = "its first lines begin with scorer, bodyparts, coords"
        raise InputError(f"{str(path)!r} is no table of DeepLabCut's: {expected}")
    width = len(head["coords"])
    first = next((n for n in range(1, width) if head["coords"][n]), width)  # rows may be named by several columns
    levels = [head.get(level, [""] * width) for level in LEVELS]
    if wrong := next((level for level, line in head.items() if len(line) != width), None):
        got = f"{len(head[wrong])} cells after {wrong}, {width} after coords"
        raise InputError(f"{str(path)!r} is damaged: {got}; mend its first lines")
    columns = [tuple(level[n] for level in levels) for n in range(first, width)]
    body = numbered[len(head) :]
    array = np.array([_numbers(line, first, width, number, path) for number, line in body], np.float64)
    rows = ["/".join(line[:first]) for _, line in body]
    return rows, columns, array.reshape(len(body), width - first)  # type: ignore[return-value]  # of four


def _numbers(line: list[str], first: int, width: int, number: int, path: Path) -> list[float]:
    """A row's values."""
    where = f"{str(path)!r} is damaged: line {number} has"
    if len(line) != width:
        raise InputError(f"{where} {counted(len(line), 'cell')}, the first lines {width}; mend or remove it")
    values = []
    for cell in line[first:]:
        try:
            values.append(float(cell) if cell else np.nan)
        except ValueError:
            raise InputError(f"{where} {cell!r:.40} among its numbers; write pixels, or nothing if unseen") from None
    return values


def _read_h5(path: Path) -> tuple[list[str], list[tuple[str, str, str, str]], np.ndarray]:
    pandas = load_pandas(f"reading {path.name}")
    try:
        table = pandas.read_hdf(path)
        names = [str(name) for name in getattr(getattr(table, "columns", None), "names", ())]
        values = table.to_numpy(np.float64) if {"scorer", "bodyparts", "coords"} <= set(names) else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError) as problem:
        told = (str(problem).strip().splitlines() or [type(problem).__name__])[-1]  # after the library's back trace
        raise InputError(f"cannot read {str(path)!r}: {told:.200}; give an H5 file of DeepLabCut's") from None
    if values is None:
        got = f"its columns have the levels {', '.join(names) or 'none'}, not scorer, bodyparts, coords"
        raise InputError(f"{str(path)!r} is no table of DeepLabCut's: {got}")
    order = [names.index(level) if level in names else None for level in LEVELS]
    columns = [tuple("" if n is None else str(column[n]) for n in order) for column in table.columns]
    rows = ["/".join(map(str, row)) if isinstance(row, tuple) else str(row) for row in table.index]
    return rows, columns, values  # type: ignore[return-value]  # of four


def load_pandas(what: str) -> Any:
    """pandas, with what it needs for H5 files.

    Raises
    ------
    DependencyError
        It is not installed; ``what`` needs it.
    """
    try:
        import_module("tables")
        return import_module("pandas")
    except ImportError as problem:
        name = problem.name or "tables"
        raise DependencyError(f"{what} needs {name}, not installed; {of_module(name).remedy}") from None


def is_table(path: Path) -> bool:
    """Whether a CSV or H5 file begins as DeepLabCut's do."""
    if path.suffix.lower() == ".csv":
        with path.open("rb") as file:
            return file.read(10).removeprefix(b"\xef\xbb\xbf").startswith(b"scorer,")
    with path.open("rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n" and KEY.encode() in file.read(100_000)
