"""The options of an interrupted run, for the command that resumes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from bupose.options import shown
from bupose.train.checkpoints import find_state
from bupose.train.module import TrainingError

GIVEN = Path(".hydra") / "overrides.yaml"  # in a run's folder, as hydra names it: the arguments it was given
_OPTION = re.compile(r"\+{0,2}[A-Za-z_][\w./@]*=", re.ASCII)
_LOOKUP = re.compile(r"\$\{.*:", re.DOTALL)  # ${oc.env:NAME} and the like; ${trainer.steps} is another option


def recall_arguments(arguments: Sequence[str]) -> list[str]:
    """The command line, preceded by the arguments of the run that ``resume=`` names; the output folder is kept.

    Unchanged if there is no such run: training reports that.
    """
    run = next((a.partition("=")[2] for a in arguments if a.startswith("resume=")), None)
    if run in (None, "null"):
        return list(arguments)
    try:
        folder = find_state(run.strip("'\"")).parent
    except TrainingError:
        return list(arguments)
    quoted = str(folder).replace("\\", "\\\\").replace("'", "\\'")
    return [*_recall(folder / GIVEN), *arguments, f"hydra.run.dir='{quoted}'"]


def _recall(saved: Path) -> list[str]:
    """Arguments that were given to a run, checked to be plain options without lookups, as the file may be foreign."""
    try:
        before = yaml.safe_load(saved.read_text(encoding="utf-8")) if saved.is_file() else []
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        before = None
    if not isinstance(before, list) or not all(isinstance(argument, str) for argument in before):
        raise TrainingError(f"{str(saved)!r} holds no list of options; give them again, and remove that file")
    kept = [argument for argument in before if not argument.lstrip("+").startswith(("resume=", "hydra.", "hydra/"))]
    for argument in kept:
        if not _OPTION.match(argument) or _LOOKUP.search(argument):
            raise TrainingError(f"{str(saved)!r} holds {shown(argument)}, which is no option of a training; remove it")
    return kept
