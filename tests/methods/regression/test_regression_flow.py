"""The flow is a density, and the loss the logarithm of one."""

import numpy as np
import pytest
import torch

from bupose.methods.regression.flow import Flow
from bupose.methods.regression.loss import RegressionLoss
from bupose.methods.regression.options import RegressionLossOptions


def wild(seed=0) -> Flow:
    """A flow far from the identity."""
    torch.manual_seed(seed)
    flow = Flow().double()
    for name, values in flow.named_parameters():
        torch.nn.init.normal_(values, std=0.2 if name.endswith("weight") else 0.1)
    return flow


def test_a_new_flow_is_the_normal_distribution():
    torch.manual_seed(0)
    points = torch.randn(100, 2)
    expected = torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2)).log_prob(points)
    torch.testing.assert_close(Flow().log_density(points), expected, atol=1e-3, rtol=1e-3)


def test_the_determinant_is_autograds():
    flow, points = wild(), torch.randn(20, 2, dtype=torch.float64)
    _, logarithm = flow(points)
    for point, one in zip(points, logarithm, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda p: flow(p[None])[0][0], point)
        assert float(one.detach()) == pytest.approx(float(torch.linalg.slogdet(jacobian)[1]), abs=1e-10)
    assert logarithm.abs().max() > 0.3


def test_the_flows_density_integrates_to_one():
    """Sums over a grid, of cells narrow beside its bends."""
    side = torch.linspace(-12, 12, 241, dtype=torch.float64)
    points = torch.cartesian_prod(side, side)
    with torch.no_grad():
        total = float(wild(1).log_density(points).exp().sum()) * float(side[1] - side[0]) ** 2
    assert total == pytest.approx(1, abs=1e-3)


def test_without_a_flow_the_loss_is_the_density_of_laplace():
    """Integrated numerically it is one, whatever the deviations; its mean absolute error is the deviation."""
    loss = RegressionLoss(RegressionLossOptions(flow=False), likelihood=True)
    deviation, step = torch.tensor([0.02, 0.05], dtype=torch.float64), 0.002
    x = torch.arange(-1, 1, step, dtype=torch.float64)
    error = torch.cartesian_prod(x, x)
    density = (-loss.surprise(error[None], deviation.expand(1, len(error), 2))).exp()[0]
    assert float(density.sum()) * step**2 == pytest.approx(1, abs=0.01)
    for axis in (0, 1):
        mean = float((density * error[:, axis].abs()).sum()) * step**2
        assert mean == pytest.approx(float(deviation[axis]), rel=0.02)


def test_with_a_flow_its_density_is_a_factor():
    loss = RegressionLoss(RegressionLossOptions(), likelihood=True)
    loss.flow = wild(2)
    rng = np.random.default_rng(0)
    error, deviation = rng.normal(0, 0.1, (2, 5, 2)), rng.uniform(0.02, 0.3, (2, 5, 2))
    relative = error / deviation
    laplace = np.exp(-np.abs(relative)) / (2 * deviation)
    with torch.no_grad():
        flows = loss.flow.log_density(torch.from_numpy(relative.reshape(-1, 2))).exp().numpy().reshape(2, 5)
        got = loss.surprise(torch.from_numpy(error), torch.from_numpy(deviation)).numpy()
    np.testing.assert_allclose(got, -np.log(laplace.prod(2) * flows), rtol=1e-9)


def test_a_flow_learns_a_bent_density():
    """Noise on a circle, whose radius no Laplace and no normal distribution has; checked on other points."""
    torch.manual_seed(0)

    def ring(count):
        angle, radius = 2 * torch.pi * torch.rand(count), 2 + 0.2 * torch.randn(count)
        return torch.stack([radius * angle.cos(), radius * angle.sin()], 1)

    flow, points = Flow(), ring(500)
    before = float(flow.log_density(ring(500)).mean().detach())
    optimizer = torch.optim.Adam(flow.parameters(), 5e-3)
    for _ in range(90):
        optimizer.zero_grad()
        (-flow.log_density(points).mean()).backward()
        optimizer.step()
    assert float(flow.log_density(ring(500)).mean().detach()) > before + 0.4
