"""What is fastest is found by trying."""

import json
from pathlib import Path

import pytest
import torch

from bupose.nn import NetworkConfig, PoseNet
from bupose.skeletons import COCO17
from bupose.train import autotune, train
from bupose.train.memory import keep_memory
from bupose.train.options import TrainerOptions
from bupose.train.starting import build_network


@pytest.fixture
def net():
    small = {"width": 0.1, "last": False, "channels": 8}
    return PoseNet(NetworkConfig(COCO17, "mobilenet_v2", "plain", small, {"layers": 0}))


def test_the_fastest_is_taken_and_the_joint_batch_stays(net, monkeypatch, caplog):
    caplog.set_level("INFO")
    speeds = {("float32", 8): 10.0, ("float32", 16): 12.0, ("float32", 32): 12.1,
              ("bfloat16", 8): 15.0, ("bfloat16", 16): 20.0, ("bfloat16", 32): 0.0}  # fmt: skip
    tried = []

    def measure(net, device, size, batch, precision):
        tried.append((precision, batch))
        return speeds[precision, batch]

    monkeypatch.setattr(autotune, "measure_speed", measure)
    monkeypatch.setattr(autotune, "has_fast_bfloat16", lambda device: True)
    chosen = autotune.choose_fastest(net, TrainerOptions(batch=64, accumulate=1, accelerator="cpu"))
    assert (chosen.precision, chosen.batch, chosen.accumulate) == ("bfloat16", 16, 4)
    assert set(tried) == set(speeds)
    assert "precision=bfloat16 batch=16 accumulate=4" in caplog.text
    assert autotune.choose_fastest(net, TrainerOptions(batch=4, accelerator="cpu")).batch == 4


def test_a_processor_that_only_emulates_bfloat16_is_spared_it(net, monkeypatch, small_training):
    """A step in it takes many times as long, which looks like a program that hangs."""
    tried = []
    monkeypatch.setattr(autotune, "measure_speed", lambda *given: tried.append(given[-1]) or 1.0)
    monkeypatch.setattr(autotune, "has_fast_bfloat16", lambda device: False)
    assert autotune.choose_fastest(net, TrainerOptions(accelerator="cpu")).precision == "float32"
    assert set(tried) == {"float32"}
    options = small_training(steps=1, validate_every=1, precision="auto")
    train(options)
    assert (
        json.loads(Path(options.output, "options.json").read_text(encoding="utf-8"))["trainer"]["precision"]
        == "float32"
    )


def test_auto_takes_the_faster_precision_and_a_resumed_run_keeps_it(monkeypatch, small_training):
    """Instructions for bfloat16 do not make it faster everywhere."""
    speeds = {"float32": 2.0, "bfloat16": 1.0}
    monkeypatch.setattr(autotune, "measure_speed", lambda *given: speeds[given[-1]])
    monkeypatch.setattr(autotune, "has_fast_bfloat16", lambda device: True)
    options = small_training(steps=1, validate_every=1, precision="auto")
    train(options)
    chosen = Path(options.output, "options.json")
    assert json.loads(chosen.read_text(encoding="utf-8"))["trainer"]["precision"] == "float32"
    speeds["bfloat16"] = 3.0
    train(small_training(steps=2, validate_every=1, precision="auto", given={"resume": options.output}))
    assert json.loads(chosen.read_text(encoding="utf-8"))["trainer"]["precision"] == "float32"
    assert autotune.fast_precision(build_network(options, COCO17), options.trainer) == "bfloat16"


def test_speed_is_measured_on_a_copy(net):
    before = {name: t.clone() for name, t in net.state_dict().items()}
    assert autotune.measure_speed(net, torch.device("cpu"), (32, 32), 2, "float32") > 0
    assert all(torch.equal(t, before[name]) for name, t in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())


def test_memory_is_kept_where_glibc_is():
    import platform

    assert keep_memory() == (platform.system() == "Linux" and platform.libc_ver()[0] == "glibc")
