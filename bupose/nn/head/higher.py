"""HigherHRNet's head: maps at the trunk's resolution, and heatmaps again at twice of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from bupose.maps import MapSpec
from bupose.nn.blocks import init_kaiming, init_normal
from bupose.nn.head.base import Head
from bupose.nn.head.stages import Stage
from bupose.nn.trunk.resnet import BasicBlock
from bupose.options import check, option


@dataclass
class HigherOptions:
    """``width`` of the finer features (that of the trunk as published) and ``blocks`` of residual layers there;
    ``background`` adds a background channel."""

    width: int = option(32, 1, 4096)
    blocks: int = option(4, 0, 64)
    background: bool = option(False)

    def __post_init__(self) -> None:
        check(self, "head higher")


class HigherHead(Head):
    """A 1x1 convolution to every map; a transposed convolution of features and maps, residual blocks, and a 1x1 to the
    finer heatmaps.

    The first stage's maps are brought to the finer cells by bilinear interpolation, where HigherHRNet's evaluation has
    them, too; its training compares them at their own resolution.

    Notes
    -----
    Cheng et al. 2020, figure 2; HigherHRNet-Human-Pose-Estimation, lib/models/pose_higher_hrnet.py.
    """

    Options = HigherOptions
    stride_factor = 2

    def __init__(self, channels_in: int, specs: tuple[MapSpec, ...], options: HigherOptions):
        super().__init__(channels_in, specs, options)
        said, width = sum(self.widths.values()), options.width
        self.coarse = nn.Conv2d(channels_in, said, 1)
        self.deconv = nn.Sequential(
            nn.ConvTranspose2d(channels_in + said, width, 4, 2, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            *(BasicBlock(width, width) for _ in range(options.blocks)),
        )
        self.fine = nn.Conv2d(width, self.widths[specs[0].name], 1)
        init_kaiming(self.deconv)
        init_normal(self.coarse)
        init_normal(self.fine)

    def forward(self, features: Tensor) -> list[Stage]:
        """Two stages: every map, then the first map alone (heatmaps)."""
        said = self.coarse(features)
        fine = self.fine(self.deconv(torch.cat([features, said], 1)))
        said = functional.interpolate(said, scale_factor=2.0, mode="bilinear", align_corners=False)
        first = dict(zip(self.widths, said.split(list(self.widths.values()), 1), strict=True))
        return [first, {self.specs[0].name: fine}]
