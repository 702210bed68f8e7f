"""The stem of the stacked hourglass network: stride 4."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from bupose.errors import OptionsError
from bupose.nn.blocks import init_kaiming
from bupose.nn.normalisation import NORMALISATIONS
from bupose.nn.trunk.base import Trunk
from bupose.options import check, option


@dataclass
class HourglassStemOptions:
    """``channels`` of the features (256 as published), an even number."""

    channels: int = option(256, 4, 4096)
    normalisation: str = option("imagenet", among=NORMALISATIONS)

    def __post_init__(self) -> None:
        check(self, "trunk hourglass")
        if self.channels % 4:
            raise OptionsError(f"trunk hourglass.channels is {self.channels}; give a multiple of 4")


class HourglassStem(Trunk):
    """A 7x7 convolution and three residual blocks; the hourglasses themselves are the head ``hourglass``.

    Notes
    -----
    Newell et al. 2016.
    """

    Options = HourglassStemOptions
    stride = 4
    multiple = 4

    def __init__(self, options: HourglassStemOptions):
        super().__init__(options)
        self.channels = options.channels
        quarter, half = options.channels // 4, options.channels // 2
        self.conv1 = nn.Conv2d(3, quarter, 7, 2, 3)
        self.bn1 = nn.BatchNorm2d(quarter)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = PreResidual(quarter, half)
        self.pool = nn.MaxPool2d(2)
        self.layer2 = PreResidual(half, half)
        self.layer3 = PreResidual(half, options.channels)
        init_kaiming(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, channels, H/4, W/4)."""
        features = self.layer1(self.relu(self.bn1(self.conv1(images))))
        return self.layer3(self.layer2(self.pool(features)))


class PreResidual(nn.Module):
    """1x1 to half the channels, 3x3, 1x1, each after batch norm and ReLU, added to the input.

    Notes
    -----
    He et al. 2016 (identity mappings), as Newell et al. 2016 use it.
    """

    def __init__(self, channels_in: int, channels: int):
        super().__init__()
        half = channels // 2
        self.bn1 = nn.BatchNorm2d(channels_in)
        self.conv1 = nn.Conv2d(channels_in, half, 1)
        self.bn2 = nn.BatchNorm2d(half)
        self.conv2 = nn.Conv2d(half, half, 3, padding=1)
        self.bn3 = nn.BatchNorm2d(half)
        self.conv3 = nn.Conv2d(half, channels, 1)
        self.skip = nn.Identity() if channels_in == channels else nn.Conv2d(channels_in, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """The residual sum."""
        inner = self.conv1(self.bn1(features).relu())
        inner = self.conv2(self.bn2(inner).relu())
        return self.conv3(self.bn3(inner).relu()) + self.skip(features)
