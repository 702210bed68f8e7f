"""Parquet shards: one row a picture, or a frame of a video; what runs over millions of pictures write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bupose.annotations.values import split_triples
from bupose.errors import BuposeError, DependencyError, InputError
from bupose.people import People
from bupose.requirements import of_module
from bupose.skeleton import Skeleton

HELD = 2000  # rows that are written at once
_KEY = b"bupose"  # of what the schema's metadata say
COLUMNS = ("path", "frame", "time", "width", "height", "scores", "keypoints", "ids", "error")


@dataclass(frozen=True)
class Row:
    """A picture, or a frame of a video, with its people.

    Parameters
    ----------
    path : str
        Path or URL of the picture's or video's file; ``TAR#MEMBER`` for a picture in a tar file.
    people : People, optional
        In the picture's pixels; None where there is none.
    size : (width, height), optional
        Pixels.
    error : str
        Why there is no picture, or not the whole of a video; "" if all is well.
    frame : int, optional
        Of a video, from 0.
    time : float, seconds, optional
        From the video's beginning.
    """

    path: str
    people: People | None = None
    size: tuple[int, int] | None = None
    error: str = ""
    frame: int | None = None
    time: float | None = None


def load_arrow() -> Any:
    """The module pyarrow.

    Raises
    ------
    DependencyError
        It is not installed.
    """
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError:
        raise DependencyError(
            f"Parquet files need pyarrow, which is not installed; {of_module('pyarrow').remedy}"
        ) from None


def schema(skeleton: Skeleton, about: Mapping[str, Any] | None = None) -> Any:
    """The pyarrow.Schema of shards; its metadata hold the skeleton, and ``about``, JSON-serializable."""
    arrow = load_arrow()
    numbers = arrow.list_(arrow.float32())
    kinds = {
        "path": arrow.string(), "frame": arrow.int32(), "time": arrow.float64(), "width": arrow.int32(),
        "height": arrow.int32(), "scores": numbers, "keypoints": arrow.list_(numbers),
        "ids": arrow.list_(arrow.int32()), "error": arrow.string(),
    }  # fmt: skip
    told = json.dumps({"skeleton": skeleton.to_dict(), **(about or {})})
    return arrow.schema([(name, kinds[name]) for name in COLUMNS], {_KEY: told.encode()})


def about(schema: Any, path: str) -> dict[str, Any]:
    """What the metadata of a shard say.

    Raises
    ------
    InputError
        It is no shard of bupose's.
    """
    try:
        told = json.loads((schema.metadata or {})[_KEY])
        return told | {"skeleton": Skeleton.from_dict(told["skeleton"])}
    except (KeyError, ValueError, TypeError, BuposeError):
        raise InputError(
            f"{path!r} is no shard that bupose infer engine=ray has written; give its output folder, or a file of it"
        ) from None


def to_table(rows: Iterable[Row], schema: Any) -> Any:
    """A pyarrow.Table of rows."""
    columns: dict[str, list] = {name: [] for name in COLUMNS}
    for row in rows:
        people, (width, height) = row.people, row.size or (None, None)
        ids = None if people is None or people.ids is None else people.ids
        scores = keypoints = None
        if people is not None:
            scores = people.person_score
            keypoints = [triples.reshape(-1) for triples in people.triples().astype(np.float32)]
        values = (row.path, row.frame, row.time, width, height, scores, keypoints, ids, row.error)
        for name, value in zip(COLUMNS, values, strict=True):
            columns[name].append(value)
    return load_arrow().table(columns, schema=schema)


def from_table(table: Any, skeleton: Skeleton) -> Iterator[Row]:
    """The rows of a pyarrow.Table."""
    shape = (-1, len(skeleton.joints), 3)
    for values in table.select(COLUMNS).to_pylist():
        people = None
        if values["scores"] is not None:
            triples = np.array(values["keypoints"], np.float32).reshape(shape)
            xy, score = split_triples(triples)
            people = People(xy, score, np.array(values["scores"]), skeleton, ids=values["ids"])
        size = None if values["width"] is None else (values["width"], values["height"])
        yield Row(values["path"], people, size, values["error"], values["frame"], values["time"])


@contextmanager
def writing_table(path: str, schema: Any) -> Iterator[Any]:
    """A function that appends a pyarrow.Table to a shard."""
    with import_module("pyarrow.parquet").ParquetWriter(path, schema, compression="zstd") as writer:
        yield writer.write_table


@contextmanager
def writing_rows(path: str, schema: Any) -> Iterator[Any]:
    """A function that appends a row to a shard; memory holds ``HELD`` of them."""
    held: list[Row] = []
    with writing_table(path, schema) as write:

        def add(row: Row) -> None:
            held.append(row)
            if len(held) >= HELD:
                write(to_table(held, schema))
                held.clear()

        yield add
        write(to_table(held, schema))


def open_shard(path: str | Path, file: Any = None) -> Any:
    """The pyarrow.parquet.ParquetFile of a shard; ``file`` is it where it is open already.

    Raises
    ------
    InputError
        It cannot be read.
    """
    arrow = load_arrow()
    try:
        return import_module("pyarrow.parquet").ParquetFile(str(path) if file is None else file)
    except (OSError, arrow.ArrowException) as problem:
        told = " ".join(str(problem).split())
        raise InputError(f"cannot read {str(path)!r} as Parquet: {told}; remove it if it is damaged") from None
