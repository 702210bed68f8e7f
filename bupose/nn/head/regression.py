"""Regression: one position for each joint from the whole picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bupose.errors import OptionsError
from bupose.maps import MapSpec
from bupose.nn.head.base import Head
from bupose.nn.head.stages import Stage


@dataclass
class RegressionOptions:
    """No options."""


class RegressionHead(Head):
    """The mean of the features, and a linear layer to x and y of each joint, as shares of the picture's sides; and, for
    a likelihood, to their deviations, through a sigmoid. Cells differ only in how far the place is from them.

    Notes
    -----
    Li et al. 2021; without deviations the network of DeepPose with a trunk of today.
    """

    Options = RegressionOptions

    def __init__(self, channels_in: int, specs: tuple[MapSpec, ...], options: RegressionOptions):
        super().__init__(channels_in, specs, options)
        if not set(self.widths) <= {"offset", "sure"}:
            raise OptionsError("head 'regression' says places, not maps; choose method=regression, or another head")
        self.output = nn.Linear(channels_in, sum(self.widths.values()))
        nn.init.normal_(self.output.weight, std=0.01)
        nn.init.zeros_(self.output.bias)

    def forward(self, features: Tensor) -> list[Stage]:
        """One stage."""
        # Products and sums, not a matrix product, stay in float32 where half precision would be coarser than a joint.
        pooled = features.float().mean((2, 3))
        said = (pooled[:, None] * self.output.weight.float()).sum(2) + self.output.bias.float()
        ones = torch.ones_like(features[:1, :1], dtype=torch.float32)
        shares = said[:, : self.widths["offset"], None, None].unflatten(1, (-1, 2)) + 0.5
        from_cells = []
        for n, axis in ((0, 3), (1, 2)):
            edge = ones.cumsum(axis)  # each cell's far side; the last one's is the length of the map
            from_cells.append(shares[:, :, n] * edge.amax(axis, keepdim=True) - (edge - 0.5))
        stage = {"offset": torch.stack(from_cells, 2).flatten(1, 2)}
        if "sure" in self.widths:
            stage["sure"] = torch.sigmoid(-said[:, self.widths["offset"] :, None, None]) * ones
        return [stage]
