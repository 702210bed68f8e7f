"""Whole trainings in small: what is written, what happens at interruptions, what is told."""

import csv
import dataclasses
import math
import os
import signal

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from bupose import weights
from bupose.errors import InputError, OptionsError
from bupose.estimate.estimator import Estimator
from bupose.evaluate import coco_ap
from bupose.folder import OutputFolder
from bupose.methods.options import EVERYBODY
from bupose.process import Stopped
from bupose.train import validation
from bupose.train.checkpoints import KeepNetworks, KeepState, StopBetweenSteps
from bupose.train.log import CurveLog
from bupose.train.module import PoseModule, TrainingError
from bupose.train.options import TeacherOptions
from bupose.train.run import spread, train
from bupose.train.state import read_state
from bupose.train.validation import CocoValidation


def curves(folder) -> list[dict]:
    """The rows of metrics.csv without what a clock says."""
    with (folder / "metrics.csv").open() as file:
        return [{k: v for k, v in row.items() if not k.startswith("train/")} for row in csv.DictReader(file)]


def assert_same_network(a, b):
    a, b = load_file(a / "last.safetensors"), load_file(b / "last.safetensors")
    assert a.keys() == b.keys()
    assert [name for name in a if not torch.equal(a[name], b[name])] == []


def test_a_run_leaves_a_network_that_works_and_its_curves(small_training, tmp_path):
    metric = train(small_training())
    run = tmp_path / "run"
    assert metric >= 0
    assert {"best.safetensors", "last.safetensors", "last.ckpt", "options.json", "result.json"} <= set(os.listdir(run))
    assert sorted(p.name for p in (run / "pictures").iterdir()) == ["00-step-0000003.jpg", "00-step-0000006.jpg"]
    net = weights.load(run / "best.safetensors")
    assert net.config.preprocess == {"height": 64}
    assert net.config.target["sigma"] == 7
    rows = curves(run)
    assert [int(row["step"]) for row in rows] == list(range(6))
    assert all(math.isfinite(float(row["loss"])) and float(row["gradient_norm"]) > 0 for row in rows)
    assert [row["AP"] != "" for row in rows] == [False, False, True, False, False, True]


def test_validation_sees_what_users_will_see(small_training, tmp_path, monkeypatch):
    """Everybody whom the written network finds is measured, and the AP is theirs."""
    seen = []
    monkeypatch.setattr(
        validation, "coco_ap", lambda found, truth: seen.append((found, truth)) or coco_ap(found, truth)
    )
    options = small_training(steps=12, validate_every=12, ema=0.5, optim={"lr": 0.01, "warmup": 0})
    options.decoder.peak_threshold = 0.01
    train(options)
    net = weights.load(tmp_path / "run" / "last.safetensors")
    (found, truth), samples = seen[0], options.val.open()
    assert sum(len(people) for people in found.values()) > 0
    for n in range(2):
        again, people = Estimator(net, device="cpu", decoder=EVERYBODY)(samples[n].image), found[samples[n].image_id]
        np.testing.assert_allclose(people.xy, again.xy, atol=1e-3)
        np.testing.assert_allclose(people.score, again.score, atol=1e-5)
    assert net.config.metrics["AP"] == pytest.approx(coco_ap(found, truth)["AP"])
    labels = [samples[n].labels for n in range(2)]
    assert len(truth.annotations) == sum(map(len, labels))
    perfect = {samples[n].image_id: labels[n].to_people() for n in range(2)}
    assert coco_ap(perfect, truth)["AP"] == pytest.approx(100)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, training_in):
    """An uninterrupted run."""
    folder = tmp_path_factory.mktemp("runs")
    train(training_in(folder)("whole"))
    return folder / "whole"


class Killed(BaseException):
    """Ends a training as kill -9 does: nothing in it gets a last word."""


@pytest.mark.parametrize("moment", ["step", "validation"])
def test_a_killed_run_goes_on_as_if_nothing_had_been(small_training, whole, tmp_path, monkeypatch, moment):
    def kill(self, *_):
        raise Killed

    def kill_late(self, *args):
        if self.global_step == 5:
            raise Killed

    with monkeypatch.context() as patch:
        for silenced in (KeepState, KeepNetworks, StopBetweenSteps):
            patch.setattr(silenced, "on_exception", lambda *_: None)
        patch.setattr(CurveLog, "finalize", lambda *_: None)
        if moment == "step":
            patch.setattr(PoseModule, "on_train_batch_end", kill_late)
        else:
            patch.setattr(CocoValidation, "on_validation_epoch_end", kill)
        with pytest.raises(Killed):
            train(small_training("broken"))
    train(small_training("elsewhere", given={"resume": str(tmp_path / "broken")}))
    assert_same_network(whole, tmp_path / "broken")
    assert curves(whole) == curves(tmp_path / "broken")


@pytest.mark.parametrize(("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Stopped)])
def test_a_signal_ends_after_the_step_and_leaves_what_is_needed(
    small_training, whole, tmp_path, monkeypatch, number, kind
):
    with monkeypatch.context() as patch:
        patch.setattr(PoseModule, "on_train_batch_start", lambda self, *_: interrupt_at(self, 4, number))
        with pytest.raises(kind):
            train(small_training("broken"))
    assert weights.load(tmp_path / "broken" / "last.safetensors")
    train(small_training("elsewhere", given={"resume": str(tmp_path / "broken" / "last.ckpt")}))
    assert_same_network(whole, tmp_path / "broken")


def interrupt_at(module, step, number):
    if module.global_step == step:
        signal.raise_signal(number)


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_file(small_training, tmp_path):
    options = small_training(steps=40, validate_every=40, save_every=1, optim={"lr": 1e3, "name": "sgd", "warmup": 0})
    with pytest.raises(TrainingError, match=r"lower optim\.lr"):
        train(options)
    state = read_state(tmp_path / "run" / "last.ckpt")
    assert state["global_step"] >= 1
    assert curves(tmp_path / "run")


def test_training_lowers_the_loss_with_a_teacher_alone(small_training, tmp_path):
    """A student of one picture comes to say what its teacher says."""
    train(small_training("teacher"))
    taught = TeacherOptions(weights=[str(tmp_path / "teacher" / "last.safetensors")], share=1.0)
    train(small_training("student", steps=40, validate_every=40, optim={"lr": 0.01}, given={"teacher": taught}))
    losses = [float(row["loss"]) for row in curves(tmp_path / "student")]
    assert losses[-1] < 0.5 * losses[0]


def test_a_folder_with_networks_is_not_trained_into_again(whole, training_in):
    """Neither is one that another process trains into."""
    options = training_in(whole.parent)(whole.name)
    before = (whole / "best.safetensors").read_bytes()
    with pytest.raises(InputError, match=r"results of another run.*overwrite=true"):
        train(options)
    with OutputFolder(whole), pytest.raises(InputError, match="another bupose"):
        train(dataclasses.replace(options, resume=str(whole)))
    assert (whole / "best.safetensors").read_bytes() == before


def test_networks_are_ranked(tmp_path, small_training):
    net = weights.load(train_file(small_training, tmp_path))
    keep = KeepNetworks(tmp_path, "AP", 2)
    for ap in (10.0, 30.0, 20.0, 30.0, 5.0):
        keep.offer(net, {"AP": ap, "AP_medium": math.nan})
    kept = [weights.load(tmp_path / name).config.metrics for name in ("best.safetensors", "best-2.safetensors")]
    assert kept == [{"AP": 30.0}, {"AP": 30.0}]
    assert weights.load(tmp_path / "last.safetensors").config.metrics == {"AP": 5.0}
    assert not (tmp_path / "best-3.safetensors").exists()


def train_file(small_training, tmp_path):
    train(small_training(steps=1, validate_every=1))
    return tmp_path / "run" / "last.safetensors"


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"size": (60, 64)}, OptionsError, "multiples of 32"),
        ({"given": {"resume": "nowhere"}}, TrainingError, "no checkpoint 'nowhere/last.ckpt'|no checkpoint 'nowhere'"),
    ],
)
def test_what_does_not_fit_is_told(small_training, change, error, says):
    with pytest.raises(error, match=says):
        train(small_training(**change))


def test_devices_that_are_not_there_are_told(small_training):
    options = small_training()
    options.trainer.devices = [0]  # a CPU is not one of several
    with pytest.raises(OptionsError, match=r"trainer\.accelerator=cpu, trainer\.devices=\[0\].* is not available here"):
        train(options)


@pytest.mark.parametrize(
    "problem",
    [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), torch.OutOfMemoryError()],
)
def test_too_little_memory_is_one_sentence(small_training, monkeypatch, problem):
    def fail(*_):
        raise problem

    monkeypatch.setattr(PoseModule, "training_step", fail)
    with pytest.raises(TrainingError, match=r"memory for trainer\.batch=2 crops of 64x64 px; lower trainer.batch"):
        train(small_training())


def test_a_picture_that_cannot_be_read_does_not_cost_the_end():
    """Calibration sees the others, as training did."""

    class Samples:
        def __len__(self):
            return 4

        def picture(self, n):
            return self if n != 1 else Damaged()

        def photo(self, least):
            return least

    class Damaged:
        def photo(self, least):
            raise InputError("it is cut short")

    assert list(spread(Samples(), 32, 64)) == [64, 64, 64]
