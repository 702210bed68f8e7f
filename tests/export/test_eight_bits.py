"""Exports in 8 bits: near the network, and with the delicate parts in floating point."""

import re

import numpy as np
import pytest
import torch

from bupose import skeletons
from bupose.export import calibration_pictures, export_network
from bupose.nn.config import NetworkConfig
from bupose.nn.model import PoseNet
from bupose.runtimes.openvino_core import get_core
from bupose.runtimes.start import start


@pytest.fixture(scope="module")
def openvino_small(net, pictures, tmp_path_factory):
    pytest.importorskip("openvino")
    return export_network(net, tmp_path_factory.mktemp("small") / "m.xml", pictures, precision="int8").files[0]


@pytest.fixture(scope="module")
def onnx_small(net, pictures, tmp_path_factory):
    pytest.importorskip("onnxruntime")
    return export_network(net, tmp_path_factory.mktemp("small") / "m.onnx", pictures, precision="int8").files[0]


@pytest.mark.parametrize(("kind", "stored", "share"), [("openvino", ".bin", 0.5), ("onnx", ".onnx", 0.7)])
def test_eight_bits(kind, stored, share, pictures, request):
    """ONNX Runtime keeps a convolution in floating point where nothing is known of what it gives."""
    made, before = request.getfixturevalue(f"{kind}_small"), request.getfixturevalue(f"{kind}_file")
    floats, small = (f.with_suffix(stored).stat().st_size for f in (before[0], made))
    assert small < share * floats
    heat, _ = start(made)(pictures[0])
    true, _ = start(before[0])(pictures[0])
    assert 0 < np.abs(heat - true).mean() < 0.4 * true.std()
    assert np.corrcoef(heat.ravel(), true.ravel())[0, 1] > 0.9


def test_no_two_products_overflow_16_bits(openvino_small):
    """Processors without VNNI add two products of an activation, 0 to 255, and a weight in 16 bits; depth-wise
    convolutions, whose weights have five axes, do not add up pairs."""
    import openvino

    constants = [node for node in get_core().read_model(openvino_small).get_ops() if node.get_type_name() == "Constant"]
    weights = [c.get_data() for c in constants if c.get_element_type() == openvino.Type.i8 and c.get_data().ndim == 4]
    assert len(weights) > 3
    assert all(2 * 255 * np.abs(w.astype(int)).max() < 2**15 for w in weights)


def test_no_two_products_overflow_16_bits_in_onnx(onnx_small):
    onnx = pytest.importorskip("onnx")
    stored = [onnx.numpy_helper.to_array(one) for one in onnx.load(onnx_small).graph.initializer]
    weights = [one.astype(int) for one in stored if one.dtype == np.int8 and one.ndim == 4]
    assert len(weights) > 3
    assert all(2 * 255 * np.abs(w).max() < 2**15 for w in weights)


@pytest.mark.parametrize("overview", [0, 0.4])
def test_delicate_parts_stay_in_floating_point(tmp_path, overview):
    """MoveNet's first layer, its pyramid, and what reads the features directly; all else is in 8 bits."""
    pytest.importorskip("openvino")
    torch.manual_seed(0)
    head = {"layers": 2, "width": 8, "space_to_depth": True, "skip": True, "context_scale": overview}
    options = {"width": 0.2, "head_features": True}, head
    net = PoseNet(
        NetworkConfig(skeletons.get("coco18"), "movenet", "plain", *options, preprocess={"height": 64})
    ).eval()
    made = export_network(net, tmp_path / "m.xml", calibration_pictures(net, count=2), precision="int8")

    parts = {True: set(), False: set()}
    for node in get_core().read_model(made.files[0]).get_ordered_ops():
        inside = re.match(r"/(trunk|head)(?:_\d+)?/([a-z_]+[a-z])", node.get_friendly_name())
        if inside and node.get_type_name() in ("Convolution", "GroupConvolution", "Interpolate", "Add"):
            in_bits = node.input_value(0).get_node().get_type_name() == "FakeQuantize"
            parts[in_bits].add(f"{inside[1]}/{inside[2]}")
            assert not (in_bits and node.get_type_name() in ("Interpolate", "Add"))  # nor is what is summed rounded
            first = re.search(r"/features\.0[/.]", node.get_friendly_name())
            assert not (in_bits and first)
    delicate = {"trunk/neck", "head/skip"}
    assert delicate <= parts[False]
    assert not delicate & parts[True]
    answers = {f"trunk/{name}" for name in ("center", "kpt_heatmap", "kpt_regress")}
    assert {"trunk/features", *answers, "head/layers", "head/heat", "head/paf"} <= parts[True]


def test_movenets_outputs_stay_in_floating_point(tmp_path):
    """Offsets span the picture, in cells: steps of 8 bits would be coarse."""
    pytest.importorskip("openvino")

    torch.manual_seed(0)
    config = NetworkConfig(skeletons.COCO17, "movenet", "movenet", {"width": 0.2}, method="centre")
    net = PoseNet(config).eval()
    net.config.preprocess["height"] = 64
    made = export_network(net, tmp_path / "m.xml", calibration_pictures(net, count=2), precision="int8")
    of_head, in_bits = set(), set()
    for node in get_core().read_model(made.files[0]).get_ordered_ops():
        inside = re.match(r"/head/([a-z]+)", node.get_friendly_name())
        if inside and node.get_type_name() in ("Convolution", "GroupConvolution"):
            of_head.add(inside[1])
            if node.input_value(0).get_node().get_type_name() == "FakeQuantize":
                in_bits.add(inside[1])
    assert of_head == {"heat", "centre", "offset"}
    assert not in_bits
