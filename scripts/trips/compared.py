"""What a step of the round trips compared; it needs NumPy alone, as each step runs in an environment of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike


class Compared:
    """Rows of the table, written to ``STEP.json`` when the step ends."""

    def __init__(self, folder: Path, step: str) -> None:
        self.path = folder / f"{step}.json"
        self.rows: list[list] = []

    def arrays(self, what: str, got: ArrayLike, expected: ArrayLike, most: float, unit: str = "px") -> None:
        """Numbers, absent at the same places."""
        one, other, difference = np.asarray(got, float), np.asarray(expected, float), float("inf")
        if one.shape == other.shape and (np.isnan(one) == np.isnan(other)).all() and one.size:
            difference = float(np.nanmax(np.abs(one - other), initial=0))
        self.rows.append([what, " x ".join(map(str, other.shape)), difference, most, unit])

    def names(self, what: str, got: Sequence[str], expected: Sequence[str]) -> None:
        """Names, letter for letter and in order."""
        other = sum(a != b for a, b in zip(got, expected, strict=False)) + abs(len(got) - len(expected))
        self.rows.append([what, f"{len(expected)} names", float(other), 0.0, ""])

    def save(self) -> None:
        self.path.write_text(json.dumps(self.rows))


def run(steps: Mapping[str, Callable[[Path, Compared], None]]) -> None:
    """The step and the folder that the command line names."""
    program, step, folder = Path(sys.argv[0]).stem, sys.argv[1], Path(sys.argv[2])
    compared = Compared(folder, f"{program}_{step}")
    steps[step](folder, compared)
    compared.save()
