"""Autotuning: measures which settings are fastest on this machine."""

from __future__ import annotations

import copy
import logging
import os
import time
from dataclasses import replace

import torch

from bupose.nn import PoseNet
from bupose.nn.memory import lay_out
from bupose.runtimes.torch_network import has_fast_bfloat16
from bupose.train.options import TrainerOptions

_LOG = logging.getLogger(__name__)

_TRIES = 3  # timed steps, after one warm-up step
_GAIN = 1.05  # required speed-up of a larger batch
_FIRST = 8  # the smallest batch tried


def choose_fastest(net: PoseNet, trainer: TrainerOptions) -> TrainerOptions:
    """Options with the fastest precision, batch and number of workers.

    Every precision that the device supports natively is tried with batches of 8, 16, 32, …, as long as memory suffices
    and speed grows by 5 %; workers are all cores but one, at most eight. The effective batch is kept where possible by
    adapting ``accumulate``.
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
    """The precision for "auto": the fastest of those worth trying, measured over some steps."""
    device = training_device(trainer)
    speeds = {}
    for precision in precisions_of(device):
        speeds[precision] = measure_speed(net, device, trainer.size, min(trainer.batch, _FIRST), precision)
    return max(speeds, key=speeds.__getitem__)


def precisions_of(device: torch.device) -> tuple[str, ...]:
    """Precisions worth trying; emulated bfloat16 is many times slower."""
    return ("float32", "bfloat16") if has_fast_bfloat16(device) else ("float32",)


def training_device(trainer: TrainerOptions) -> torch.device:
    """The device that Lightning will use: a GPU if there is one, unless the accelerator is "cpu"."""
    return torch.device("cuda" if torch.cuda.is_available() and trainer.accelerator != "cpu" else "cpu")


def measure_speed(net: PoseNet, device: torch.device, size: tuple[int, int], batch: int, precision: str) -> float:
    """Crops per second of forward and backward passes; 0 if out of memory."""
    twin = lay_out(copy.deepcopy(net).to(device)).train()
    images = torch.zeros((batch, 3, size[1], size[0]), dtype=torch.uint8, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    try:
        for attempt in range(_TRIES + 1):
            if attempt == 1:
                _wait(device)
                start = time.perf_counter()
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
                said = [one for stage in twin.forward_stages(images) for one in stage.values()]
                loss = torch.stack([one.float().square().mean() for one in said]).sum()
            loss.backward()
        _wait(device)
        return batch * _TRIES / (time.perf_counter() - start)
    except torch.OutOfMemoryError:
        return 0.0


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()
