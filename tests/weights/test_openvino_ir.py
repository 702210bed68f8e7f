"""OpenVINO's human-pose-estimation-0001: a small IR by hand, and the real one against OpenVINO itself."""

import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from bupose.errors import WeightsError
from bupose.methods.paf.fields import Fields
from bupose.runtimes.openvino_core import get_core
from bupose.weights.importers import import_weights, ir_graph, openvino_ir, recognise

NAME = "human-pose-estimation-0001"
PHOTOS = ("785", "5060")


# --- a small IR, made by hand ---


class SmallIR:
    """Writes layers one by one; each returns its id. Constants go to the .bin."""

    def __init__(self):
        self.layers, self.edges, self.data = [], [], b""

    def add(self, kind: str, *inputs: int, name: str = "", **attributes) -> int:
        i = len(self.layers)
        written = " ".join(f'{key}="{value}"' for key, value in attributes.items())
        self.layers.append(f'<layer id="{i}" name="{name or kind + str(i)}" type="{kind}"><data {written}/></layer>')
        for port, source in enumerate(inputs):
            self.edges.append(f'<edge from-layer="{source}" from-port="9" to-layer="{i}" to-port="{port}"/>')
        return i

    def const(self, array: np.ndarray, kind: str) -> int:
        shape = ", ".join(map(str, array.shape))  # newer files have spaces
        start, self.data = len(self.data), self.data + array.tobytes()
        return self.add("Const", element_type=kind, shape=shape, offset=start, size=array.nbytes)

    def conv(self, x: int, weight: int, kind: str = "Convolution", name: str = "conv", **changes) -> int:
        numbers = {"strides": "1,1", "dilations": "1,1", "pads_begin": "0,0", "pads_end": "0,0"} | changes
        return self.add(kind, x, weight, name=name, **numbers)

    def write(self, path) -> None:
        text = f"<net><layers>{''.join(self.layers)}</layers><edges>{''.join(self.edges)}</edges></net>"
        path.with_suffix(".xml").write_text(text)
        path.with_suffix(".bin").write_bytes(self.data)


@pytest.fixture
def small():
    """image * 0.5 - 3, an 8-bit depth-wise convolution with bias and ReLU, its input quantised."""
    ir, rng = SmallIR(), np.random.default_rng(0)
    ir.weight = rng.integers(0, 255, (3, 1, 3, 3)).astype(np.uint8)
    ir.span = np.float16([0.5, 1, 2]).reshape(3, 1, 1, 1)
    x = ir.add("Parameter", element_type="f32", shape="1,3,8,8")
    x = ir.add("Multiply", x, ir.const(np.float16([[[[0.5]]]]), "f16"))
    x = ir.add("Add", x, ir.const(np.float16([-3, -3, -3]).reshape(1, 3, 1, 1), "f16"))
    limits = [ir.const(np.float16(n), "f16") for n in (-1, 1, -1, 1)]
    x = ir.add("FakeQuantize", x, *limits, levels=256)
    w = ir.add("Convert", ir.const(ir.weight, "u8"), destination_type="f16")
    limits = [ir.const(n, "f16") for n in (np.float16([0]), np.float16([254]), -ir.span, ir.span)]
    w = ir.add("FakeQuantize", w, *limits, levels=255)
    w = ir.add("Reshape", w, ir.const(np.int64([0, 1, 1, 3, 3]), "i64"), special_zero=True)
    x = ir.conv(x, w, "GroupConvolution", "conv/WithoutBiases", pads_begin="2, 2", pads_end="2, 2", dilations="2, 2")
    ir.bias = ir.add("Add", x, ir.const(np.float32([1, 2, 3]).reshape(1, 3, 1, 1), "f32"))
    ir.last = ir.add("ReLU", ir.bias)
    return ir


def test_small_graph(small, tmp_path):
    small.add("Result", small.last)
    small.write(tmp_path / "net.v1")
    graph = ir_graph.read_graph(tmp_path / "net.xml")
    assert list(graph.convolutions) == graph.outputs == ["conv"]
    conv = graph.convolutions["conv"]
    # u8 0..254 stands for -span..span in 254 steps
    expected = (small.weight.astype(np.float64) / 127 - 1) * small.span.astype(np.float64)
    np.testing.assert_allclose(conv.weight, expected, atol=1e-6)
    assert (conv.groups, conv.dilation, conv.padding, conv.stride) == (3, 2, 2, 1)
    assert (conv.activation, conv.inputs) == ("relu", ("image",))
    np.testing.assert_array_equal(conv.bias, [1, 2, 3])
    np.testing.assert_array_equal(graph.scale * np.ones(3), [0.5] * 3)
    np.testing.assert_array_equal(graph.shift, [-3] * 3)


def test_signed_weights_with_zero_point(tmp_path):
    """What NNCF writes: int8, minus a zero point, times a scale."""
    ir = SmallIR()
    weight = np.arange(-6, 6).astype(np.int8).reshape(4, 3, 1, 1)
    w = ir.add("Convert", ir.const(weight, "i8"), destination_type="f32")
    w = ir.add("Subtract", w, ir.const(np.float32([1]), "f32"))
    w = ir.add("Multiply", w, ir.const(np.float32([1, 2, 3, 4]).reshape(4, 1, 1, 1), "f32"))
    ir.add("Result", ir.conv(ir.add("Parameter"), w))
    ir.write(tmp_path / "net")
    got = ir_graph.read_graph(tmp_path / "net.bin").convolutions["conv"].weight
    np.testing.assert_array_equal(got, (weight - np.float32(1)) * np.float32([1, 2, 3, 4]).reshape(4, 1, 1, 1))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda ir: ir.add("Sigmoid", ir.last), "Sigmoid"),
        (lambda ir: ir.add("Elu", ir.last, alpha=1.0), "does not belong to one convolution"),  # a second activation
        (lambda ir: ir.add("Result", ir.bias), "does not belong to one convolution"),  # read before its ReLU
        (lambda ir: ir.add("Multiply", ir.last, ir.const(np.float32([2]), "f32")), "other than by adding a bias"),
        (lambda ir: ir.add("Multiply", ir.last, ir.last), "combines outputs"),
        (lambda ir: ir.conv(ir.last, ir.const(np.zeros((1, 3, 1, 1), np.float32), "f32"), strides="1,2"), "directions"),
        (lambda ir: ir.add("Const", element_type="f32", shape="9", offset=0, size=1 << 20), "needs bytes"),
        (lambda ir: ir.add("Const", element_type="q7", shape="1", offset=0, size=1), "q7"),
    ],
)
def test_graphs_of_other_kinds(small, tmp_path, change, says):
    change(small)
    small.write(tmp_path / "net")
    with pytest.raises(WeightsError, match=re.escape(says)) as problem:
        ir_graph.read_graph(tmp_path / "net.xml")
    assert "\n" not in str(problem.value)


def test_elu_of_another_slope(tmp_path):
    ir = SmallIR()
    x = ir.conv(ir.add("Parameter"), ir.const(np.zeros((3, 3, 1, 1), np.float32), "f32"))
    ir.add("Elu", x, alpha=0.5)
    ir.write(tmp_path / "net")
    with pytest.raises(WeightsError, match="alpha"):
        ir_graph.read_graph(tmp_path / "net.xml")


def test_files_that_are_no_network(small, tmp_path):
    small.write(tmp_path / "net")
    with pytest.raises(WeightsError, match="is not human-pose-estimation-0001: it lacks conv1"):
        import_weights(tmp_path / "net.xml")
    (tmp_path / "net.xml").write_text("<net><layers>")
    with pytest.raises(WeightsError, match="damaged"):
        import_weights(tmp_path / "net.xml")
    (tmp_path / "net.xml").write_text("<net/>")
    with pytest.raises(WeightsError, match="damaged"):
        import_weights(tmp_path / "net.xml")
    (tmp_path / "net.bin").unlink()
    with pytest.raises(WeightsError, match=r"there is no .*net.bin"):
        import_weights(tmp_path / "net.xml")


@pytest.mark.parametrize("levels", [2, 5, 256])
def test_fake_quantise_by_its_definition(levels):
    """The nearest of ``levels`` evenly spaced numbers, found by looking at all of them."""
    rng = np.random.default_rng(levels)
    x, low, high, out_low, out_high = rng.uniform(-2, 2, 500), -1.0, 1.5, -3.0, 2.0
    places, results = np.linspace(low, high, levels), np.linspace(out_low, out_high, levels)
    expected = results[np.abs(np.clip(x, low, high)[:, None] - places).argmin(1)]
    got = ir_graph.fake_quantise(x, *map(np.float64, (low, high, out_low, out_high)), levels)
    np.testing.assert_allclose(got, expected, atol=1e-6)


# --- the real one ---


@pytest.fixture(scope="module")
def xml(shared):
    return shared / "weights" / NAME / f"{NAME}.xml"


@pytest.fixture(scope="module")
def net(xml):
    return import_weights(xml)


@pytest.fixture(scope="module")
def photos(shared):
    """Per id: the network's input (BGR) as the stored fields had it, those fields, and their size in cells."""
    stored = np.load(shared / "data" / "coco" / "fields_val.npz")
    facts = json.loads(stored["meta"].tobytes())
    found = {}
    for i in PHOTOS:
        image = cv2.imread(str(shared / "data" / "coco" / "val" / facts[i]["file_name"]))
        size = facts[i]["network_width"], facts[i]["network_height"]
        image = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
        gray = (128, 128, 128)
        image = cv2.copyMakeBorder(image, 0, -size[1] % 32, 0, -size[0] % 32, cv2.BORDER_CONSTANT, value=gray)
        heat, paf = stored[f"{i}/heat"].astype(np.float32) / 255, stored[f"{i}/paf"].astype(np.float32) / 100
        found[i] = image, Fields.from_openpose(heat, paf)
    return found


@pytest.fixture(scope="module")
def ours(net, photos):
    """Per id: the imported network's fields."""
    found = {}
    for i, (image, _) in photos.items():
        with torch.no_grad():
            heat, paf = net(torch.from_numpy(image[..., ::-1].transpose(2, 0, 1).copy())[None])
        found[i] = Fields(heat[0].numpy(), paf[0].numpy(), net.grid, net.skeleton)
    return found


def run_openvino(xml, image, quantised: bool) -> Fields:
    """The IR in OpenVINO; ``quantised=False`` takes the quantisation of activations out of it."""
    pytest.importorskip("openvino")
    core = get_core()
    model = core.read_model(xml)
    for operation in [] if quantised else model.get_ops():
        if operation.get_type_name() == "FakeQuantize":
            source = operation.input_value(0)
            kind = source.get_node().get_type_name()
            if kind not in ("Convert", "Constant"):  # not weights
                operation.output(0).replace(source)
    model.reshape([1, 3, *image.shape[:2]])
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1})
    outputs = compiled({0: image.transpose(2, 0, 1)[None].astype(np.float32)}).values()
    by_channels = {output.shape[1]: output[0] for output in outputs}
    return Fields.from_openpose(by_channels[19], by_channels[38])


def differences(one: Fields, other: Fields) -> tuple[float, float, float, float]:
    """Largest and mean of heat, largest and mean of PAF, over the cells both have."""
    h, w = (min(a, b) for a, b in zip(one.heat.shape[1:], other.heat.shape[1:]))
    heat = np.abs(np.clip(one.heat, 0, 1)[:, :h, :w] - np.clip(other.heat, 0, 1)[:, :h, :w])
    paf = np.abs(one.paf[..., :h, :w] - other.paf[..., :h, :w])
    return heat.max(), heat.mean(), paf.max(), paf.mean()


def test_recognised_by_either_file(xml):
    assert recognise(xml) == recognise(xml.with_suffix(".bin")) == "openvino"


def test_imported_network_is_the_de_quantised_graph(ours, xml, photos):
    """Exactly what OpenVINO computes when it does not quantise activations."""
    for i, (image, _) in photos.items():
        heat_max, _, paf_max, _ = differences(ours[i], run_openvino(xml, image, quantised=False))
        assert max(heat_max, paf_max) < 1e-4


def test_stored_fields_are_the_quantised_graph(xml, photos):
    """The same input in OpenVINO's 8 bits gives the stored fields to one step of their storage (1/255, 1/100).

    Everywhere with VNNI, as they were made; without, sums of products overflow in a few cells.
    """
    processor = Path("/proc/cpuinfo")
    exact = not processor.exists() or "vnni" in processor.read_text(encoding="utf-8")
    for image, stored in photos.values():
        heat_max, heat_mean, paf_max, paf_mean = differences(run_openvino(xml, image, quantised=True), stored)
        assert heat_max < (1.5 / 255 if exact else 0.1)
        assert paf_max < (1.5 / 100 if exact else 0.1)
        assert heat_mean < 0.5 / 255
        assert paf_mean < 0.25 / 100


def test_imported_network_against_stored_fields(ours, photos):
    """What is left is the noise of 8-bit activations: small everywhere but in a few cells."""
    for i, (_, stored) in photos.items():
        _, heat_mean, _, paf_mean = differences(ours[i], stored)
        assert heat_mean < 1 / 255
        assert paf_mean < 0.4 / 100
        strong = stored.heat > 0.3
        h, w = stored.heat.shape[1:]
        assert np.corrcoef(ours[i].heat[:, :h, :w][strong], stored.heat[strong])[0, 1] > 0.95


def edited(xml, folder, old: str, new: str):
    text = xml.read_text(encoding="utf-8")
    assert old in text
    (folder / "net.xml").write_text(text.replace(old, new, 1))
    shutil.copy(xml.with_suffix(".bin"), folder / "net.bin")
    return folder / "net.xml"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('name="relu4_3_CPM/al" type="Elu"', 'name="relu4_3_CPM/al" type="ReLU"', "conv4_3_CPM/al has activation relu"),
        ('dilations="2,2" output_padding="0,0" pads_begin="2,2" pads_end="2,2"',
         'dilations="1,1" output_padding="0,0" pads_begin="1,1" pads_end="1,1"', "conv5_1/dw has dilation 1"),
        ('from-layer="634" from-port="5" to-layer="666" to-port="0"',
         'from-layer="634" from-port="5" to-layer="666" to-port="7"', "Mconv1_stage2_L1/sq has inputs"),
        ('name="Mconv6_stage2_L1/WithoutBiases"', 'name="Mconv6/WithoutBiases"', "lacks Mconv6_stage2_L1, has Mconv6"),
    ],
)  # fmt: skip
def test_graphs_that_differ_are_refused(xml, tmp_path, old, new, says):
    with pytest.raises(WeightsError, match=re.escape(says)):
        openvino_ir.read_network(edited(xml, tmp_path, old, new))


def test_truncated_bin(xml, tmp_path):
    path = edited(xml, tmp_path, "<net", "<net")
    binary = path.with_suffix(".bin")
    binary.write_bytes(binary.read_bytes()[:-1000])
    with pytest.raises(WeightsError, match="which has"):
        openvino_ir.read_network(path)
