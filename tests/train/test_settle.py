"""How long a training is, where that follows from the time, the pictures, or the run that it resumes."""

import json
import time
from pathlib import Path

import pytest
import torch

from bupose.skeletons import COCO17
from bupose.train import settle as settling
from bupose.train import train
from bupose.train.progress import describe
from bupose.train.sets import open_sets
from bupose.train.settle import settle, time_step
from bupose.train.starting import build_network


@pytest.fixture
def settled(small_training, monkeypatch):
    """A function of trainer options: steps and steps between validations, where a step takes half a second."""
    monkeypatch.setattr(settling, "time_step", lambda *_: 0.5)

    def settled(state=None, **trainer):
        options = small_training(**{"steps": 10_000, "validate_every": 0} | trainer)
        sets = open_sets(options)
        t = settle(options, build_network(options, COCO17), sets, None, state).trainer
        return t.steps, t.validate_every

    return settled


def test_minutes_are_filled_with_steps_and_validations(settled, small_training):
    """Five validations of two pictures: what is left of two minutes for them is a few seconds."""
    steps, every = settled(minutes=2)
    assert 0.9 * 240 < steps <= 240
    assert every == -(-steps // 5)
    assert settled(minutes=2, steps=50) == (50, 10)
    more, every = settled(minutes=2, validate_every=10)
    assert every == 10
    assert more < steps  # that often, validations take their time
    assert settled(minutes=1e-6)[0] == settling.LEAST_STEPS


def test_passes_show_every_picture_so_often(settled):
    assert settled(passes=8) == (20, 4)  # five pictures in batches of two
    assert settled(passes=8, accumulate=2) == (10, 2)
    assert settled() == (10_000, 2000)


def test_a_resumed_run_is_as_long_as_it_was(settled, tmp_path):
    (tmp_path / "options.json").write_text(json.dumps({"trainer": {"steps": 77, "validate_every": 11}}))
    assert settled(tmp_path / "last.ckpt", minutes=2) == (77, 11)


def test_a_step_is_timed_on_a_copy(small_training):
    options = small_training(accumulate=2, workers=1)
    sets = open_sets(options)
    net = build_network(options, COCO17)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    assert 0 < time_step(options, net, sets, None) < 60
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())


def test_processor_time_leaves_out_waiting(small_training, monkeypatch):
    """Between timed steps this machine waits, as for other work."""
    monkeypatch.setattr(settling.BatchStream, "__iter__", waiting(settling.BatchStream.__iter__))
    took = {}
    for clock in ("wall", "processor"):
        options = small_training(clock=clock)
        sets = open_sets(options)
        took[clock] = time_step(options, build_network(options, COCO17), sets, None)
    assert took["wall"] > 0.1
    assert took["processor"] < took["wall"] - 0.07


def waiting(iterate):
    def each(stream):
        for batch in iterate(stream):
            time.sleep(0.1)
            yield batch

    return each


def test_a_part_of_the_data_is_measured_on(small_training, caplog):
    caplog.set_level("INFO")
    options = small_training(steps=2, validate_every=2, given={"hold_out": 0.4})
    assert train(options) >= 0
    told = caplog.messages
    assert f"training pictures: 3, to {options.output}" in told
    assert "Held out for validation: 2 of 5 pictures." in told
    assert (Path(options.output) / "found.png").stat().st_size > 10_000


def test_the_line_says_what_is_left():
    metrics = {"loss": 0.123456, "AP": 43.21}
    assert describe(120, 400, 0, 60.0, metrics) == "step 120 of 400, loss 0.123, AP 43.2, 2 minutes left"
    assert describe(120, 400, 100, 5.0, {}) == "step 120 of 400, 70 seconds left"  # 20 steps of a resumed run
    assert describe(400, 400, 0, 60.0, metrics) == "step 400 of 400, loss 0.123, AP 43.2"
