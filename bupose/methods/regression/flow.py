"""A learned density in the plane: a normalising flow, for training only."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

LAYERS, WIDTH = 6, 64  # as Li et al. 2021


class Flow(nn.Module):
    """RealNVP from the plane to a standard normal distribution: in each of its layers one coordinate is scaled and
    shifted by functions of the other.

    Notes
    -----
    Dinh et al. 2017, eqs. 7 and 8, with the layers of Li et al. 2021. A new flow is nearly the identity.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scales = nn.ModuleList(_function(bounded=True) for _ in range(LAYERS))
        self.shifts = nn.ModuleList(_function(bounded=False) for _ in range(LAYERS))

    def forward(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Normally distributed points, and the logarithm of the determinant of the map to them.

        Parameters
        ----------
        points : float tensor (N, 2)

        Returns
        -------
        float tensors (N, 2) and (N,)
        """
        logarithm = torch.zeros_like(points[:, 0])
        for n, (scales, shifts) in enumerate(zip(self.scales, self.shifts, strict=True)):
            kept = n % 2
            other = points[:, kept : kept + 1]
            scale = scales(other)
            moved = points[:, 1 - kept : 2 - kept] * scale.exp() + shifts(other)
            points = torch.cat([moved, other] if kept else [other, moved], 1)
            logarithm = logarithm + scale[:, 0]
        return points, logarithm

    def log_density(self, points: Tensor) -> Tensor:
        """float tensor (N,): logarithm of the density at points (N, 2)."""
        normal, logarithm = self(points)
        result: Tensor = logarithm - normal.square().sum(1) / 2 - math.log(2 * math.pi)
        return result


def _function(bounded: bool) -> nn.Sequential:
    """One number from another; in −1 to 1 if bounded."""
    layers: list[nn.Module] = [nn.Linear(1, WIDTH), nn.LeakyReLU(), nn.Linear(WIDTH, WIDTH), nn.LeakyReLU()]
    layers += [nn.Linear(WIDTH, 1), *[nn.Tanh()] * bounded]
    for layer in layers:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight, gain=0.01)
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)
