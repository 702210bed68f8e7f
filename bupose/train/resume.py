"""The options of an interrupted run, for the command that resumes it."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from bupose.train.keeping import find_state
from bupose.train.module import TrainingError


def recall_arguments(arguments: Sequence[str]) -> list[str]:
    """A command line with those of the run that ``resume=`` names put before it; the run's folder stays the same.

    Where there is no such run, the command line as it is: training will say so.
    """
    run = next((a.partition("=")[2] for a in arguments if a.startswith("resume=")), None)
    if run in (None, "null"):
        return list(arguments)
    try:
        folder = find_state(run.strip("'\"")).parent
    except TrainingError:
        return list(arguments)
    saved = folder / ".hydra" / "overrides.yaml"
    before = yaml.safe_load(saved.read_text()) if saved.is_file() else []
    kept = [a for a in before if not a.startswith(("resume=", "hydra."))]
    quoted = str(folder).replace("\\", "\\\\").replace("'", "\\'")
    return [*kept, *arguments, f"hydra.run.dir='{quoted}'"]
