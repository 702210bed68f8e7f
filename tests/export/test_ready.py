"""Bupose's own files in other runtimes: made once, kept, made anew where they are damaged; and which one runs."""

import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

import bupose
from bupose import weights
from bupose.export import calibrate
from bupose.images import Photo
from bupose.nn.config import NetworkConfig
from bupose.nn.model import PoseNet
from bupose.runtimes import cached, ready, start
from bupose.runtimes.openvino_network import OpenVinoNetwork
from bupose.runtimes.torch_bits import find_steps
from bupose.runtimes.torch_network import TorchNetwork
from bupose.skeletons import COCO18


@pytest.fixture(scope="module")
def net():
    """Of a dozen convolutions, as most of a test's time is that of writing graphs."""
    torch.manual_seed(0)
    head = {"layers": 1, "width": 8}
    trunk = {"width": 0.1, "middle": 8, "channels": 8}
    return PoseNet(NetworkConfig(COCO18, "vgg19", "plain", trunk, head, preprocess={"height": 128})).eval()


@pytest.fixture(scope="session")
def images():
    return np.random.default_rng(5).integers(0, 256, (2, 64, 96, 3), np.uint8)


def graphs(cache):
    return sorted(path.name for path in cache.iterdir() if path.is_dir())


def made_of(place, call):
    """Whether a graph was made anew by a call."""
    before = os.stat(place / "network.xml").st_ino if (place / "network.xml").exists() else None
    call()
    return os.stat(place / "network.xml").st_ino != before


@pytest.mark.parametrize(("runtime", "package"), [("openvino", "openvino"), ("onnx", "onnxruntime")])
def test_another_runtime_computes_what_torch_does(runtime, package, file, net, cache, images):
    pytest.importorskip(package)
    wanted = TorchNetwork(net, "cpu")(images)
    for _ in range(2):
        found = start.start(file, runtime=runtime, precision="float32")
        assert type(found).__name__ == {"openvino": "OpenVinoNetwork", "onnx": "OnnxNetwork"}[runtime]
        for one, other in zip(found(images), wanted, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4 * np.abs(other).max())
    assert len(graphs(cache)) == 1


def test_a_graph_is_made_once_and_anew_where_it_is_damaged(file, net, cache, images):
    pytest.importorskip("openvino")
    bupose.load(file)
    (name,) = graphs(cache)
    place = cache / name
    assert not made_of(place, lambda: bupose.load(file))
    for damage in (
        lambda: (place / "network.bin").write_bytes((place / "network.bin").read_bytes()[:-1]),
        lambda: (place / "network.bin").write_bytes(b"\0" + (place / "network.bin").read_bytes()[1:]),
        lambda: (place / "network.xml").unlink(),
        lambda: (place / "whole.json").write_text("{"),
        lambda: (place / "whole.json").write_text(json.dumps({"sums": {}, "measured": 3})[:9]),
    ):
        damage()
        wanted = TorchNetwork(net, "cpu")(images)
        for one, other in zip(bupose.load(file).network(images), wanted, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4 * np.abs(other).max())
        assert cached.read(place) is not None
    assert graphs(cache) == [name]


def test_another_network_is_another_graph_and_old_ones_go(file, net, cache, monkeypatch, tmp_path):
    pytest.importorskip("openvino")
    monkeypatch.setattr(cached, "KEPT", 2)
    bupose.load(file)
    first = graphs(cache)
    for number in range(2):
        other = PoseNet(net.config)
        bupose.load(weights.save(other, tmp_path / f"{number}.safetensors"))
    assert len(graphs(cache)) == 2
    assert not set(first) & set(graphs(cache))


def test_what_a_killed_process_left_is_no_graph(file, cache):
    """Halfway through it has a name of its own; the lock of a dead process is no lock."""
    pytest.importorskip("openvino")
    script = f"""
import os
from pathlib import Path
from bupose.runtimes import cached
def make(folder):
    (folder / "network.xml").write_text("half")
    os._exit(9)
cached.prepare(Path({str(file)!r}), "openvino-8", "1", make)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    assert isinstance(bupose.load(file).network, OpenVinoNetwork)
    assert len([name for name in graphs(cache) if not name.startswith(".")]) == 1


def test_processes_at_once_make_one_graph(cache, file):
    """Here threads, each with a lock of its own on the same file."""
    made = []

    def make(folder):
        made.append(folder)
        (folder / "network.xml").write_text("whole")
        return {"n": len(made)}

    found = []
    threads = [threading.Thread(target=lambda: found.append(cached.prepare(file, "x", "1", make))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert found == [found[0]] * 4


def test_a_second_load_does_without_torch(file, cache):
    pytest.importorskip("openvino")
    code = (
        "import sys, bupose, numpy as np; e = bupose.load(sys.argv[1]); e(np.zeros((64, 64, 3), np.uint8));"
        "print(sorted({'torch', 'matplotlib', 'hydra', 'pycocotools', 'onnx'} & set(sys.modules)))"
    )
    bupose.load(file)
    run = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
    assert not run.stderr


@pytest.mark.parametrize("missing", [("openvino",), ("openvino", "onnxruntime")])
def test_a_missing_runtime_is_passed_over_in_silence(missing, file, cache, monkeypatch, capfd, images):
    for package in missing:
        monkeypatch.setitem(sys.modules, package, None)
    network = bupose.load(file).network
    assert type(network).__name__ == ("TorchNetwork" if len(missing) == 2 else "OnnxNetwork")
    assert network(images)[0].shape[:2] == (2, 18)
    assert capfd.readouterr() == ("", "")


def test_a_cache_that_cannot_be_written_is_passed_over(file, cache, monkeypatch):
    monkeypatch.setattr(cached, "cache_home", lambda: file)  # a file
    monkeypatch.setattr(cached, "temporary_home", lambda _: file)
    assert isinstance(bupose.load(file).network, TorchNetwork)
    with pytest.raises(OSError, match="no folder"):
        start.start(file, runtime="openvino")


@pytest.fixture(scope="module")
def movenet(tmp_path_factory):
    """A trunk whose linear layers have means far from 0, in a file that knows its activations."""
    torch.manual_seed(0)
    head = {"layers": 1, "width": 16, "space_to_depth": True, "skip": True, "context_scale": 0.4}
    trunk = {"width": 0.2, "head_features": True, "context": 8}
    net = PoseNet(NetworkConfig(COCO18, "movenet", "plain", trunk, head, preprocess={"height": 64})).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d) and module.bias is not None:
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
    path = weights.save(net, tmp_path_factory.mktemp("movenet") / "net.safetensors", bits=12)
    before = path.read_bytes()
    pictures = [Photo.whole(np.random.default_rng(n).integers(0, 256, (64, 96, 3), np.uint8)) for n in range(4)]
    found = calibrate(path, pictures)
    assert len(found) > 50
    assert path.read_bytes()[-len(before) // 2 :] == before[-len(before) // 2 :]
    return path


@pytest.mark.parametrize(
    ("runtime", "package"), [("openvino", "openvino"), ("onnx", "onnxruntime"), ("torch", "torch")]
)
def test_8_bits_out_of_the_file_are_near_float32(runtime, package, movenet, cache, images, monkeypatch):
    pytest.importorskip(package)
    if runtime == "torch" and not find_steps():
        pytest.skip("torch has no 8 bits on this processor")
    monkeypatch.setattr(ready, "fastest", lambda networks: [*networks][-1])
    net = weights.load(movenet)
    wanted, found = TorchNetwork(net, "cpu")(images), bupose.load(movenet, runtime=runtime).network(images)
    for one, other in zip(found, wanted, strict=True):
        assert 0 < np.abs(one - other).mean() < 0.1 * other.std()
    exact = bupose.load(movenet, runtime=runtime, precision="float32").network(images)
    for one, other in zip(exact, wanted, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4 * np.abs(other).max())
    kept = {name.rsplit("-", 1)[0] for name in graphs(cache)}
    assert kept == ({"torch-8"} if runtime == "torch" else {runtime, f"{runtime}-8"})


@pytest.mark.parametrize(
    ("runtime", "package", "how"),
    [("onnx", "onnxruntime", "ONNX Runtime in 32 bits"), ("torch", "torch", "torch on cpu")],
)
def test_8_bits_are_left_where_they_are_not_faster(runtime, package, how, movenet, cache, images, monkeypatch):
    pytest.importorskip(package)
    if runtime == "torch" and not find_steps():
        pytest.skip("torch has no 8 bits on this processor")
    measured = []
    first = "32" if runtime == "onnx" else "0"
    monkeypatch.setattr(ready, "fastest", lambda networks: measured.append(networks) or first)
    for _ in range(2):
        network = bupose.load(movenet, runtime=runtime).network
    assert network.how == how
    assert len(measured) == 1
    for one, other in zip(network(images), TorchNetwork(weights.load(movenet), "cpu")(images), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4 * np.abs(other).max())


def test_centred_layers_say_the_same(movenet, images):
    net = weights.load(movenet)
    means = {name: torch.tensor(known["mean"]) for name, known in net.config.activations.items()}
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
    fused = net.fuse()
    with torch.inference_mode():
        wanted = fused(pixels)
        centred = fused.centre(means)
        assert len(centred) > 17
        for one, other in zip(fused(pixels), wanted, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4 * other.abs().max().item())


def test_what_openvino_compiled_is_kept_beside_the_graph(file, cache, images):
    pytest.importorskip("openvino")
    wanted = ready.run_openvino(file, "cpu", "float32", 1)(images[:1])
    (place,) = (one for one in cache.iterdir() if one.is_dir())
    (kept,) = (place / "compiled").iterdir()
    assert kept.name == "96x64-latency-1-f32"
    for one, other in zip(ready.run_openvino(file, "cpu", "float32", 1)(images[:1]), wanted, strict=True):
        np.testing.assert_array_equal(one, other)
