"""The training curves as a CSV file."""

from __future__ import annotations

import csv
import time
from pathlib import Path

from lightning.pytorch.callbacks import ThroughputMonitor
from lightning.pytorch.loggers.logger import Logger
from lightning.pytorch.utilities import rank_zero_only

from bupose.atomic import replacing

SECONDS = 10.0  # between writes, as the file is rewritten each time


class CurveLog(Logger):
    """``metrics.csv``: a row for each logged step, a column for each name.

    A resumed run keeps the rows up to its checkpoint and appends; Lightning's ``CSVLogger`` starts anew.
    """

    def __init__(self, folder: Path):
        super().__init__()
        self.path = folder / "metrics.csv"
        self._rows: dict[int, dict] = {}
        self._written = 0.0

    name, version = "curves", 0

    @property
    def save_dir(self) -> str:
        """The run's folder."""
        return str(self.path.parent)

    def resume(self, step: int) -> None:
        """Read the rows up to a step from the file."""
        if self.path.is_file():
            with self.path.open(newline="") as file:
                rows = [{k: v for k, v in row.items() if v != ""} for row in csv.DictReader(file)]
            self._rows = {int(row["step"]): row for row in rows if int(row["step"]) < step}

    @rank_zero_only
    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Add to a step's row."""
        if step is not None:
            self._rows.setdefault(step, {"step": step}).update(metrics)

    @rank_zero_only
    def log_hyperparams(self, params, *_, **__) -> None:
        """Ignored: options have their own file."""

    @rank_zero_only
    def save(self) -> None:
        """Write the file, unless it was written seconds ago."""
        if time.monotonic() - self._written > SECONDS:
            self.write()

    @rank_zero_only
    def write(self) -> None:
        """Write the file atomically."""
        if self._rows:
            rows = [self._rows[step] for step in sorted(self._rows)]
            names = list(dict.fromkeys(name for row in rows for name in row))
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self.path) as partial, partial.open("w", newline="") as file:
                table = csv.DictWriter(file, names)
                table.writeheader()
                table.writerows(rows)
            self._written = time.monotonic()

    def keep_up(self) -> None:
        """Write all rows, and the row of the current step once it is complete: a checkpoint was just written."""
        self.write()
        self._written = 0.0

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """The last rows."""
        self.write()


class TrainingThroughput(ThroughputMonitor):
    """Training throughput in crops per second, without validation."""

    def __init__(self, steps: int):
        super().__init__(lambda batch: len(batch["image"]), window_size=steps)

    def on_validation_batch_end(self, *_, **__) -> None:
        """Validation does not count."""
