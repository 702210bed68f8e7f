"""A whole training: from options to a measured network file."""

from __future__ import annotations

import json
import logging
import math
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import (
    Callback,
    EarlyStopping,
    LearningRateMonitor,
    TQDMProgressBar,
)
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from bupose import weights
from bupose.atomic import write_text
from bupose.errors import BuposeError, OptionsError, WeightsError
from bupose.folder import OutputFolder
from bupose.nn import PoseNet
from bupose.nn.model import declare
from bupose.nn.pretrained import load_trunk
from bupose.skeleton import Skeleton
from bupose.train.album import Album
from bupose.train.auto import choose_fastest, fast_precision
from bupose.train.averaging import MovingAverage
from bupose.train.feed import Feed
from bupose.train.keeping import LAST, KeepNetworks, KeepState, StopBetweenSteps, find_state
from bupose.train.log import CurveLog, TrainingThroughput
from bupose.train.memory import keep_memory
from bupose.train.module import PoseModule, TrainingError
from bupose.train.options import PRECISIONS, TrainOptions, check_together
from bupose.train.referee import Referee, truth_of
from bupose.train.sets import open_sets
from bupose.train.state import StateIO
from bupose.train.teacher import Teacher

OPTIONS, RESULT = "options.json", "result.json"
RESULTS = (RESULT, LAST, "best.safetensors", "last.safetensors", "metrics.csv")


def train(options: TrainOptions) -> float:
    """Train, measure and write a network.

    Parameters
    ----------
    options : TrainOptions

    Returns
    -------
    float
        The best network's ``trainer.metric``, in percent.

    Raises
    ------
    BuposeError
        Options that do not fit together, data or weights that cannot be read, or a loss that is no number.

    Notes
    -----
    The run's folder gets ``best.safetensors`` and ``last.safetensors``, ``metrics.csv``, ``pictures/``, ``last.ckpt``
    to resume from, ``options.json`` and ``result.json``.
    """
    state = find_state(options.resume) if options.resume else None
    folder = OutputFolder(
        state.parent if state else options.output, results=() if state else RESULTS, overwrite=options.overwrite
    )
    with folder if rank_zero_only.rank == 0 else nullcontext():  # other processes of this training share it
        return _train(options, folder.path, state)


def _train(options: TrainOptions, folder: Path, state: Path | None) -> float:
    keep_memory()
    _quiet()
    if options.trainer.threads:
        torch.set_num_threads(options.trainer.threads)
    pl.seed_everything(options.seed, verbose=False)
    sets = open_sets(options)
    net = build_network(options, sets.skeleton)
    options = _settle(options, net, state)
    feed = Feed(options, options.codec(net.skeleton, net.grid), sets)
    teacher = Teacher.load(net.skeleton, options.teacher) if options.teacher.weights else None
    module = PoseModule(net, options.loss, options.optim, options.trainer.steps, teacher)
    average = MovingAverage(options.trainer.ema) if options.trainer.ema else None
    networks = KeepNetworks(folder, options.trainer.metric, options.trainer.keep, average)
    curves = CurveLog(folder)
    trainer = build_trainer(options, folder, feed, networks, average, curves)
    if trainer.is_global_zero:
        write_text(folder / OPTIONS, json.dumps(asdict(options), indent=1, default=str))
        print(f"{net.describe()}\ntraining pictures: {len(feed.train_samples)}, to {folder}", flush=True)
        print(*sets.notes, sep="\n", end="\n" * bool(sets.notes), flush=True)
    try:
        trainer.fit(module, feed, ckpt_path=state)
    except SystemExit:  # how Lightning ends after Ctrl-C
        asked = next(c.asked for c in trainer.callbacks if isinstance(c, StopBetweenSteps))
        raise (asked or KeyboardInterrupt()) from None
    except BuposeError:
        raise
    except Exception as problem:  # of many kinds, where a state is not this training's
        if _is_out_of_memory(problem):
            raise TrainingError(
                f"there is not the memory for trainer.batch={options.trainer.batch} crops of "
                f"{'x'.join(map(str, options.trainer.size))} px; choose a smaller batch, and trainer.accumulate to "
                "make up for it"
            ) from problem
        if state is None or module.started:
            raise
        raise TrainingError(
            f"cannot go on from {str(state)!r}, which is the state of another network or training "
            f"({' '.join(str(problem).split())[:200]}); give the options it was started with"
        ) from problem
    best = networks.ranking[0] if networks.ranking else {}
    metric = float(best.get(options.trainer.metric, float("nan")))
    if trainer.is_global_zero:
        write_text(folder / RESULT, json.dumps(best, indent=1))
        print(f"{options.trainer.metric} {metric:.1f}: {folder / 'best.safetensors'}", flush=True)
    return metric


def _is_out_of_memory(problem: Exception) -> bool:
    """Torch has a kind of error for this on GPUs alone."""
    return isinstance(problem, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in str(problem)


def build_network(options: TrainOptions, skeleton: Skeleton) -> PoseNet:
    """The network as it starts.

    Raises
    ------
    OptionsError, WeightsError
        Names, options or weights that do not fit.
    """
    config = options.network(skeleton)
    declare(config)  # before memory is taken for it
    net = PoseNet(config)
    check_together(options, net.multiple)
    if options.start:
        print(take_over(net, weights.load(weights.resolve(options.start)), options.start))
    elif options.trunk.weights:
        print(load_trunk(net.trunk, options.trunk.weights))
    return net


def take_over(net: PoseNet, started: PoseNet, source: str) -> str:
    """Give a network all tensors of another that have its names and shapes; which others start afresh, as a sentence.

    So a network for one skeleton starts another's, and one that got further parts goes on: weights that only got
    further inputs keep those they had, and the new ones start at zero.

    Raises
    ------
    WeightsError
        The trunks share no more than their names: then little of what the other learned is of use.
    """
    own, given = net.state_dict(), started.state_dict()
    taken = {name: tensor for name, tensor in given.items() if name in own and own[name].shape == tensor.shape}
    misfits = [name for name in given if name in own and name not in taken]
    grown = [name for name in misfits if _has_more_inputs(own[name], given[name])]
    for name in grown:
        taken[name] = torch.zeros_like(own[name])
        taken[name][:, : given[name].shape[1]] = given[name]
    foreign = [name for name in misfits if name.startswith("trunk.") and name not in grown]
    if foreign or not any(name.startswith("trunk.") for name in taken):
        raise WeightsError(
            f"{source!r} has another trunk: {len(foreign)} tensors do not fit ({', '.join(foreign[:3])} …); "
            f"choose trunk={started.config.trunk} and its options, or another start"
        )
    net.load_state_dict(taken, strict=False)
    fresh = [name for name in own if name not in taken]
    more = f", {len(grown)} of them with further inputs" if grown else ""
    parts = ", ".join(sorted({".".join(name.split(".")[:2]) for name in fresh}))
    return f"{source}: {len(taken)} tensors taken{more}, {len(fresh)} start afresh{': ' * bool(parts)}{parts}"


def _has_more_inputs(own: torch.Tensor, given: torch.Tensor) -> bool:
    """The same weights but for the number of input channels, of which there are more."""
    return own.ndim == given.ndim == 4 and own.shape[1] > given.shape[1] and own[:, :1].shape == given[:, :1].shape


def build_trainer(
    options: TrainOptions, folder: Path, feed: Feed, networks: KeepNetworks, average: MovingAverage | None,
    curves: CurveLog,
) -> pl.Trainer:  # fmt: skip
    """Lightning's trainer with everything that watches, measures and writes.

    Raises
    ------
    OptionsError
        Devices, or a way to use them, that this machine does not have.
    """
    t = options.trainer
    count = min(t.validation_limit or len(feed.val_samples), len(feed.val_samples))
    album = Album(folder, options.logger.pictures) if options.logger.pictures else None
    referee = Referee(truth_of(options.val, feed.val_samples, count), t.validation_height, networks, album)
    callbacks: list[Callback] = [referee, networks, LearningRateMonitor("step")]
    callbacks += [average] if average else []
    callbacks += [EarlyStopping(t.metric, mode="max", patience=t.patience)] if t.patience else []
    callbacks += [TQDMProgressBar()] if options.logger.progress else []
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
            enable_progress_bar=options.logger.progress,
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
        raise OptionsError(f"{chosen} cannot be had here ({told:.200}); choose others, or auto") from None


def _settle(options: TrainOptions, net: PoseNet, state: Path | None) -> TrainOptions:
    """Options with the choices that depend on others filled in; a resumed run keeps what it had found fastest."""
    t = options.trainer
    if t.auto and state is None:
        t = choose_fastest(net, t)
    elif t.auto or (t.precision == "auto" and state is not None):
        kept = ("precision", "batch", "accumulate", "workers") if t.auto else ("precision",)
        t = replace(t, **_recall(state.parent / OPTIONS, kept))
    elif t.precision == "auto":
        t = replace(t, precision=fast_precision(net, t))
    every = min(t.validate_every, t.steps)
    whole = math.ceil(t.steps / every) * every  # so that what comes out last is measured
    return replace(options, trainer=replace(t, validate_every=every, steps=whole))


def _recall(path: Path, names: Sequence[str]) -> dict:
    """Trainer options that an earlier run had found."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["trainer"]
        return {name: found[name] for name in names}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise TrainingError(
            f"{str(path)!r} does not say {' and '.join(names)} of the run; give them as trainer.{names[0]}=…"
        ) from None


def _quiet() -> None:
    """Keep Lightning from advising what does not hold here."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    for advice in ("num_workers", "litlogger", "LeafSpec", "flops_per_batch"):
        warnings.filterwarnings("ignore", f".*{advice}.*")
