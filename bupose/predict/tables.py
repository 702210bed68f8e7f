"""Tidy tables of videos: a joint a row, as CSV and, where pyarrow is installed, as Parquet."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module, util
from pathlib import Path
from typing import Any

import numpy as np

from bupose.atomic import replacing
from bupose.people import People
from bupose.skeleton import Skeleton

COLUMNS = {
    "frame": "int32", "time": "float64", "id": "int32", "joint": "string", "x": "float32", "y": "float32",
    "score": "float32", "interpolated": "bool_", "raw_x": "float32", "raw_y": "float32", "hidden": "bool_",
}  # fmt: skip
ROWS = 50_000  # rows that are written at once to Parquet


@contextmanager
def writing_table(stem: Path, skeleton: Skeleton) -> Iterator[Callable[[Mapping, People], None]]:
    """Write ``stem.csv`` and ``stem.parquet``: a function of a frame's entry and its people.

    A joint that is absent has no row; one that was filled in has no raw position. ``hidden`` is empty from a network
    that does not tell.

    Raises
    ------
    InputError
        A file cannot be written.
    """
    with ExitStack() as files:
        writers = [files.enter_context(_writing_csv(stem.with_name(f"{stem.name}.csv")))]
        if util.find_spec("pyarrow") is not None:
            writers.append(files.enter_context(_writing_parquet(stem.with_name(f"{stem.name}.parquet"))))

        def add(entry: Mapping, people: People) -> None:
            columns = _columns(entry, people)
            for write in writers:
                write(columns)

        yield add


def _columns(entry: Mapping, people: People) -> list[list]:
    """The rows of a frame, column by column."""
    person, joint = np.nonzero(people.present)
    names = people.skeleton.joints
    ids = np.full(len(people), -1) if people.ids is None else people.ids
    filled = people.data.get("interpolated", np.zeros(people.present.shape, bool))
    raw = people.data.get("raw_xy", people.xy)[person, joint].astype(np.float64).round(3)
    xy = people.xy[person, joint].astype(np.float64).round(3)
    count = len(person)
    return [
        [entry["frame"]] * count,
        [entry.get("time")] * count,
        ids[person].tolist(),
        [names[k] for k in joint.tolist()],
        *xy.T.tolist(),
        people.score[person, joint].astype(np.float64).round(4).tolist(),
        filled[person, joint].tolist(),
        *([None if np.isnan(x) else x for x in values] for values in raw.T.tolist()),
        [None] * count if people.hidden is None else people.hidden[person, joint].tolist(),
    ]


@contextmanager
def _writing_csv(path: Path) -> Iterator[Callable[[list[list]], None]]:
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)

        def write(columns: list[list]) -> None:
            columns = [[int(v) if isinstance(v, bool) else v for v in column] for column in columns]
            table.writerows(zip(*columns, strict=True))

        yield write


@contextmanager
def _writing_parquet(path: Path) -> Iterator[Callable[[list[list]], None]]:
    arrow: Any = import_module("pyarrow")
    parquet: Any = import_module("pyarrow.parquet")
    schema = arrow.schema(
        [(name, getattr(arrow, {"bool": "bool_"}.get(kind, kind))()) for name, kind in COLUMNS.items()]
    )
    held: list[list] = [[] for _ in COLUMNS]

    def flush(file: Any) -> None:
        file.write_table(arrow.table(held, schema=schema))
        for column in held:
            column.clear()

    with replacing(path) as partial, parquet.ParquetWriter(str(partial), schema) as file:

        def write(columns: list[list]) -> None:
            for column, values in zip(held, columns, strict=True):
                column += values
            if len(held[0]) > ROWS:
                flush(file)

        yield write
        flush(file)
