"""Trainer options: duration, hardware, validation and logging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from bupose.errors import OptionsError
from bupose.options import check, option, shown

PRECISIONS: dict[str, Literal["32-true", "bf16-mixed", "16-mixed"]] = {
    "float32": "32-true",
    "bfloat16": "bf16-mixed",
    "float16": "16-mixed",
}
DELIVERIES = ("auto", "targets", "joints", "photos")
METRICS = ("AP", "AP50", "AP75", "AR")
ACCELERATORS = ("auto", "cpu", "gpu", "cuda", "mps")
MOST_DEVICES = 1024
STRATEGIES = ("auto", "ddp", "ddp_spawn", "ddp_fork", "ddp_notebook", "ddp_find_unused_parameters_true")


@dataclass
class TrainerOptions:
    """Trainer options.

    Parameters
    ----------
    steps : int
        Optimizer steps, at most; rounded up to a whole number of validations.
    minutes : float
        Time limit; the number of steps is set by timing a few of them, validations included. 0 is no limit.
    clock : "wall" or "processor"
        What ``minutes`` are of: time, or processor time of each of torch's threads, which other work on the machine
        leaves as it is (with ``workers=0``).
    passes : float
        Epochs, on average. 0 is no limit.
    batch : int
        Crops per batch and process.
    accumulate : int
        Batches per optimizer step.
    size : (width, height), px
        Of the crops.
    workers : int
        Processes that prepare data; 0 uses the training process itself.
    threads : int
        Threads of torch on a CPU; 0 is torch's own choice. More than there are idle cores slow training severely.
    deliver : "auto", "targets", "joints" or "photos"
        What workers prepare; the rest is done on the device (``bupose.data.PoseDataset``). Auto: "targets" on a CPU,
        else "photos", or "joints" if the augmentation needs the CPU.
    accelerator, devices, nodes, strategy
        Lightning's. Devices: auto, a number, -1 for all, or a list of indices.
    precision : "float32", "bfloat16", "float16" or "auto"
        Of activations; weights are float32. Auto is the faster of bfloat16 and float32, measured over some steps;
        processors that emulate bfloat16 are many times slower.
    auto : bool
        Measure which precision, batch and number of workers are fastest, and use them.
    ema : float in [0, 1)
        Decay of the weights' moving average, which is validated and saved; 0 is none.
    sync_batch_norm : bool
        Batch norm's statistics over all GPUs.
    validate_every : int, steps
        Steps between validations; 0 validates five times in total.
    validation_height : int, px
        Photos are resized to this height for validation.
    validation_limit : int
        Pictures to validate on; 0 is all.
    metric : AP, AP50, AP75 or AR
        Metric that selects the best network.
    keep : int
        Number of best networks to keep.
    patience : int
        Stop after this many validations without improvement; 0 never stops.
    save_every : int, steps
        Steps between checkpoints.
    """

    steps: int = option(10_000, 1, 100_000_000)
    minutes: float = option(0.0, 0, 10_000_000)
    clock: str = option("wall", among=("wall", "processor"))
    passes: float = option(0.0, 0, 1_000_000)
    batch: int = option(16, 1, 65_536)
    accumulate: int = option(1, 1, 65_536)
    size: tuple[int, int] = option((384, 384), 8, 8192)
    workers: int = option(1, 0, 1024)
    threads: int = option(0, 0, 1024)
    deliver: str = option("auto", among=DELIVERIES)
    accelerator: str = option("auto", among=ACCELERATORS)
    devices: Any = option("auto")
    nodes: int = option(1, 1, 10_000)
    strategy: str = option("auto", among=STRATEGIES)
    precision: str = option("float32", among=("auto", *PRECISIONS))
    auto: bool = option(False)
    ema: float = option(0.999, 0, 0.999999)
    sync_batch_norm: bool = option(False)
    validate_every: int = option(500, 0, 100_000_000)
    validation_height: int = option(368, 8, 10_000)
    validation_limit: int = option(0, 0, 100_000_000)
    metric: str = option("AP", among=METRICS)
    keep: int = option(3, 1, 1000)
    patience: int = option(0, 0, 1_000_000)
    save_every: int = option(100, 1, 100_000_000)

    def __post_init__(self) -> None:
        check(self, "trainer")
        if not _are_devices(self.devices):
            raise OptionsError(
                f"trainer.devices is {shown(self.devices)}; give auto, how many from 1 to {MOST_DEVICES}, -1 for all, "
                "or a list of their numbers, as in [0,1]"
            )


@dataclass
class LoggerOptions:
    """Logging options; ``metrics.csv`` is always written.

    Parameters
    ----------
    every : int, steps
        Steps between rows of the curves.
    tensorboard : bool
        Also write curves and pictures for TensorBoard.
    progress : bool
        Print a line with step, loss, AP and remaining time.
    pictures : int
        Number of validation pictures drawn with maps and people at each validation and, at the end, with labels beside
        predictions.
    """

    every: int = option(20, 1, 1_000_000)
    tensorboard: bool = option(False)
    progress: bool = option(True)
    pictures: int = option(4, 0, 1000)

    def __post_init__(self) -> None:
        check(self, "logger")


def _are_devices(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        numbers = all(type(n) is int and 0 <= n < MOST_DEVICES for n in value)
        return numbers and 0 < len(value) == len(set(value))
    return value == "auto" or (type(value) is int and (value == -1 or 1 <= value <= MOST_DEVICES))
