"""The loss of regressed joints: their likelihood, or squared errors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from bupose.methods.regression.flow import Flow
from bupose.methods.regression.options import RegressionLossOptions

_LEAST = 1e-4  # deviation, as a share of the picture's sides


class RegressionLoss(nn.Module):
    """The loss of all stages of a network that regresses joints.

    Parameters
    ----------
    options : RegressionLossOptions
    likelihood : bool
        Whether the network says deviations.

    Notes
    -----
    Residual log-likelihood, Li et al. 2021, eq. 9: the density of errors in units of the predicted deviation σ is a
    Laplace distribution times a flow's, whose normalising factor is left out. The authors' code counts the flow and
    log σ twice.
    """

    def __init__(self, options: RegressionLossOptions, likelihood: bool):
        super().__init__()
        self.likelihood = likelihood
        self.flow = Flow() if likelihood and options.flow else None

    def forward(self, stages: Sequence[Mapping[str, Tensor]], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Scalars by name: ``place_1``, … of the stages, means over the known joints, and ``loss``, their sum.

        Parameters
        ----------
        stages : sequence of dicts of float tensors
            ``offset`` (B, 2 K, h, w), cells; with ``likelihood`` also ``sure`` (B, 2 K, h, w), 1 − σ.
        batch : dict
            ``place`` (B, K, 3): x, y in cells, and 1 where known.
        """
        losses = {}
        for number, stage in enumerate(stages, start=1):
            error, known = errors(stage["offset"].float(), batch["place"])
            if self.likelihood:
                sure = stage["sure"].float().unflatten(1, (-1, 2)).mean((3, 4))
                value = self.surprise(error, (1 - sure).clamp(min=_LEAST))
            else:
                value = error.square().sum(2)
            losses[f"place_{number}"] = (value * known).sum() / known.sum().clamp(min=1)
        return losses | {"loss": torch.stack(list(losses.values())).sum()}

    def surprise(self, error: Tensor, deviation: Tensor) -> Tensor:
        """float tensor (B, K): minus the logarithm of the density of errors (B, K, 2) with deviations (B, K, 2)."""
        relative = error / deviation
        value: Tensor = (deviation.log() + relative.abs() + math.log(2)).sum(2)
        if self.flow is not None:
            value = value - self.flow.log_density(relative.reshape(-1, 2)).view_as(value)
        return value


def errors(offset: Tensor, place: Tensor) -> tuple[Tensor, Tensor]:
    """float tensors (B, K, 2): error of each joint along x and y, as a share of the map's sides; (B, K): 1 where known.

    ``offset`` is (B, 2 K, h, w), cells: what each cell says; their mean counts. ``place`` is (B, K, 3), see
    :class:`RegressionLoss`.
    """
    h, w = offset.shape[2:]
    middle = offset.new_tensor([(w - 1) / 2, (h - 1) / 2])  # the mean of the cells themselves
    said = offset.unflatten(1, (-1, 2)).mean((3, 4)) + middle
    return (said - place[..., :2]) / offset.new_tensor([w, h]), place[..., 2]
