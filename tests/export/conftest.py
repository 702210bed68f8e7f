"""A small random network, and its exports, made once."""

import pytest
import torch

from bupose import kernels, weights
from bupose.export import export_network
from bupose.kernels import cache as kernel_cache
from bupose.nn.config import NetworkConfig
from bupose.nn.model import PoseNet
from bupose.runtimes import start
from bupose.skeletons import COCO18


@pytest.fixture(scope="session")
def net():
    """Batch norms that do something, a normalisation in BGR, and options of its own."""
    torch.manual_seed(0)
    config = NetworkConfig(
        COCO18,
        "mobilenet_v2",
        "light",
        {"width": 0.25},
        {"width": 16, "hidden": 32, "blocks": 1},
        normalisation={"order": "bgr", "mean": [100, 110, 120], "std": [50, 60, 70]},
        decoder={"peak_threshold": 0.3},
        preprocess={"height": 128},
        metrics={"AP": 1.5},
    )
    net = PoseNet(config)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
    return net.eval()


@pytest.fixture(scope="session")
def pictures(net):
    rng = torch.Generator().manual_seed(1)
    shapes = [(1, 2 * net.multiple, 3 * net.multiple, 3), (1, 4 * net.multiple, net.multiple, 3)]
    return [torch.randint(0, 256, shape, dtype=torch.uint8, generator=rng).numpy() for shape in shapes]


@pytest.fixture(scope="session")
def onnx_file(net, pictures, tmp_path_factory):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    path = tmp_path_factory.mktemp("onnx") / "IMG (1), x=1 é.onnx"
    return path, export_network(net, path, pictures)


@pytest.fixture(scope="session")
def openvino_file(net, pictures, tmp_path_factory):
    pytest.importorskip("openvino")
    path = tmp_path_factory.mktemp("openvino") / "IMG (1), x=1 é.xml"
    return path, export_network(net, path, pictures)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty folder for graphs; kernels stay where they are, as compiling them would take longer than all else."""
    kernels.load()
    monkeypatch.setenv("NUMBA_CACHE_DIR", kernel_cache.cache_folder())  # for processes that a test starts
    monkeypatch.setenv("BUPOSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(start, "may_have_gpu", lambda: False)
    return tmp_path / "cache" / "graphs"


@pytest.fixture
def file(net, tmp_path):
    return weights.save(net, tmp_path / "net.safetensors")
