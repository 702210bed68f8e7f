"""Training options: the schema of ``conf/train.yaml``."""

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
from bupose.options import Needs, check, check_needs, declared, from_dict, option
from bupose.skeleton import Skeleton
from bupose.train.optim import OptimOptions
from bupose.train.teacher_options import TeacherOptions
from bupose.train.trainer_options import LoggerOptions, TrainerOptions

STARTED = "started"
LEAST_BYTES = 100  # bytes of memory per pixel of a batch, at least; most networks need several times as many


@dataclass
class TrunkOptions:
    """Trunk options.

    Parameters
    ----------
    name : a key of ``bupose.nn.TRUNKS``, or "started"
        "started" is that of the network in ``start``, with its options.
    options : dict
        Changes to the trunk's defaults, or to the started network's options.
    weights : path
        Pretrained weights of the trunk, a published file.
    """

    name: str = option("mobilenet_v2", among=(*TRUNKS, STARTED))
    options: dict[str, Any] = option(dict)
    weights: str | None = option(None, path=True)

    def __post_init__(self) -> None:
        check(self, "trunk")


@dataclass
class HeadOptions:
    """Head options.

    Parameters
    ----------
    name : a key of ``bupose.nn.HEADS``, or "started"
        "started" is that of the network in ``start``, with its options.
    options : dict
        Changes to the head's defaults, or to the started network's options.
    """

    name: str = option("plain", among=(*HEADS, STARTED))
    options: dict[str, Any] = option(dict)

    def __post_init__(self) -> None:
        check(self, "head")


NEEDS = {"limbs": Needs(lambda o: o.method == "paf", "only method=paf groups people by limbs; leave one of them out")}


@dataclass
class TrainOptions:
    """Train a network, from annotations to an evaluated network file.

    Parameters
    ----------
    skeleton : name of a built-in skeleton, or path of a .yaml file
        "auto" is that of ``data``: for a file in COCO's format the one it declares, else coco17 or the data set's own.
    limbs : declared, auto or all
        "auto" chooses limbs that tell people apart best, by the labels: bupose.data.choose_limbs. "all" takes all pairs
        of joints, so that bupose check-data can choose by this network's fields.
    method : a key of ``bupose.methods.METHODS``
        How people are found: by part affinity fields ("paf"), or another way. Determines the options of target, decoder
        and loss.
    trunk, head : the parts of the network
    target : how people are encoded into maps; fixed for a network
    decoder : how maps are decoded, in validation and by users of the network
    data, val : training and validation data
    hold_out : float in [0, 0.9]
        Share of the pictures of ``data`` held out for validation, if ``val`` has no annotations.
    augment : augmentation of training pictures
    loss, teacher, optim, trainer, logger : see their classes in bupose.train
    start : path or name
        A bupose network with the same trunk to start from, "default" is the shipped one; parts of its head that do not
        fit, as with another skeleton, are reinitialised.
    choose_score : bool
        The best network's ``decoder.min_person_score`` becomes the one that tells people from ghosts best in ``val``:
        highest F1 at a similarity of 0.5.
    seed : int
        Random seed of initial weights, order and augmentation.
    output : path
        The run's folder.
    resume : path
        Folder of an interrupted run to continue.
    overwrite : bool
        Replace another run's networks in the run's folder.
    note : dict
        Stored in the network file: licences of data and initial weights, for example.
    """

    skeleton: str = option("auto", path=True)
    limbs: str = option("declared", among=("declared", "auto", "all"))
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
        check_needs(self, NEEDS)
        self.settings("target"), self.settings("loss"), self.settings("decoder")  # refuse options that the method lacks

    def settings(self, kind: str):
        """``target``, ``loss`` or ``decoder`` as the method's own options."""
        said, owner = given(getattr(self, kind)), {"target": "Target", "loss": "Loss", "decoder": "Decoder"}[kind]
        own = getattr(methods.get(self.method), owner)
        for name in said:
            others = [other for other, method in METHODS.items() if name in declared(getattr(method, owner))]
            if others and self.method not in others:
                raise OptionsError(
                    f"{kind}.{name} is of method={' or '.join(others)}; this is method={self.method}, which has "
                    f"{', '.join(declared(own))}"
                )
        return read_options(own, {}, said) if kind == "decoder" else from_dict(own, said, kind)

    def network(self, skeleton: Skeleton, started: NetworkConfig | None = None) -> NetworkConfig:
        """The network that these options describe, for the skeleton of the data; ``started`` is that of ``start``.

        Raises
        ------
        OptionsError
            Trunk or head is "started", but there is no ``start``.
        """
        parts: dict[str, TrunkOptions | HeadOptions] = {"trunk": self.trunk, "head": self.head}
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
            preprocess=self._preprocess(),
            origin=dict(self.note),
        )

    def _preprocess(self) -> dict[str, int]:
        """How the network's pictures are resized; crops of one person have the aspect of those in training."""
        height = self.trainer.validation_height
        width, high = self.trainer.size
        single = methods.get(self.method).single
        return {"height": height} | ({"width": round(height * width / high)} if single else {})

    def codec(self, skeleton: Skeleton, grid: Grid) -> Codec:
        """The codec that encodes the targets."""
        return methods.get(self.method)(skeleton, grid, self.settings("target"), self.settings("decoder"))


def check_together(options: TrainOptions, multiple: int) -> None:
    """Check options against each other.

    Raises
    ------
    OptionsError
        Crops that do not fit the network, or the memory.
    """
    width, height = options.trainer.size
    needed, there = options.trainer.batch * width * height * LEAST_BYTES, _memory()
    if needed > there:
        raise OptionsError(
            f"trainer.batch={options.trainer.batch} crops of {width}x{height} px take over {needed / 1e9:,.0f} GB; "
            f"this machine has {there / 1e9:,.0f}. Lower trainer.batch and raise trainer.accumulate"
        )
    if width % multiple or height % multiple:
        near = [math.ceil(side / multiple) * multiple for side in (width, height)]
        raise OptionsError(
            f"trainer.size is {width}x{height} px; this network takes multiples of {multiple}: try {near}"
        )


def _memory() -> float:
    """Bytes of memory of this machine; infinite if unknown."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return math.inf
