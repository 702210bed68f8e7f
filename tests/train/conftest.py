"""A training small enough for a test."""

import pytest

from bupose.data.augment import AugmentOptions
from bupose.data.datasets import DataOptions
from bupose.train.optim import OptimOptions
from bupose.train.options import HeadOptions, LoggerOptions, TrainerOptions, TrainOptions, TrunkOptions

SCENES = {"size": [64, 64], "people": [1, 1], "scene": "clean"}


@pytest.fixture
def small_training(tmp_path, training_in):
    """:func:`training_in` the test's folder."""
    return training_in(tmp_path)


@pytest.fixture(scope="session")
def training_in():
    """``training_in(parent)(folder, trainer option=…, …)``: options of a few steps on drawn people, on the CPU."""
    return _training_in


def _training_in(parent):
    def make(folder: str = "run", optim: dict | None = None, given: dict | None = None, **trainer) -> TrainOptions:
        trainer = {
            "steps": 6,
            "batch": 2,
            "size": (64, 64),
            "workers": 0,
            "validate_every": 3,
            "save_every": 2,
        } | trainer
        return TrainOptions(
            trunk=TrunkOptions("mobilenet_v2", {"width": 0.1, "last": False, "channels": 8}),
            head=HeadOptions("plain", {"layers": 1, "width": 8}),
            data=DataOptions("synthetic", count=5, **SCENES),
            val=DataOptions("synthetic", count=2, seed=9, **SCENES),
            augment=AugmentOptions(rotation=20.0, mirror=0.5),
            optim=OptimOptions(**({"warmup": 2} | (optim or {}))),
            trainer=TrainerOptions(accelerator="cpu", devices=1, validation_height=64, **trainer),
            logger=LoggerOptions(every=1, progress=False, pictures=1),
            output=str(parent / folder),
            **(given or {}),
        )

    return make
