"""Shards of Parquet, a row for each picture or frame: what bupose infer engine=ray writes."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bupose.atomic import replacing
from bupose.errors import BuposeError, InputError
from bupose.exchange.formats.base import Format, read_each, unless
from bupose.exchange.formats.coco import PICTURES
from bupose.exchange.formats.options import WriteOptions
from bupose.exchange.recording import Recording
from bupose.exchange.rows import Row, about, from_table, open_shard, schema, writing_rows
from bupose.media.file_names import safe_name
from bupose.people import People
from bupose.skeleton import Skeleton
from bupose.wording import counted

_LOG = logging.getLogger(__name__)
SHARDS, SUFFIX = "shards", ".parquet"  # their folder in that of a run
HELD = 2000  # rows that are read at once


def read(path: Path, skeleton: Skeleton | None = None) -> list[Recording]:
    """A recording of each video, and one of all pictures, by path; rows with an error are left out, and counted.

    Parameters
    ----------
    path : path of a run's folder, of one of shards, or of a shard
    skeleton : Skeleton, optional
        Not needed: shards say what theirs is.
    """
    pictures: list[Row] = []
    videos: dict[str, list[Row]] = defaultdict(list)
    known: Skeleton | None = None
    failed = 0
    problems: list[BuposeError] = []
    for file, own, rows in read_each(_files(path), _read, problems):
        if known not in (None, own):
            raise InputError(f"{str(file)!r} has the skeleton {own.name}, and others have another; convert them apart")
        known = own
        for row in rows:
            failed += row.size is None
            if row.size is not None:
                (pictures if row.frame is None else videos[row.path]).append(row)
    if known is None:
        raise InputError(f"the folder {str(path)!r} holds no shard; give the output folder of bupose infer engine=ray")
    if failed:
        _LOG.warning("%s without a picture left out; their column error says why", counted(failed, "row"))
    base = _parent([row.path for row in pictures] + list(videos))
    found = [_recording(video.removeprefix(base), videos[video], known) for video in sorted(videos)]
    if pictures:
        found.append(_recording_of_pictures(sorted(pictures, key=lambda row: row.path), base, known))
    return unless(problems, found)


def _read(file: Path) -> tuple[Path, Skeleton, list[Row]]:
    opened = open_shard(file)
    skeleton = about(opened.schema_arrow, str(file))["skeleton"]
    try:
        with opened:
            return file, skeleton, [row for batch in opened.iter_batches(HELD) for row in from_table(batch, skeleton)]
    except (OSError, ValueError, KeyError) as problem:  # of Arrow, too
        told = " ".join(str(problem).split())
        raise InputError(f"cannot read {str(file)!r} as Parquet: {told:.200}; remove it if it is damaged") from None


def _recording(name: str, rows: list[Row], skeleton: Skeleton) -> Recording:
    rows = sorted(rows, key=lambda row: row.frame or 0)
    return Recording(
        os.path.splitext(name)[0],
        skeleton,
        np.array([row.frame for row in rows]),
        np.array([np.nan if row.time is None else row.time for row in rows]),
        [row.people or People.nobody(skeleton) for row in rows],
        rows[0].size,
        video=name,
    )


def _recording_of_pictures(rows: list[Row], base: str, skeleton: Skeleton) -> Recording:
    sizes = [row.size for row in rows]
    return Recording(
        PICTURES,
        skeleton,
        np.arange(len(rows)),
        np.full(len(rows), np.nan),
        [row.people or People.nobody(skeleton) for row in rows],
        sizes[0] if len(set(sizes)) == 1 else None,
        [row.path.removeprefix(base) for row in rows],
        sizes=sizes,
    )


def _parent(paths: Sequence[str]) -> str:
    """What all paths and URLs begin with, up to a slash."""
    first, last = (end(paths, default="").partition("#")[0] for end in (min, max))
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[: first.rfind("/", 0, same) + 1]


def write(recordings: Sequence[Recording], folder: Path, options: WriteOptions) -> list[Path]:
    """Write a shard of each recording."""
    paths = []
    for n, recording in enumerate(recordings):
        name = safe_name(recording.name).replace("/", "-")[:100]
        paths.append(folder / SHARDS / f"{n:06d}-{name}{SUFFIX}")
        kind = schema(recording.skeleton, {"whole": recording.video} if recording.video else {})
        with replacing(paths[-1], SUFFIX) as partial, writing_rows(str(partial), kind) as add:
            for row in _rows(recording):
                add(row)
    return paths


def _rows(recording: Recording) -> Iterator[Row]:
    for n, people in enumerate(recording.people):
        size = recording.size_of(n)
        if recording.files is not None:
            yield Row(recording.files[n], people, size)
        else:
            time = float(recording.times[n])
            video = recording.video or recording.name
            yield Row(video, people, size, "", int(recording.numbers[n]), None if np.isnan(time) else time)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted((path / SHARDS).glob(f"*{SUFFIX}")) or sorted(path.glob(f"*{SUFFIX}"))


def _recognises(path: Path) -> bool:
    return any(map(_is_shard, _files(path)))  # the first may be damaged


def _is_shard(file: Path) -> bool:
    try:
        return bool(about(open_shard(file).schema_arrow, str(file)))
    except InputError:
        return False


SHARDED = Format("Parquet, a row for each picture or frame, as bupose infer engine=ray writes it", (SUFFIX, ""), read,
                 write, _recognises)  # fmt: skip
