"""A training run: from options to an evaluated network file."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict
from pathlib import Path

import lightning.pytorch as pl
import torch
import yaml
from lightning.pytorch.callbacks import (
    Callback,
    EarlyStopping,
    LearningRateMonitor,
)
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from bupose import weights
from bupose.atomic import write_text
from bupose.data.picture import picture_of
from bupose.errors import BuposeError, InputError, OptionsError
from bupose.estimate.estimator import Estimator
from bupose.export import calibrate
from bupose.folder import OutputFolder
from bupose.images import Photo
from bupose.images.sample import Sample
from bupose.train.checkpoints import LAST, KeepNetworks, KeepState, StopBetweenSteps, find_state
from bupose.train.data_module import PoseDataModule
from bupose.train.ema import MovingAverage
from bupose.train.log import CurveLog, TrainingThroughput
from bupose.train.memory import keep_memory
from bupose.train.module import PoseModule, TrainingError
from bupose.train.options import TrainOptions
from bupose.train.people_teacher import PeopleTeacher
from bupose.train.progress import ProgressLine
from bupose.train.result_picture import write_comparison
from bupose.train.resume import GIVEN
from bupose.train.sets import open_sets
from bupose.train.settle import OPTIONS, settle
from bupose.train.starting import build_network
from bupose.train.state import StateIO
from bupose.train.teacher import Teacher
from bupose.train.threshold import settle_score
from bupose.train.trainer_options import PRECISIONS
from bupose.train.validation import CocoValidation, truth_of
from bupose.train.validation_images import ValidationImages

_LOG = logging.getLogger(__name__)

CALIBRATED = 32  # training photos that 8 bits are made for
RESULT, BEST, FOUND = "result.json", "best.safetensors", "found.png"
RESULTS = (RESULT, LAST, BEST, FOUND, "last.safetensors", "metrics.csv")


def train(options: TrainOptions, given: Sequence[str] = ()) -> float:
    """Train, evaluate and save a network.

    Parameters
    ----------
    options : TrainOptions
    given : sequence of str
        Of these what a command line gave, as ``optim.lr=0.001``: kept for summaries, and to resume the run.

    Returns
    -------
    float
        The best network's ``trainer.metric``, in percent.

    Raises
    ------
    BuposeError
        Inconsistent options, data or weights that cannot be read, or a loss that is not finite.

    Notes
    -----
    The run's folder gets ``best.safetensors`` and ``last.safetensors``, ``metrics.csv``, ``pictures/``, ``found.png``,
    ``last.ckpt`` to resume from, ``options.json`` and ``result.json``.
    """
    state = find_state(options.resume) if options.resume else None
    folder = OutputFolder(
        state.parent if state else options.output, results=() if state else RESULTS, overwrite=options.overwrite
    )
    first = getattr(rank_zero_only, "rank", 0) == 0  # other processes of this training share the folder
    with folder if first else nullcontext():
        return _train(options, folder.path, state, given)


def _train(options: TrainOptions, folder: Path, state: Path | None, given: Sequence[str]) -> float:
    keep_memory()
    _quiet()
    if options.trainer.threads:
        torch.set_num_threads(options.trainer.threads)
    pl.seed_everything(options.seed, verbose=False)
    sets = open_sets(options)
    net = build_network(options, sets.skeleton, sets.category)
    teacher: Teacher | PeopleTeacher | None = None
    if options.teacher.itself:
        teacher = Teacher([net], net.specs, options.teacher)
    elif options.teacher.weights and options.teacher.through == "people":
        teacher = PeopleTeacher.load(options.codec(net.skeleton, net.grid), options.teacher)
    elif options.teacher.weights:
        teacher = Teacher.load(net.specs, options.teacher)
    options = settle(options, net, sets, teacher, state)
    data = PoseDataModule(options, options.codec(net.skeleton, net.grid), sets)
    module = PoseModule(net, options.settings("loss"), options.optim, options.trainer.steps, teacher)
    average = MovingAverage(options.trainer.ema) if options.trainer.ema else None
    networks = KeepNetworks(folder, options.trainer.metric, options.trainer.keep, average)
    curves = CurveLog(folder)
    trainer = build_trainer(options, folder, data, networks, average, curves)
    if trainer.is_global_zero:
        write_text(folder / OPTIONS, json.dumps(asdict(options), indent=1, default=str))
        if given:
            (folder / GIVEN).parent.mkdir(exist_ok=True)
            write_text(folder / GIVEN, yaml.safe_dump(list(given), allow_unicode=True))
        for line in (net.describe(), f"training pictures: {len(data.train_samples)}, to {folder}", *sets.notes):
            _LOG.info("%s", line)
    try:
        trainer.fit(module, data, ckpt_path=state)
    except SystemExit:  # Lightning's exit after Ctrl-C
        callbacks: list[Callback] = getattr(trainer, "callbacks", [])
        asked = next((c.asked for c in callbacks if isinstance(c, StopBetweenSteps)), None)
        raise (asked or KeyboardInterrupt()) from None
    except BuposeError:
        raise
    except Exception as problem:  # of many types, if a state belongs to another training
        if _is_out_of_memory(problem):
            raise TrainingError(
                f"out of memory for trainer.batch={options.trainer.batch} crops of "
                f"{'x'.join(map(str, options.trainer.size))} px; lower trainer.batch "
                "and raise trainer.accumulate"
            ) from problem
        if state is None or module.started:
            raise
        raise TrainingError(
            f"cannot resume from {str(state)!r}: it belongs to another network or training "
            f"({' '.join(str(problem).split())[:200]}); give the options it was started with"
        ) from problem
    best = networks.ranking[0] if networks.ranking else {}
    metric = float(best.get(options.trainer.metric, float("nan")))
    if trainer.is_global_zero:
        write_text(folder / RESULT, json.dumps(best, indent=1))
        if options.choose_score and best:
            truth = truth_of(options.val, data.val_samples, count_validated(options, data))
            if (score := settle_score(folder / BEST, data.val_samples, truth)) is not None:
                _LOG.info("decoder.min_person_score=%s gives the highest F1", score)
        if best:
            calibrate(folder / BEST, spread(data.train_samples, CALIBRATED, options.trainer.validation_height))
        if options.logger.pictures and best:
            write_comparison(folder / FOUND, data.val_samples, Estimator(weights.load(folder / BEST)))
            _LOG.info("labels beside predictions: %s", folder / FOUND)
        _LOG.info("%s %.1f: %s", options.trainer.metric, metric, folder / BEST)
    return metric


def spread(samples: Sequence[Sample], most: int, least: int) -> Iterator[Photo]:
    """Some photos, evenly spread over those of a set that can be read; ``least`` as for :func:`bupose.images.read`."""
    many = min(most, len(samples))
    for n in range(many):
        with suppress(InputError):  # told when it was left out of training
            yield picture_of(samples, n * len(samples) // many).photo(least)


def _is_out_of_memory(problem: Exception) -> bool:
    """Torch has an error class for this on GPUs only."""
    return isinstance(problem, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in str(problem)


def count_validated(options: TrainOptions, data: PoseDataModule) -> int:
    """Number of pictures per validation."""
    return min(options.trainer.validation_limit or len(data.val_samples), len(data.val_samples))


def build_trainer(
    options: TrainOptions, folder: Path, data: PoseDataModule, networks: KeepNetworks, average: MovingAverage | None,
    curves: CurveLog,
) -> pl.Trainer:  # fmt: skip
    """Lightning's trainer with all callbacks and loggers.

    Raises
    ------
    OptionsError
        Devices or a strategy that this machine does not have.
    """
    t = options.trainer
    count = count_validated(options, data)
    images = ValidationImages(folder, options.logger.pictures) if options.logger.pictures else None
    validation = CocoValidation(truth_of(options.val, data.val_samples, count), t.validation_height, networks, images)
    callbacks: list[Callback] = [validation, networks, LearningRateMonitor("step")]
    callbacks += [average] if average else []
    callbacks += [EarlyStopping(t.metric, mode="max", patience=t.patience)] if t.patience else []
    callbacks += [ProgressLine()] if options.logger.progress else []
    callbacks += [TrainingThroughput(10), StopBetweenSteps(), KeepState(folder, t.save_every, curves)]
    loggers = [curves, *([TensorBoardLogger(folder, "", "tensorboard")] if options.logger.tensorboard else [])]
    try:
        return pl.Trainer(
            accelerator=t.accelerator,
            devices=t.devices,
            num_nodes=t.nodes,
            strategy=t.strategy,
            precision=PRECISIONS[t.precision],
            sync_batchnorm=t.sync_batch_norm,
            max_steps=t.steps,
            max_epochs=-1,
            accumulate_grad_batches=t.accumulate,
            val_check_interval=t.validate_every * t.accumulate,
            check_val_every_n_epoch=None,
            num_sanity_val_steps=0,
            log_every_n_steps=options.logger.every,
            enable_progress_bar=False,
            enable_model_summary=False,
            enable_checkpointing=True,
            use_distributed_sampler=False,
            callbacks=callbacks,
            plugins=[StateIO()],
            logger=loggers,
            default_root_dir=folder,
        )
    except (MisconfigurationException, TypeError, ValueError, RuntimeError) as problem:
        chosen = ", ".join(f"trainer.{k}={getattr(t, k)}" for k in ("accelerator", "devices", "nodes", "strategy"))
        told = " ".join(str(problem).split())
        raise OptionsError(f"{chosen} is not available here ({told:.200}); choose others, or auto") from None


def _quiet() -> None:
    """Silence advice of Lightning that does not apply here."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    for advice in ("num_workers", "litlogger", "LeafSpec", "flops_per_batch"):
        warnings.filterwarnings("ignore", f".*{advice}.*")
