"""Which runtime a network is run by: the one asked for, the one there is, or the faster of two."""

import sys
import time

import pytest
import torch

import bupose
from bupose import weights
from bupose.errors import DependencyError, OptionsError, WeightsError
from bupose.runtimes import ready, start, trial
from bupose.runtimes.start import choose_runtime
from bupose.runtimes.torch_network import TorchNetwork


def test_runtimes_by_hand(file, net, cache, monkeypatch, openvino_file):
    assert isinstance(bupose.load(file, runtime="torch").network, TorchNetwork)
    with pytest.raises(OptionsError, match="choose one of auto, torch, onnx, openvino"):
        bupose.load(file, runtime="tensorrt")
    with pytest.raises(OptionsError, match="runs in openvino: leave runtime out"):
        bupose.load(openvino_file[0], runtime="torch")
    with pytest.raises(OptionsError, match="in memory runs in torch"):
        bupose.Estimator(net, runtime="onnx")
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(DependencyError, match="pip install openvino"):
        bupose.load(file, runtime="openvino")
    file.write_bytes(file.read_bytes()[:-7])
    with pytest.raises(WeightsError, match="truncated"):
        bupose.load(file)


def test_who_is_chosen(cache, monkeypatch):
    monkeypatch.setattr(start, "is_installed", lambda package: True)
    assert choose_runtime().runtime == "openvino"
    assert choose_runtime(precision="bfloat16").runtime == "openvino"
    assert choose_runtime(compile=True).runtime == choose_runtime(device="cuda").runtime == "torch"
    monkeypatch.setattr(start, "is_installed", lambda package: package in ("onnxruntime", "onnx"))
    assert choose_runtime().runtime == "onnx"
    assert choose_runtime(precision="bfloat16").runtime == "torch"
    monkeypatch.setattr(start, "may_have_gpu", lambda: True)
    monkeypatch.setattr("bupose.runtimes.torch_network.choose_device", lambda name: torch.device("cuda:0"))
    assert choose_runtime() == ("torch", "this machine has a GPU, cuda:0")
    assert choose_runtime(device="cpu").runtime == "onnx"


def test_the_faster_of_two_is_taken_once_measured(file, cache, monkeypatch):
    """With the network that comes along, at its first load; nothing is measured for others, nor twice."""
    measured = []

    def measure(networks):
        measured.append(list(networks))
        return {"openvino": 0.3, "onnx": 0.2}

    class Fake:
        pass

    monkeypatch.setattr(start, "is_installed", lambda package: True)
    monkeypatch.setattr(start, "computes_in_bytes", lambda: False)
    monkeypatch.setattr(start, "version", lambda package: "1")
    monkeypatch.setattr(trial, "measure", measure)
    monkeypatch.setattr(ready, "RUNNERS", {name: lambda *_: Fake() for name in ("openvino", "onnx")})
    other = file.with_name("other.safetensors")
    other.write_bytes(file.read_bytes() + b" ")
    monkeypatch.setattr(weights, "DEFAULT", file)
    assert choose_runtime(path=other) == ("openvino", "openvino is installed")
    assert not measured
    for path in (file, file, other):
        assert choose_runtime(path=path) == ("onnx", "a picture takes openvino 300 ms, onnx 200 ms of processor time")
    assert measured == [["openvino", "onnx"]]
    assert choose_runtime(precision="float32", path=other).runtime == "openvino"
    assert sum(path.is_dir() for path in cache.iterdir()) == 1
    monkeypatch.setattr(start, "computes_in_bytes", lambda: True)
    assert choose_runtime(path=file) == ("openvino", "openvino is installed")


def test_what_cannot_run_is_not_measured(file, cache, monkeypatch):
    def fail(*_):
        raise RuntimeError("no such instruction")

    monkeypatch.setattr(start, "is_installed", lambda package: True)
    monkeypatch.setattr(start, "computes_in_bytes", lambda: False)
    monkeypatch.setattr(start, "version", lambda package: "1")
    monkeypatch.setattr(trial, "measure", lambda networks: dict.fromkeys(networks, 0.1))
    monkeypatch.setattr(ready, "RUNNERS", {"openvino": fail, "onnx": lambda *_: object()})
    monkeypatch.setattr(weights, "DEFAULT", file)
    assert choose_runtime(path=file).runtime == "onnx"
    assert not cache.exists()  # another process may have what this one lacks


def test_a_busy_machine_does_not_matter():
    """What waits for others takes no processor time; the least of some rounds is told."""

    class Network:
        preprocess, multiple = {"height": 32}, 16

        def __init__(self, work, wait):
            self.work, self.wait = work, wait

        def __call__(self, images):
            assert images.shape == (1, 32, 48, 3)
            time.sleep(self.wait)
            stop = time.thread_time() + self.work
            while time.thread_time() < stop:
                pass

    taken = trial.measure({"busy": Network(0.03, 0), "waits": Network(0.005, 0.05)})
    assert taken["busy"] > 0.02
    assert taken["waits"] < 0.8 * taken["busy"]


@pytest.mark.parametrize(("times", "taken"), [((1, 0.95), "a"), ((1, 0.85), "b"), ((1, 1.2), "a")])
def test_another_one_must_be_clearly_faster(times, taken):
    assert trial.pick(dict(zip("ab", times, strict=True))) == taken
