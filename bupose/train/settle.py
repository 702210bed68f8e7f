"""Settings determined before training: precision, batch, and the number of steps that the time allows."""

from __future__ import annotations

import copy
import json
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from bupose.nn import PoseNet
from bupose.train.autotune import choose_fastest, fast_precision, training_device
from bupose.train.batches import BatchStream, EpochOrder
from bupose.train.data_module import PoseDataModule
from bupose.train.module import PoseModule, TrainingError
from bupose.train.options import TrainOptions
from bupose.train.people_teacher import PeopleTeacher
from bupose.train.sets import Sets
from bupose.train.teacher import Teacher
from bupose.wording import counted

_LOG = logging.getLogger(__name__)

OPTIONS = "options.json"
VALIDATIONS = 5  # if trainer.validate_every is 0
LEAST_STEPS = 20  # minimum, whatever trainer.minutes says
_WARM, _TIMED = 2, 6  # warm-up and timed steps
_FORWARD = 0.4  # of a training step, per pixel


def settle(
    options: TrainOptions, net: PoseNet, sets: Sets, teacher: Teacher | PeopleTeacher | None, state: Path | None
) -> TrainOptions:
    """Options with automatic choices filled in; a resumed run (``state``) keeps its own.

    Raises
    ------
    TrainingError
        The resumed run has no record of its choices.
    """
    t = options.trainer
    found = ["precision", "batch", "accumulate", "workers"] if t.auto else ["precision"] * (t.precision == "auto")
    found += ["steps", "validate_every"] if t.minutes else []
    if state is not None and found:
        t = replace(t, **_recall(state.parent / OPTIONS, found))
    elif t.auto:
        t = choose_fastest(net, t)
    elif t.precision == "auto":
        t = replace(t, precision=fast_precision(net, t))
    if t.passes:
        most = math.ceil(t.passes * len(sets.train) / (t.batch * t.accumulate))
        t = replace(t, steps=min(t.steps, most))
    if t.minutes and state is None:
        t = replace(t, steps=min(t.steps, steps_in_time(replace(options, trainer=t), net, sets, teacher)))
    every = min(t.validate_every or math.ceil(t.steps / VALIDATIONS), t.steps)
    whole = math.ceil(t.steps / every) * every  # so that the final weights are validated
    return replace(options, trainer=replace(t, validate_every=every, steps=whole))


def steps_in_time(options: TrainOptions, net: PoseNet, sets: Sets, teacher: Teacher | PeopleTeacher | None) -> int:
    """The number of steps, with validations, that fit into ``trainer.minutes``."""
    t = options.trainer
    _LOG.info("trainer.minutes=%g: timing some steps", t.minutes)
    step = time_step(options, net, sets, teacher)
    shown = min(t.validation_limit or len(sets.val), len(sets.val))
    pixels = t.validation_height**2 * 4 / 3  # of a picture
    picture = _FORWARD * step * pixels / (t.batch * t.accumulate * math.prod(t.size))
    seconds = 60 * t.minutes
    if t.validate_every:
        steps = seconds / (step + shown * picture / t.validate_every)
    else:
        steps = (seconds - VALIDATIONS * shown * picture) / step
    steps = max(LEAST_STEPS, int(steps))
    _LOG.info("%.2f s per step, time for %s", step, counted(steps, "step"))
    return steps


def time_step(options: TrainOptions, net: PoseNet, sets: Sets, teacher: Teacher | PeopleTeacher | None) -> float:
    """Seconds per training step by ``trainer.clock``, loading included, measured on a copy of the network."""
    t, device = options.trainer, training_device(options.trainer)
    data = PoseDataModule(options, options.codec(net.skeleton, net.grid), sets)
    module = (
        PoseModule(copy.deepcopy(net), options.settings("loss"), options.optim, t.steps, teacher).to(device).train()
    )
    optimizer = module.configure_optimizers()["optimizer"]
    clock, threads = (time.process_time, torch.get_num_threads()) if t.clock == "processor" else (time.perf_counter, 1)
    order = EpochOrder(len(sets.train), t.batch, (_WARM + _TIMED) * t.accumulate, options.seed)
    start = 0.0
    for number, batch in enumerate(BatchStream(data.train_dataset(), order, t.workers)):
        if number == _WARM * t.accumulate:
            start = clock()
        batch = data.on_after_batch_transfer({name: value.to(device) for name, value in batch.items()}, 0)
        with torch.autocast(device.type, torch.bfloat16, enabled=t.precision == "bfloat16"):
            loss = module.losses(batch)["loss"]
        loss.backward()
        if (number + 1) % t.accumulate == 0:
            optimizer.step()
            optimizer.zero_grad()
        loss.item()  # waits for a GPU
    return (clock() - start) / (_TIMED * threads)


def _recall(path: Path, names: Sequence[str]) -> dict:
    """Trainer options that the interrupted run had determined."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["trainer"]
        return {name: found[name] for name in names}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise TrainingError(
            f"{str(path)!r} has no {' and '.join(names)} of the run; set them, as in trainer.{names[0]}=…"
        ) from None
