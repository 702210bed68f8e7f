"""Everything that can be chosen about a training: the schema of ``conf/train.yaml``."""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass, field
from typing import Any

from bupose import methods
from bupose.data.augment import AugmentOptions
from bupose.data.datasets import DataOptions
from bupose.errors import OptionsError
from bupose.maps import Grid
from bupose.methods import METHODS, Codec, DecoderOverrides, LossOverrides, TargetOverrides
from bupose.methods.options import given, read_options
from bupose.nn import HEADS, TRUNKS, NetworkConfig
from bupose.options import check, from_dict, option
from bupose.skeleton import Skeleton
from bupose.train.optim import OptimOptions
from bupose.train.teacher import TeacherOptions
from bupose.train.trainer_options import LoggerOptions, TrainerOptions

STARTED = "started"
LEAST_BYTES = 100  # of memory for each pixel of a batch; most networks take several times as many


@dataclass
class TrunkOptions:
    """What turns a picture into features.

    Parameters
    ----------
    name : a key of ``bupose.nn.TRUNKS``, or "started"
        That of the network in ``start``, with its options.
    options : dict
        What differs from the trunk's defaults, or from the started one's options.
    weights : path
        A published file of the trunk to start from.
    """

    name: str = option("mobilenet_v2", among=(*TRUNKS, STARTED))
    options: dict[str, Any] = option(dict)
    weights: str | None = option(None, path=True)

    def __post_init__(self) -> None:
        check(self, "trunk")


@dataclass
class HeadOptions:
    """What turns features into fields.

    Parameters
    ----------
    name : a key of ``bupose.nn.HEADS``, or "started"
        That of the network in ``start``, with its options.
    options : dict
        What differs from the head's defaults, or from the started one's options.
    """

    name: str = option("plain", among=(*HEADS, STARTED))
    options: dict[str, Any] = option(dict)

    def __post_init__(self) -> None:
        check(self, "head")


@dataclass
class TrainOptions:
    """Train a network, from annotations to a measured network file.

    Parameters
    ----------
    skeleton : name of a built-in skeleton, or path of a .yaml file
        "auto" is that of ``data``: of a file in COCO's format the one it declares, else coco17 or the set's own.
    method : a key of ``bupose.methods.METHODS``
        How people are found: by part affinity fields ("paf"), or another way. Decides which options target, decoder and
        loss have.
    trunk, head : what the network is made of
    target : how people are written into maps; belongs to the network for good
    decoder : how they are read out of maps in validation, and by who uses the network
    data, val : kind and place of the pictures to learn from, and to measure on
    hold_out : float in [0, 0.9]
        This share of the pictures of ``data`` is measured on and not learned from, where ``val`` has no annotations.
    augment : what is done to pictures
    loss, teacher, optim, trainer, logger : see their classes in bupose.train
    start : path or name
        A bupose network with the same trunk to start from, "default" the one that comes along; what does not fit of its
        head, as with another skeleton, starts afresh.
    choose_score : bool
        The best network's ``decoder.min_person_score`` becomes the one that tells people from ghosts best in ``val``:
        highest F1 at a similarity of 0.5.
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
    method: str = option("paf", among=METHODS)
    trunk: TrunkOptions = field(default_factory=TrunkOptions)
    head: HeadOptions = field(default_factory=HeadOptions)
    target: TargetOverrides = field(default_factory=TargetOverrides)
    decoder: DecoderOverrides = field(default_factory=DecoderOverrides)
    data: DataOptions = field(default_factory=DataOptions)
    val: DataOptions = field(default_factory=DataOptions)
    hold_out: float = option(0.0, 0, 0.9)
    augment: AugmentOptions = field(default_factory=AugmentOptions)
    loss: LossOverrides = field(default_factory=LossOverrides)
    teacher: TeacherOptions = field(default_factory=TeacherOptions)
    optim: OptimOptions = field(default_factory=OptimOptions)
    trainer: TrainerOptions = field(default_factory=TrainerOptions)
    logger: LoggerOptions = field(default_factory=LoggerOptions)
    start: str | None = option(None, path=True)
    choose_score: bool = option(False)
    seed: int = option(0, 0, 2**32 - 1)
    output: str = option("runs/train", path=True)
    resume: str | None = option(None, path=True)
    overwrite: bool = option(False)
    note: dict[str, Any] = option(dict)

    def __post_init__(self) -> None:
        check(self)
        self.settings("target"), self.settings("loss"), self.settings("decoder")  # refuse what the method does not have

    def settings(self, kind: str):
        """``target``, ``loss`` or ``decoder`` as the method's own class has them."""
        method, said = methods.get(self.method), given(getattr(self, kind))
        if kind == "decoder":
            return read_options(method.Decoder, {}, said)
        return from_dict({"target": method.Target, "loss": method.Loss}[kind], said, kind)

    def network(self, skeleton: Skeleton, started: NetworkConfig | None = None) -> NetworkConfig:
        """The network that these options describe, for the skeleton of the data; ``started`` is that of ``start``.

        Raises
        ------
        OptionsError
            Trunk or head are to be those of ``start``, and there is none.
        """
        parts = {"trunk": self.trunk, "head": self.head}
        chosen: dict[str, Any] = {}
        for part, own in parts.items():
            if own.name != STARTED:
                chosen |= {part: own.name, f"{part}_options": dict(own.options)}
            elif started is None:
                raise OptionsError(
                    f"{part}={STARTED} is that of another network; give start=NETWORK, or another {part}"
                )
            else:
                options = getattr(started, f"{part}_options") | own.options
                chosen |= {part: getattr(started, part), f"{part}_options": options}
        return NetworkConfig(
            skeleton=skeleton,
            **chosen,
            normalisation=started.normalisation if started and self.trunk.name == STARTED else None,
            method=self.method,
            target=asdict(self.settings("target")),
            decoder=asdict(self.settings("decoder")),
            preprocess={"height": self.trainer.validation_height},
            origin=dict(self.note),
        )

    def codec(self, skeleton: Skeleton, grid: Grid) -> Codec:
        """What paints this training's targets."""
        return methods.get(self.method)(skeleton, grid, self.settings("target"), self.settings("decoder"))


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


def _memory() -> float:
    """Bytes of memory that this machine has; infinite where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return math.inf
