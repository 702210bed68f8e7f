"""The progress line of a training: step, loss, last validation, and remaining time."""

from __future__ import annotations

import sys
import time

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback

from bupose.wording import counted

ON_TERMINAL, ELSEWHERE = 0.5, 30.0  # seconds between lines; on a terminal each replaces the one before


class ProgressLine(Callback):
    """Prints the line to the standard output, in the first process only."""

    def __init__(self) -> None:
        self._started, self._first, self._told = 0.0, 0, 0.0
        self._every = ON_TERMINAL if sys.stdout.isatty() else ELSEWHERE

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        self._started, self._first, self._told = time.monotonic(), trainer.global_step, time.monotonic()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        """Print at intervals."""
        now = time.monotonic()
        if trainer.is_global_zero and now - self._told >= self._every:
            self._tell(trainer, now)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Print the validation's results on a line of their own."""
        if trainer.is_global_zero and not trainer.sanity_checking:
            self._tell(trainer, time.monotonic(), stays=True)

    def _tell(self, trainer: pl.Trainer, now: float, stays: bool = False) -> None:
        line = describe(
            trainer.global_step, trainer.max_steps, self._first, now - self._started, trainer.progress_bar_metrics
        )
        terminal = self._every == ON_TERMINAL
        print(f"\r{line:<100}" if terminal else line, end="\n" if stays or not terminal else "", flush=True)
        self._told = now


def describe(step: int, steps: int, first: int, seconds: float, metrics: dict[str, float]) -> str:
    """The line for a run that began at step ``first`` so many ``seconds`` ago, with the latest ``metrics``."""
    shown = [f"{name} {metrics[name]:.3g}" for name in ("loss", "AP") if name in metrics]
    if step > first and step < steps:
        left = seconds / (step - first) * (steps - step)
        shown.append(f"{counted(round(left), 'second') if left < 100 else f'{left / 60:.0f} minutes'} left")
    return ", ".join([f"step {step} of {steps}", *shown])
