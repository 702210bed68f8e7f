"""The network's own average teaches it what no label says."""

import copy
import math

import pytest
import torch

from bupose import skeletons
from bupose.errors import OptionsError
from bupose.methods.paf.options import FieldLossOptions
from bupose.methods.regression import RegressionCodec
from bupose.nn import NetworkConfig, PoseNet
from bupose.train.ema import follow
from bupose.train.module import PoseModule
from bupose.train.optim import OptimOptions
from bupose.train.teacher import Teacher, TeacherOptions


def small() -> PoseNet:
    torch.manual_seed(0)
    return PoseNet(NetworkConfig(
        skeletons.COCO17, "mobilenet_v2", "plain", {"width": 0.1, "last": False, "channels": 8}, {"width": 8}
    ))  # fmt: skip


def unlabelled() -> dict:
    """Two pictures of which nothing is known."""
    shapes = {"heat": (2, 17, 8, 8), "paf": (2, len(skeletons.COCO17.limbs), 2, 8, 8), "weight": (2, 8, 8)}
    generator = torch.Generator().manual_seed(1)
    image = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8, generator=generator)
    return {"image": image} | {name: torch.zeros(shape) for name, shape in shapes.items()}


def module(**options) -> PoseModule:
    net, options = small(), TeacherOptions(itself=0.9, **options)
    return PoseModule(net, FieldLossOptions(), OptimOptions(), 10, Teacher([net], net.specs, options)).train()


@pytest.mark.parametrize("combine", ["mix", "max"])
def test_only_the_average_speaks_where_nothing_is_labelled(combine):
    alone = PoseModule(small(), FieldLossOptions(), OptimOptions(), 10).train()
    assert float(alone.losses(unlabelled())["loss"].detach()) == 0
    taught = module(combine=combine, ramp=0)
    batch = unlabelled()
    loss = taught.losses(batch)["loss"]
    loss.backward()
    assert float(loss.detach()) > 0
    assert all(p.grad is None for p in taught.mean.parameters())
    joined = taught.teacher.join(batch, batch["image"])
    with torch.no_grad():
        heat, _ = taught.mean(batch["image"])
    torch.testing.assert_close(joined["heat"], heat.clamp(0, 1))


def test_numbers_are_not_taught():
    with pytest.raises(OptionsError, match="labels alone"):
        Teacher([small()], RegressionCodec.outputs(skeletons.COCO17), TeacherOptions(itself=0.9))
    with pytest.raises(OptionsError, match="not both"):
        TeacherOptions(itself=0.9, weights=["other.safetensors"])


def test_its_influence_rises():
    """exp(-5 (1 - t)^2) of the loss after the ramp, with a share of one: targets are the same."""
    whole, young = module(ramp=0, share=1.0), module(ramp=100, share=1.0)
    full, faint = (float(m.losses(unlabelled())["loss"].detach()) for m in (whole, young))
    assert faint / full == pytest.approx(math.exp(-5), rel=1e-4)
    options = TeacherOptions(itself=0.9, ramp=100)
    assert [options.strength(n) for n in (50, 100, 1000)] == pytest.approx([math.exp(-1.25), 1, 1])


def test_the_average_follows_the_weights():
    """As the sum over all steps says it."""
    mean, net = small(), small()
    expected = {name: p.detach().double().clone() for name, p in mean.named_parameters()}
    generator = torch.Generator().manual_seed(2)
    for step in range(1, 30):
        with torch.no_grad():
            for name, p in net.named_parameters():
                p += 0.1 * torch.randn(p.shape, generator=generator)
                decay = min(0.7, (1 + step) / (10 + step))
                expected[name] = decay * expected[name] + (1 - decay) * p.double()
        follow(mean, net, step, 0.7)
    for name, p in mean.named_parameters():
        torch.testing.assert_close(p.detach().double(), expected[name], atol=1e-5, rtol=1e-5)


def test_the_average_is_kept_with_a_checkpoint_and_not_trained():
    taught = module()
    assert {name.removeprefix("mean.") for name in taught.state_dict() if name.startswith("mean.")} == set(
        small().state_dict()
    )
    taught.train()
    before = copy.deepcopy(taught.mean.state_dict())
    taught.losses(unlabelled())
    assert not taught.mean.training
    for name, values in taught.mean.state_dict().items():
        assert torch.equal(values, before[name]), name
