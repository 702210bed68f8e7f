"""Checkpoints to resume from, and network files."""

from __future__ import annotations

import logging
import math
import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback, Checkpoint

from bupose import weights
from bupose.atomic import write_bytes
from bupose.nn import PoseNet
from bupose.paths import expand
from bupose.process import stop_for
from bupose.train.ema import MovingAverage
from bupose.train.log import CurveLog
from bupose.train.module import TrainingError, net_of

_LOG = logging.getLogger(__name__)

LAST = "last.ckpt"


class KeepState(Checkpoint):
    """Writes ``last.ckpt`` atomically at regular steps; training resumes from it.

    If a validation follows a step, the file is written after it, so that no validation is lost. It is also written at
    the end and on interruption, but never after a loss that is not finite.
    """

    def __init__(self, folder: Path, every: int, curves: CurveLog):
        self.path, self.every, self.curves, self._saved = folder / LAST, every, curves, 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Continue the curves from the checkpoint."""
        self._saved = trainer.global_step
        if self._saved:
            self.curves.resume(self._saved)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        """At regular optimizer steps."""
        validates = trainer.val_check_batch and (batch_idx + 1) % trainer.val_check_batch == 0
        if trainer.global_step % self.every == 0 and not validates:
            self._save(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save with the new metrics."""
        self._save(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """The final state."""
        self._save(trainer)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Save on an interruption between steps; other errors may leave an inconsistent state.

        During a validation, when the averaged weights are swapped in, the last file is kept.
        """
        if isinstance(exception, KeyboardInterrupt) and not trainer.validating:
            self._save(trainer)

    def _save(self, trainer: pl.Trainer) -> None:
        if trainer.global_step > self._saved and not trainer.sanity_checking:
            trainer.save_checkpoint(self.path)
            self.curves.keep_up()
            self._saved = trainer.global_step


class KeepNetworks(Callback):
    """Writes network files: ``last.safetensors`` after each validation and at the end, and the best ones by a metric.

    ``best.safetensors`` is the best; ``best-2.safetensors`` and so on are the runners-up.

    Parameters
    ----------
    folder : Path
    metric : str
        Higher is better.
    count : int
        Number of best networks to keep.
    average : MovingAverage, optional
    """

    def __init__(self, folder: Path, metric: str, count: int, average: MovingAverage | None = None):
        self.folder, self.metric, self.count, self.average = folder, metric, count, average
        self.ranking: list[dict[str, float]] = []  # metrics of the kept networks, best first

    def offer(self, net: PoseNet, metrics: Mapping[str, float], write: bool = True) -> None:
        """Rank a validated network, and write it; only one of several processes should ``write``."""
        metrics = {name: value for name, value in metrics.items() if math.isfinite(value)}  # no small people: no AP
        if write:
            weights.save(net, self.folder / "last.safetensors", metrics)
        place = sum(other[self.metric] >= metrics[self.metric] for other in self.ranking)
        if place >= self.count:
            return
        if write:
            for n in range(min(len(self.ranking), self.count - 1), place, -1):
                write_bytes(self._file(n), self._file(n - 1).read_bytes())  # no rank is ever without a file
            weights.save(net, self._file(place), metrics)
        self.ranking = [*self.ranking[:place], metrics, *self.ranking[place:]][: self.count]

    def _file(self, place: int) -> Path:
        return self.folder / ("best.safetensors" if place == 0 else f"best-{place + 1}.safetensors")

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Save the network on interruption."""
        if isinstance(exception, KeyboardInterrupt) and trainer.global_step and trainer.is_global_zero:
            net = net_of(pl_module)
            if self.average is not None and not trainer.validating:
                net = self.average.averaged(net)
            weights.save(net, self.folder / "last.safetensors")

    def state_dict(self) -> dict:
        """The ranking is part of the checkpoint."""
        return {"ranking": self.ranking}

    def load_state_dict(self, state: dict) -> None:
        """Files written after the checkpoint will be overwritten."""
        self.ranking = state["ranking"]


class StopBetweenSteps(Callback):
    """Ctrl-C or SIGTERM ends training after the current step, so that a consistent state is saved.

    A second signal ends it at once. ``asked`` is the exception to raise.
    """

    def __init__(self) -> None:
        self.asked: KeyboardInterrupt | None = None
        self._before: dict[int, Any] = {}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Install the signal handlers."""
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
            self._owner = os.getpid()

    def _ask(self, number: int, _) -> None:
        if os.getpid() != self._owner:  # a data worker, before init_worker has set this handler
            signal.signal(number, signal.SIG_DFL)
            return
        if self.asked is not None:
            raise self.asked
        self.asked = stop_for(number)
        _LOG.warning("\nstopping after this step; Ctrl-C again stops at once")

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        """Stop if asked to."""
        if self.asked is not None:
            raise self.asked

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Stop during validation, too."""
        if self.asked is not None:
            raise self.asked

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Restore the signal handlers."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


def find_state(path: str | Path) -> Path:
    """The checkpoint of a run's folder, or the file itself.

    Raises
    ------
    TrainingError
        There is none.
    """
    path = expand(path)
    path = path / LAST if path.is_dir() else path
    if not path.is_file():
        raise TrainingError(f"there is no checkpoint {str(path)!r} to resume from; give a run's folder, or its {LAST}")
    return path
