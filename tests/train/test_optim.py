"""Learning rates, frozen parts and schedules."""

import pytest
import torch

from bupose.errors import OptionsError
from bupose.nn import NetworkConfig, PoseNet
from bupose.skeletons import COCO17
from bupose.train.optim import (
    OptimOptions,
    build_optimizer,
    freeze,
    hold_norms,
    orthogonal,
    parameter_groups,
    rate_factor,
)


@pytest.fixture
def net():
    small = {"width": 0.1, "last": False, "channels": 8}
    return PoseNet(NetworkConfig(COCO17, "mobilenet_v2", "plain", small, {"layers": 1, "width": 8}))


def test_the_longest_part_decides_and_only_convolutions_decay(net):
    options = OptimOptions(lr=1.0, weight_decay=0.3, factors={"trunk": 0.1, "trunk.neck": 0.5})
    rates, decays = {}, {}
    for group in parameter_groups(net, options):
        for p in group["params"]:
            rates[id(p)], decays[id(p)] = group["lr"], group["weight_decay"]
    assert len(rates) == len(list(net.parameters()))
    for name, p in net.named_parameters():
        expected = 0.5 if name.startswith("trunk.neck.") else 0.1 if name.startswith("trunk.") else 1.0
        assert rates[id(p)] == expected, name
        assert decays[id(p)] == (0.3 if p.ndim == 4 else 0.0), name


def test_frozen_parts_and_norms_do_not_change(net):
    options = OptimOptions(lr=0.1, frozen=["trunk.features.0", "trunk.features.1"], frozen_norm=["trunk.features.2"])
    freeze(net, options)
    optimizer, _ = build_optimizer(net, options, 10)
    before = {name: t.clone() for name, t in net.state_dict().items()}
    for _ in range(2):
        net.train()
        hold_norms(net, options)
        sum(m.square().mean() for m in net(torch.randint(0, 255, (2, 3, 32, 32)))).backward()
        optimizer.step()
    changed = {name for name, t in net.state_dict().items() if not torch.equal(t, before[name])}
    assert not {n for n in changed if n.startswith(("trunk.features.0.", "trunk.features.1."))}
    norms = {n for n in before if n.startswith("trunk.features.2.") and ".conv." in n and before[n].ndim <= 1}
    assert norms
    assert not norms & changed
    convolutions = {n for n in before if n.startswith("trunk.features.2.") and before[n].ndim == 4}
    assert convolutions <= changed
    assert {"trunk.features.3.conv.0.1.running_mean", "head.heat.0.weight"} <= changed


@pytest.mark.parametrize(
    ("options", "at"),
    [
        ({"schedule": "constant", "warmup": 4}, {0: 0.25, 3: 1.0, 50: 1.0}),
        ({"schedule": "step", "warmup": 0, "milestones": [0.5, 0.8], "drop": 0.1}, {49: 1.0, 50: 0.1, 80: 0.01}),
        ({"schedule": "cosine", "warmup": 20, "final": 0.1}, {0: 0.05, 20: 1.0, 60: 0.55, 100: 0.1, 120: 0.1}),
    ],
)
def test_schedules_at_known_steps(options, at):
    for step, factor in at.items():
        assert rate_factor(step, 100, OptimOptions(**options)) == pytest.approx(factor)


def prepare(net, options):
    freeze(net, options)
    return parameter_groups(net, options)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"frozen": ["trunk.body"]}, "trunk.features"),
        ({"factors": {"nose": 2.0}}, "trunk, head"),
        ({"frozen": ["trunk", "head"]}, "leaves nothing to train"),
    ],
)
def test_parts_that_are_not_there_are_told(net, options, says):
    with pytest.raises(OptionsError, match=says):
        prepare(net, OptimOptions(**options))


@pytest.mark.parametrize(
    "options",
    [
        {"name": "lion"},
        {"lr": 0.0},
        {"milestones": [3.0]},
        {"schedule": "poly"},
        {"name": "sgd", "muon": ["head"]},
    ],
)
def test_values_out_of_range_are_told(options):
    with pytest.raises(OptionsError, match="optim"):
        OptimOptions(**options)


@pytest.mark.parametrize("muon", [[], ["conv"]])
def test_relative_steps_do_not_depend_on_the_size_of_a_channel(muon):
    """Channels of weights 1000 times as small, read with 1000 times the factor, are the same function: they must
    learn the same. At absolute rates they do not."""

    class Scaled(torch.nn.Module):
        def __init__(self, scale: torch.Tensor):
            super().__init__()
            torch.manual_seed(0)
            self.conv, self.scale = torch.nn.Conv2d(4, 3, 3, bias=False), scale[:, None, None]
            self.conv.weight.data /= scale[:, None, None, None]

        def forward(self, images):
            return self.conv(images) * self.scale

    def learned(scale: list[float], channelwise_lr: list[str]) -> torch.Tensor:
        net = Scaled(torch.tensor(scale))
        options = OptimOptions(lr=0.01, channelwise_lr=channelwise_lr, muon=muon, warmup=0, weight_decay=0.0)
        optimizer, _ = build_optimizer(net, options, 10)
        images = torch.randn(2, 4, 6, 6, generator=torch.Generator().manual_seed(1))
        for _ in range(5):
            optimizer.zero_grad()
            net(images).square().mean().backward()
            optimizer.step()
        return net.conv.weight * net.scale[..., None]

    even, uneven = [1.0, 1.0, 1.0], [1.0, 30.0, 1000.0]
    torch.testing.assert_close(learned(even, ["conv"]), learned(uneven, ["conv"]), rtol=1e-3, atol=1e-5)
    assert not torch.allclose(learned(even, []), learned(uneven, []), rtol=0.1)


def test_orthogonal_is_near_the_polar_factor():
    """Against the singular value decomposition: the same directions, all nearly equally strong, not 1 : 100."""
    torch.manual_seed(0)
    wide = torch.randn(16, 90) * torch.logspace(0, -2, 16)[:, None]
    for matrix in (wide, wide.T):
        left, _, right = torch.linalg.svd(matrix.double(), full_matrices=False)
        inside = left.T @ orthogonal(matrix).double() @ right.T  # diagonal, if the directions are the same
        strength = inside.diagonal()
        assert (inside - strength.diag()).abs().max() < 0.02
        assert strength.min() > 0.2
        assert strength.max() < 1.3


def test_orthogonal_steps_are_of_the_same_length_whatever_the_gradient():
    conv, image = torch.nn.Conv2d(4, 6, 3, bias=False), torch.randn(1, 4, 5, 5)
    net = torch.nn.ModuleDict({"conv": conv})
    steps = []
    for factor in (1e-3, 1e3):
        torch.nn.init.constant_(conv.weight, 0.1)
        options = OptimOptions(lr=0.01, muon=["conv"], warmup=0, weight_decay=0.0)
        optimizer, _ = build_optimizer(net, options, 10)
        (factor * (conv(image) * torch.linspace(-1, 1, 6)[:, None, None]).square().sum()).backward()
        optimizer.step()
        optimizer.zero_grad()
        steps.append((conv.weight - 0.1).detach().flatten(1))
    torch.testing.assert_close(steps[0], steps[1], rtol=1e-2, atol=1e-6)
    assert torch.linalg.matrix_norm(steps[0], 2) < 1.3 * 0.01 * 0.2 * 36**0.5
