"""Runs of a sweep, which goes on where an earlier sweep into the same folders was interrupted."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from bupose.atomic import write_text
from bupose.paths import expand
from bupose.train.checkpoints import LAST
from bupose.train.options import TrainOptions
from bupose.train.run import RESULT

ASKED = "asked.json"  # the options as they were given, before automatic choices


def find_result(options: TrainOptions) -> float | None:
    """The metric of a run with these options that has finished in its folder; None if there is none."""
    folder = expand(options.output)
    result = _read(folder / RESULT)
    if not result or _read(folder / ASKED) != _write(options):
        return None
    return float(json.loads(result).get(options.trainer.metric, float("nan")))


def go_on(options: TrainOptions) -> TrainOptions:
    """The options to continue an interrupted run with, from its checkpoint if there is one.

    Without a run of these options in the folder, the same options, which are noted there; another run's networks are
    for :func:`bupose.train.train` to refuse.
    """
    folder, asked = expand(options.output), _write(options)
    if options.resume or options.overwrite:
        return options
    if _read(folder / ASKED) == asked:
        if (folder / LAST).is_file():
            return replace(options, resume=str(folder))
        return replace(options, overwrite=True)  # what it wrote before its first checkpoint
    if not (folder / RESULT).is_file():
        write_text(folder / ASKED, asked)
    return options


def _write(options: TrainOptions) -> str:
    return json.dumps(asdict(options) | {"output": ""}, indent=1, default=str)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
