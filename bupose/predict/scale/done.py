"""What a run finds where its shards go: those of another run, or of its own beginning."""

from __future__ import annotations

import json

import numpy as np

from bupose.errors import InputError
from bupose.exchange.formats.shards import SHARDS
from bupose.exchange.rows import about, writing_table
from bupose.folder import RUN, UNFINISHED
from bupose.predict.options import InferOptions
from bupose.predict.scale.inputs import keys
from bupose.predict.scale.place import Place
from bupose.wording import counted


def refuse_others(place: Place, options: InferOptions, settings: dict) -> None:
    """Refuse to mix runs."""
    names = place.names()
    if names and not options.resume and not options.overwrite:
        raise InputError(
            f"{place.base!r} holds {counted(len(names), 'shard')}: resume=true adds what is new, overwrite=true starts "
            "anew; or choose another output"
        )
    if names and options.resume:
        _check_same(place, settings)


def begin(place: Place, options: InferOptions, settings: dict) -> None:
    """Note that a run has begun, and remove the shards that it replaces."""
    lines = [json.dumps(one, default=str) for one in (settings, {"shards": SHARDS})]
    place.write_text(UNFINISHED, "\n".join(lines) + "\n")
    if not options.resume:
        for name in place.names():
            place.remove(place.where(name))


def _check_same(place: Place, settings: dict) -> None:
    """Refuse to go on with a run of other settings."""
    text = place.read_text(UNFINISHED).partition("\n")[0] or place.read_text(RUN)
    try:
        before = {key: value for key, value in json.loads(text).items() if key not in ("bupose", "facts")}
    except (ValueError, AttributeError):
        before = {}
    now = json.loads(json.dumps(settings, default=str))
    differ = sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
    if differ:
        key = differ[0]
        raise InputError(
            f"the shards in {place.base!r} were made with {key}={before.get(key)!r}, this run has {now.get(key)!r}; "
            "give the same options, overwrite=true to start anew, or another output"
        )


def find_done(place: Place) -> tuple[np.ndarray, int]:
    """Sorted :func:`keys` of the inputs that shards hold, and the number of the next shard.

    Rows without a picture are removed: they are tried again.
    """
    found, number = [np.zeros(0, np.uint64)], 0
    for name in place.names():
        number = max(number, int(head) + 1 if (head := name.partition("-")[0]).isdigit() else 0)
        with place.open(name) as file:
            kind, told = file.schema_arrow, about(file.schema_arrow, place.where(name))
            table = file.read(["path", "error"])
            failed = np.array([error != "" for error in table["error"].to_pylist()], bool)
            whole = told.get("whole")
            kept = None if whole or failed.all() or not failed.any() else file.read()
        if failed.all():
            place.remove(place.where(name))
        elif whole:
            found.append(keys([whole]))
        else:
            found.append(keys(path for path, bad in zip(table["path"].to_pylist(), failed, strict=True) if not bad))
        if kept is not None:
            with place.writing(name) as path, writing_table(path, kind) as add:
                add(kept.filter(~failed))
    return np.unique(np.concatenate(found)), number
