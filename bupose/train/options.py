"""Everything that can be chosen about a training: the schema of ``conf/train.yaml``."""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass, field
from typing import Any

from bupose.codec import DecodeOptions, FieldCodec, TargetOptions
from bupose.data.augment import AugmentOptions
from bupose.data.datasets import DataOptions
from bupose.errors import OptionsError
from bupose.fields import Grid
from bupose.nn import HEADS, TRUNKS, NetworkConfig
from bupose.options import check, option, shown
from bupose.skeleton import Skeleton
from bupose.train.loss import LossOptions
from bupose.train.optim import OptimOptions
from bupose.train.teacher import TeacherOptions

PRECISIONS = {"float32": "32-true", "bfloat16": "bf16-mixed", "float16": "16-mixed"}
DELIVERIES = ("auto", "targets", "joints", "photos")
METRICS = ("AP", "AP50", "AP75", "AR")
ACCELERATORS = ("auto", "cpu", "gpu", "cuda", "mps")
MOST_DEVICES = 1024
LEAST_BYTES = 100  # of memory for each pixel of a batch; most networks take several times as many
STRATEGIES = ("auto", "ddp", "ddp_spawn", "ddp_fork", "ddp_notebook", "ddp_find_unused_parameters_true")


@dataclass
class TrunkOptions:
    """What turns a picture into features.

    Parameters
    ----------
    name : a key of ``bupose.nn.TRUNKS``
    options : dict
        What differs from the trunk's defaults.
    weights : path
        A published file of the trunk to start from.
    """

    name: str = option("mobilenet_v2", among=TRUNKS)
    options: dict[str, Any] = option(dict)
    weights: str | None = option(None, path=True)

    def __post_init__(self) -> None:
        check(self, "trunk")


@dataclass
class HeadOptions:
    """What turns features into fields.

    Parameters
    ----------
    name : a key of ``bupose.nn.HEADS``
    options : dict
        What differs from the head's defaults.
    """

    name: str = option("plain", among=HEADS)
    options: dict[str, Any] = option(dict)

    def __post_init__(self) -> None:
        check(self, "head")


@dataclass
class TrainerOptions:
    """How training runs.

    Parameters
    ----------
    steps : int
        Optimizer steps; rounded up to a whole number of validations.
    batch : int
        Crops of one process in one go.
    accumulate : int
        So many goes make a step.
    size : (width, height), px
        Of the crops.
    workers : int
        Processes that load and paint; 0 does it in between.
    threads : int
        Of torch on a CPU; 0 is torch's own choice. More than there are idle processors slows training many times.
    deliver : "auto", "targets", "joints" or "photos"
        What they do; the rest is done on the device (``bupose.data.PoseDataset``). Auto: "targets" on a CPU, else
        "photos", or "joints" where the augmentation needs the processor.
    accelerator, devices, nodes, strategy
        Lightning's: where, on how many, and how they work together. Devices: auto, how many, -1 for all, or a list of
        their numbers.
    precision : "float32", "bfloat16", "float16" or "auto"
        Of activations; weights are float32. Auto is the faster of bfloat16 and float32, tried for some steps; a
        processor without instructions for bfloat16 takes many times as long.
    auto : bool
        Try which precision, batch and workers are fastest here, and use them.
    ema : float in [0, 1)
        Decay of the weights' moving average, which is what is measured and written; 0 is none.
    sync_batch_norm : bool
        Batch norm's statistics over all GPUs.
    validate_every : int, steps
    validation_height : int, px
        Photos are resized to this height for validation.
    validation_limit : int
        Only so many pictures are validated; 0 is all.
    metric : AP, AP50, AP75 or AR
        What the best network is chosen by.
    keep : int
        So many of the best networks are kept.
    patience : int
        Training stops after so many validations without a better network; 0 never.
    save_every : int, steps
        Between checkpoints to resume from.
    """

    steps: int = option(10_000, 1, 100_000_000)
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
    validate_every: int = option(500, 1, 100_000_000)
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
    """What is told while training goes on; ``metrics.csv`` is always written.

    Parameters
    ----------
    every : int, steps
        Between rows of the curves.
    tensorboard : bool
        Curves and pictures for TensorBoard as well.
    progress : bool
        A bar in the terminal.
    pictures : int
        So many of the validation's pictures are drawn with fields and people at each validation.
    """

    every: int = option(20, 1, 1_000_000)
    tensorboard: bool = option(False)
    progress: bool = option(True)
    pictures: int = option(4, 0, 1000)

    def __post_init__(self) -> None:
        check(self, "logger")


@dataclass
class TrainOptions:
    """Train a network, from annotations to a measured network file.

    Parameters
    ----------
    skeleton : name of a built-in skeleton, or path of a .yaml file
        "auto" is that of ``data``: of a file in COCO's format the one it declares, else coco17 or the set's own.
    trunk, head : what the network is made of
    target : how fields are painted; belongs to the network for good
    decoder : how fields are read in validation, and by who uses the network
    data, val : kind and place of the pictures to learn from, and to measure on
    augment : what is done to pictures
    loss, teacher, optim, trainer, logger : see their classes in bupose.train
    start : path
        A bupose network with the same trunk to start from; what does not fit of its head, as with another skeleton,
        starts afresh.
    seed : int
        Of initial weights, order and augmentation.
    output : path
        The run's folder.
    resume : path
        The folder of an interrupted run, which goes on.
    overwrite : bool
        Another run's networks in the run's folder may be replaced.
    note : dict
        Goes into the network file: licences of data and initial weights, say.
    """

    skeleton: str = option("auto", path=True)
    trunk: TrunkOptions = field(default_factory=TrunkOptions)
    head: HeadOptions = field(default_factory=HeadOptions)
    target: TargetOptions = field(default_factory=TargetOptions)
    decoder: DecodeOptions = field(default_factory=DecodeOptions)
    data: DataOptions = field(default_factory=DataOptions)
    val: DataOptions = field(default_factory=DataOptions)
    augment: AugmentOptions = field(default_factory=AugmentOptions)
    loss: LossOptions = field(default_factory=LossOptions)
    teacher: TeacherOptions = field(default_factory=TeacherOptions)
    optim: OptimOptions = field(default_factory=OptimOptions)
    trainer: TrainerOptions = field(default_factory=TrainerOptions)
    logger: LoggerOptions = field(default_factory=LoggerOptions)
    start: str | None = option(None, path=True)
    seed: int = option(0, 0, 2**32 - 1)
    output: str = option("runs/train", path=True)
    resume: str | None = option(None, path=True)
    overwrite: bool = option(False)
    note: dict[str, Any] = option(dict)

    def __post_init__(self) -> None:
        check(self)

    def network(self, skeleton: Skeleton) -> NetworkConfig:
        """The network that these options describe, for the skeleton of the data."""
        return NetworkConfig(
            skeleton=skeleton,
            trunk=self.trunk.name,
            head=self.head.name,
            trunk_options=dict(self.trunk.options),
            head_options=dict(self.head.options),
            target=asdict(self.target),
            decoder=asdict(self.decoder),
            preprocess={"height": self.trainer.validation_height},
            origin=dict(self.note),
        )

    def codec(self, skeleton: Skeleton, grid: Grid) -> FieldCodec:
        """What paints this training's targets."""
        return FieldCodec(skeleton, grid, self.target, self.decoder)


def check_together(options: TrainOptions, multiple: int) -> None:
    """What single options cannot see.

    Raises
    ------
    OptionsError
        Crops that the network does not take, or that no memory here holds.
    """
    width, height = options.trainer.size
    needed, there = options.trainer.batch * width * height * LEAST_BYTES, _memory()
    if needed > there:
        raise OptionsError(
            f"trainer.batch={options.trainer.batch} crops of {width}x{height} px take over {needed / 1e9:,.0f} GB; "
            f"this machine has {there / 1e9:,.0f}. Choose a smaller batch, and trainer.accumulate to make up for it"
        )
    if width % multiple or height % multiple:
        near = [math.ceil(side / multiple) * multiple for side in (width, height)]
        raise OptionsError(
            f"trainer.size is {width}x{height} px; this network takes multiples of {multiple}: try {near}"
        )


def _are_devices(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        numbers = all(type(n) is int and 0 <= n < MOST_DEVICES for n in value)
        return numbers and 0 < len(value) == len(set(value))
    return value == "auto" or (type(value) is int and (value == -1 or 1 <= value <= MOST_DEVICES))


def _memory() -> float:
    """Bytes of memory that this machine has; infinite where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return math.inf
