"""What is fastest on this machine: found by trying, not by rule."""

from __future__ import annotations

import copy
import logging
import os
import time
from dataclasses import replace

import torch

from bupose.nn import PoseNet
from bupose.runtimes.network import has_fast_bfloat16
from bupose.train.options import TrainerOptions

_LOG = logging.getLogger(__name__)

_TRIES = 3  # steps that are timed, after one to warm up
_GAIN = 1.05  # a larger batch must be so much faster
_FIRST = 8  # the smallest batch that is tried


def choose_fastest(net: PoseNet, trainer: TrainerOptions) -> TrainerOptions:
    """Options with the precision, the batch and the workers that are fastest here.

    Every precision that the device is fast at is tried with batches of 8, 16, 32, …, as long as memory suffices and
    that is faster by a twentieth; workers are all processors but one, up to eight for each device. The joint batch of
    a step stays what it was where it can: fewer goes are accumulated when one holds more.
    """
    device = training_device(trainer)
    best = (0.0, trainer.precision, trainer.batch)
    for precision in precisions_of(device):
        batch, last = _FIRST, 0.0
        while True:
            speed = measure_speed(net, device, trainer.size, batch, precision)
            best = max(best, (speed, precision, batch))
            if speed < last * _GAIN:
                break
            batch, last = 2 * batch, speed
    speed, precision, batch = best
    joint = trainer.batch * trainer.accumulate
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = max(1, min(8, cores - 1))
    chosen = replace(
        trainer, precision=precision, batch=min(batch, joint), accumulate=max(1, round(joint / batch)), workers=workers
    )
    _LOG.info(
        "trainer.auto: precision=%s batch=%d accumulate=%d workers=%d (%.1f crops/s on this %s)",
        precision, chosen.batch, chosen.accumulate, workers, speed, device.type,
    )  # fmt: skip
    return chosen


def fast_precision(net: PoseNet, trainer: TrainerOptions) -> str:
    """The precision that "auto" stands for: of those worth trying, the one in which some steps are faster."""
    device = training_device(trainer)
    speeds = {}
    for precision in precisions_of(device):
        speeds[precision] = measure_speed(net, device, trainer.size, min(trainer.batch, _FIRST), precision)
    return max(speeds, key=speeds.get)


def precisions_of(device: torch.device) -> tuple[str, ...]:
    """Precisions worth trying; a step takes many times as long where bfloat16 is only emulated."""
    return ("float32", "bfloat16") if has_fast_bfloat16(device) else ("float32",)


def training_device(trainer: TrainerOptions) -> torch.device:
    """Where Lightning will train: on a GPU where there is one and it is wanted."""
    return torch.device("cuda" if torch.cuda.is_available() and trainer.accelerator != "cpu" else "cpu")


def measure_speed(net: PoseNet, device: torch.device, size: tuple[int, int], batch: int, precision: str) -> float:
    """Crops a second of forward and backward passes; 0 where memory does not suffice."""
    twin = copy.deepcopy(net).to(device, memory_format=torch.channels_last).train()
    images = torch.zeros((batch, 3, size[1], size[0]), dtype=torch.uint8, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    try:
        for attempt in range(_TRIES + 1):
            if attempt == 1:
                _wait(device)
                start = time.perf_counter()
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
                said = [one for stage in twin.forward_stages(images) for one in stage.values()]
                loss = sum(one.float().square().mean() for one in said)
            loss.backward()
        _wait(device)
        return batch * _TRIES / (time.perf_counter() - start)
    except torch.OutOfMemoryError:
        return 0.0


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()
