"""Train a network: bupose train [experiment=tiny_synthetic] [skeleton=…] [trunk=…] [data=…] [optim.lr=…] [-m] …

`resume=RUN` goes on where the run in that folder was interrupted; `-m` tries each of several values, as in
optim.lr=0.001,0.003.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from bupose import cli
from bupose.train import TrainOptions, train
from bupose.train.resume import recall_arguments

MODULE = "bupose.commands.train"


def main(options: TrainOptions) -> float:
    return train(options)


def run(arguments: list[str]) -> int:
    with _started_anew_as_module():
        answer = cli.run(main, "train", recall_arguments(arguments))
    return answer if isinstance(answer, int) else 0


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
