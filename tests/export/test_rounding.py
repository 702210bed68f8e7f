"""Rounding to 8 bits: the arithmetic of weights, and what an ONNX graph is made into."""

import numpy as np
import pytest
import torch

from bupose import skeletons
from bupose.export import observe
from bupose.export.observe import find_range, observe_activations
from bupose.nn import NetworkConfig, PoseNet
from bupose.nn.blocks import SameConv2d
from bupose.runtimes.eight_bits import HALF, STEPS, fit_range, round_weights
from bupose.runtimes.graph import write_graph

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("groups", [1, 2, 6])
@pytest.mark.parametrize("steps", [STEPS, HALF])
def test_rounded_weights_answer_an_average_input_as_before(groups, steps):
    """A constant input of each channel's mean: with the shift, rounding changes nothing at all."""
    weights = RNG.normal(size=(12, 6 // groups, 3, 3)).astype(np.float32)
    mean = RNG.uniform(-2, 5, 6).astype(np.float32)
    rounded = round_weights(weights, steps, mean)
    near = rounded.values * rounded.step[:, None, None, None]
    assert np.abs(near - weights).max() <= 0.51 * rounded.step.max()
    assert np.abs(rounded.values.astype(int)).max() == steps
    flat = torch.from_numpy(mean)[None, :, None, None].expand(1, 6, 3, 3)
    one, other = (
        torch.nn.functional.conv2d(flat, torch.from_numpy(np.float32(w)), groups=groups).ravel().numpy()
        for w in (weights, near)
    )
    assert np.abs(other - one).max() > 1e-3
    np.testing.assert_allclose(other + rounded.shift, one, atol=1e-4)


def test_a_step_is_never_below_the_least():
    weights = np.full((2, 1, 1, 1), 1e-9, np.float32)
    assert round_weights(weights, STEPS, np.zeros(1, np.float32), np.array([0.5, 0.25])).step.tolist() == [0.5, 0.25]


class Residual(torch.nn.Module):
    """A convolution that pads unevenly, one that is added to what it reads and has a channel without weights; more."""

    def __init__(self):
        super().__init__()
        self.first = SameConv2d(3, 8, 3, 2)
        self.second = torch.nn.Conv2d(8, 8, 1)
        self.third = torch.nn.Conv2d(8, 8, 3, padding=1)
        self.last = torch.nn.Conv2d(8, 4, 1)
        with torch.no_grad():
            self.second.weight[0], self.second.bias[0] = 0, 0.7

    def forward(self, images):
        first = torch.relu(self.first(images.float() / 255))
        return self.last(self.third(first + self.second(first)))


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """Its ONNX file as :func:`write_graph` has it, but for what only a whole network has, and the ranges in it."""
    pytest.importorskip("onnx")
    torch.manual_seed(0)
    net, path = Residual().eval(), tmp_path_factory.mktemp("graph") / "net.onnx"
    images = torch.from_numpy(RNG.integers(0, 256, (4, 3, 32, 48), np.uint8))
    seen = {}
    for name, module in net.named_children():
        module.register_forward_pre_hook(lambda _, given, name=name: seen.update({name: given[0]}))
    with torch.inference_mode():
        wanted = net(images).numpy()
    ranges = {
        name: {"range": [float(v.min()), float(v.max())], "mean": v.mean((0, 2, 3)).tolist()}
        for name, v in seen.items()
    }
    axes = {"images": {0: "n", 2: "h", 3: "w"}}
    torch.onnx.export(net, (images,), str(path), input_names=["images"], dynamic_axes=axes, dynamo=False)
    return path, ranges, images.numpy(), wanted


def test_an_onnx_graph_in_8_bits(graph):
    """The sum's range gives that of its parts; the last convolution, of whose answer nothing is known, stays."""
    import onnx

    from bupose.runtimes.onnx_bits import adds_exactly, quantise

    runtime = pytest.importorskip("onnxruntime")
    path, ranges, images, wanted = graph
    model = onnx.load(path)
    assert "Pad" not in {node.op_type for node in model.graph.node}
    assert quantise(model, ranges, adds_exactly()) == 3
    onnx.checker.check_model(model)
    (last,) = [node for node in model.graph.node if node.op_type == "Conv" and node.input[1] == "last.weight"]
    assert last.input[0].endswith(".rounded")
    options = runtime.SessionOptions()
    options.optimized_model_filepath = str(path.with_name("optimised.onnx"))
    session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"images": images})
    gap = np.abs(found - wanted)
    assert 0 < gap.mean() < 0.02 * wanted.std()
    assert gap.max() < 0.1 * np.ptp(wanted)
    kinds = [node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node]
    assert kinds.count("QLinearConv") == 3
    assert "QLinearAdd" in kinds


@pytest.mark.parametrize(("unknown", "in_bits"), [({"third"}, 1), ({"second"}, 1), ({"second", "third"}, 0)])
def test_what_nothing_is_known_of_stays_in_floating_point(graph, unknown, in_bits):
    """A convolution whose result is read by a delicate one, of whose input nothing is known, stays, too."""
    import onnx

    from bupose.runtimes.onnx_bits import quantise

    model = onnx.load(graph[0])
    known = {name: one for name, one in graph[1].items() if name not in unknown}
    assert quantise(model, known, True) == in_bits
    inputs = {node.input[1]: node.input[0] for node in model.graph.node if node.op_type == "Conv"}
    assert ("first.weight" in inputs) == ("second" in unknown)
    assert all(not inputs[f"{name}.weight"].endswith(".rounded") for name in unknown)


def test_a_range_has_0_among_its_levels():
    for least, largest in ((-1.7, 3.1), (0.4, 2.0), (-3.0, -1.0), (0.0, 0.0)):
        low, high = fit_range(least, largest)
        step = (high - low) / 255
        assert low <= 0 <= high
        assert low / step == pytest.approx(round(low / step))
        assert min(least, 0) - 0.51 * step <= low
        assert high <= max(largest, 0) + 0.51 * step or largest <= least


def test_the_shipped_networks_graph_pads_nothing_by_itself(tmp_path):
    onnx = pytest.importorskip("onnx")
    from bupose import weights

    write_graph(weights.load(weights.resolve()), tmp_path / "net.onnx")
    assert "Pad" not in {node.op_type for node in onnx.load(tmp_path / "net.onnx").graph.node}


@pytest.mark.parametrize("outlier", [False, True])
def test_a_range_cuts_off_what_costs_more_than_it_is_worth(outlier):
    """By the error of a million values, not of their histogram."""
    values = np.random.default_rng(0).uniform(-1, 2, 1_000_000)
    values[0] = 8 if outlier else 0
    ends = float(values.min()), float(values.max())

    def error(start, end):
        step = (end - start) / 255
        return ((start + np.clip(np.round((values - start) / step), 0, 255) * step - values) ** 2).mean()

    found, lost = find_range(ends, np.histogram(values, 2048, ends)[0])
    assert lost == pytest.approx(
        np.sqrt(error(*found) / (values**2).mean()), rel=0.02
    )  # of intervals of a tenth of a step
    assert found[0] <= 0 <= found[1]
    assert (found[1] < 0.7 * ends[1]) == outlier
    others = [fit_range(low * ends[0], high * ends[1]) for low in (0.9, 1) for high in (0.3, 0.5, 0.9, 1)]
    assert error(*found) <= 1.01 * min(error(*one) for one in others)


def test_what_256_levels_cannot_hold_stays_in_floating_point(monkeypatch):
    """With the second largest loss as the limit, the convolution with the largest one has no range."""
    torch.manual_seed(0)
    small = {"width": 0.1, "last": False, "channels": 8}
    net = PoseNet(NetworkConfig(skeletons.COCO17, "mobilenet_v2", "plain", small)).eval()
    pictures = [np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3)).astype(np.uint8)]
    losses = []

    def find(*values):
        losses.append(find_range(*values)[1])
        return find_range(*values)

    monkeypatch.setattr(observe, "find_range", find)
    names = list(observe_activations(net, pictures))
    assert len(names) == len(losses)
    monkeypatch.setattr(observe, "MOST_LOST", sorted(losses)[-2])
    assert set(names) - set(observe_activations(net, pictures)) == {names[int(np.argmax(losses))]}
