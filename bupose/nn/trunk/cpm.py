"""The image features of convolutional pose machines: stride 8."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bupose.errors import OptionsError
from bupose.nn.blocks import conv_norm, init_kaiming
from bupose.nn.normalisation import NORMALISATIONS
from bupose.nn.trunk.base import Trunk
from bupose.options import check, option


@dataclass
class CPMTrunkOptions:
    """``channels`` of both branches together (256 as published), an even number."""

    channels: int = option(256, 2, 4096)
    normalisation: str = option("imagenet", among=NORMALISATIONS)

    def __post_init__(self) -> None:
        check(self, "trunk cpm")
        if self.channels % 2:
            raise OptionsError(f"trunk cpm.channels is {self.channels}; give an even number")


class CPMTrunk(Trunk):
    """Twice three 9x9 convolutions with a pooling after each: features of the first stage, then of the others.

    Notes
    -----
    Wei et al. 2016, figure 2, with batch norm: the first stage has image features of its own. The head ``cpm`` with
    ``split`` takes them apart.
    """

    Options = CPMTrunkOptions
    stride = 8
    multiple = 8

    def __init__(self, options: CPMTrunkOptions):
        super().__init__(options)
        self.channels = options.channels
        self.first = _branch(options.channels // 2)
        self.others = _branch(options.channels // 2)
        init_kaiming(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, channels, H/8, W/8)."""
        return torch.cat([self.first(images), self.others(images)], 1)


def _branch(width: int) -> nn.Sequential:
    layers = [part for n in (3, width, width) for part in (conv_norm(n, width, 9), nn.MaxPool2d(2))]
    return nn.Sequential(*layers)
