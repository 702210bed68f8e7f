"""Train a network: bupose train [experiment=tiny_synthetic] [skeleton=…] [trunk=…] [data=…] [optim.lr=…] [-m] …

`experiment=finetune data.annotations=FILE data.images=FOLDER` learns the joints of your own pictures in minutes;
`resume=RUN` goes on where the run in that folder was interrupted; `-m` tries each of several values, as in
optim.lr=0.001,0.003, and given the same hydra.sweep.dir goes on with the runs that have not finished.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from bupose.cli import hydra_app
from bupose.cli.quoting import quote
from bupose.paths import expand
from bupose.process import INTERRUPTED
from bupose.train import TrainOptions, train
from bupose.train.checkpoints import LAST
from bupose.train.resume import GIVEN, recall_arguments
from bupose.train.sweep import find_result, go_on

MODULE = "bupose.cli.train"
_RUNS: list[Path] = []  # folders of the trainings that this command began


def main(options: TrainOptions) -> float:
    _RUNS.append(expand(options.resume or options.output))
    hydra = HydraConfig.get()
    given = list(hydra.overrides.task)
    if hydra.mode is not RunMode.MULTIRUN:
        return train(options, given)
    if (result := find_result(options)) is not None:
        print(f"{options.output}: finished before")
        return result
    return train(go_on(options), given)


def run(arguments: list[str]) -> int:
    _RUNS.clear()
    with _started_anew_as_module():
        answer = hydra_app.run(main, "train", _in_one_folder(recall_arguments(arguments)))
    status = answer if isinstance(answer, int) else 0
    if status >= INTERRUPTED and not {"-m", "--multirun"} & set(arguments):
        print(f"go on with: bupose train {way_on(arguments, _RUNS[-1] if _RUNS else None)}", file=sys.stderr)
    return status


def _in_one_folder(arguments: list[str]) -> list[str]:
    """Where ``output=`` names the run's folder, hydra makes none of its own; training keeps its notes."""
    named = [argument.partition("=")[2] for argument in arguments if argument.startswith("output=")]
    told = {"-m", "--multirun"} & set(arguments) or any(argument.startswith("hydra.") for argument in arguments)
    folder = expand(named[-1].strip("'\"")) if named else Path()
    if (
        not named or told or not folder.name or (folder.exists() and not folder.is_dir())
    ):  # the last is told by training
        return arguments
    return [*arguments, f"hydra.run.dir={quote(str(folder))}", "hydra.output_subdir=null"]


def way_on(arguments: Sequence[str], folder: Path | None) -> str:
    """The arguments, as a shell reads them, that go on with an interrupted run in a folder."""
    folder = folder.parent if folder and folder.name == LAST else folder
    again = [argument for argument in arguments if not argument.startswith("resume=")]
    if folder is None or not (folder / LAST).is_file():
        return shlex.join(arguments)  # from the beginning
    known = (folder / GIVEN).is_file()  # where resume= finds the other arguments
    here = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    return shlex.join([*([] if known else again), f"resume={here}"])


@contextmanager
def _started_anew_as_module() -> Iterator[None]:
    """Lightning starts a process for each GPU by the program's name and arguments, which would lack the command."""
    program = sys.modules["__main__"]
    before, program.__spec__ = program.__spec__, find_spec(MODULE)
    try:
        yield
    finally:
        program.__spec__ = before


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
