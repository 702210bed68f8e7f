"""ResNet at stride 8 by dilation, with a feature pyramid or transposed convolutions, or its levels as they are."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from bupose.errors import OptionsError
from bupose.nn.blocks import conv_norm, init_kaiming
from bupose.nn.normalisation import NORMALISATIONS
from bupose.nn.trunk.base import Trunk
from bupose.nn.trunk.pyramid import Pyramid
from bupose.options import check, option


class BasicBlock(nn.Module):
    """Two 3x3 convolutions added to the input. The one that strides (or would) keeps the dilation before it."""

    EXPANSION = 1

    def __init__(self, channels_in: int, width: int, stride: int = 1, dilations: tuple[int, int] = (1, 1)):
        super().__init__()
        first, second = dilations
        self.conv1 = nn.Conv2d(channels_in, width, 3, stride, first, first, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, 1, second, second, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _shortcut(channels_in, width, stride)

    def forward(self, features: Tensor) -> Tensor:
        """The residual sum."""
        inner = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(features)))))
        return self.relu(inner + (features if self.downsample is None else self.downsample(features)))


class Bottleneck(nn.Module):
    """1x1, 3x3 (which strides), 1x1 to four times the width, added to the input."""

    EXPANSION = 4

    def __init__(self, channels_in: int, width: int, stride: int = 1, dilations: tuple[int, int] = (1, 1)):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, dilations[0], dilations[0], bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(channels_in, 4 * width, stride)

    def forward(self, features: Tensor) -> Tensor:
        """The residual sum."""
        inner = self.relu(self.bn1(self.conv1(features)))
        inner = self.bn3(self.conv3(self.relu(self.bn2(self.conv2(inner)))))
        return self.relu(inner + (features if self.downsample is None else self.downsample(features)))


def _shortcut(channels_in: int, channels: int, stride: int) -> nn.Sequential | None:
    if stride == 1 and channels_in == channels:
        return None
    return conv_norm(channels_in, channels, 1, stride=stride, activation=None)


_DEPTHS: dict[int, tuple[type[BasicBlock | Bottleneck], tuple[int, ...]]] = {
    18: (BasicBlock, (2, 2, 2, 2)),
    50: (Bottleneck, (3, 4, 6, 3)),
    101: (Bottleneck, (3, 4, 23, 3)),
    152: (Bottleneck, (3, 8, 36, 3)),
}


@dataclass
class ResNetOptions:
    """``depth`` 18, 50, 101 or 152, and what follows.

    ``neck``: "fpn" sums the native strides 8, 16, 32 into ``channels`` at stride 8 (or 4 by ``out_stride``);
    "dilated" keeps stride 8 by dilation and reduces to ``channels``; "deconv" goes up from stride 32 to
    ``out_stride``, also 16, by transposed convolutions of ``channels`` (Simple Baselines: 256 channels, stride 4);
    "levels" gives the strides 4, 8, 16, 32 to a head that reads them (``cpn``), "none" the features of stride 32.
    ``width`` multiplies every layer's channels.
    """

    depth: int = option(18, among=_DEPTHS)
    neck: str = option("fpn", among=("dilated", "fpn", "deconv", "levels", "none"))
    width: float = option(1.0, 0.02, 4)
    channels: int = option(128, 1, 4096)
    out_stride: int = option(8, among=(4, 8, 16))
    normalisation: str = option("imagenet", among=NORMALISATIONS)

    def __post_init__(self) -> None:
        check(self, "trunk resnet")
        if self.out_stride == 16 and self.neck != "deconv":
            raise OptionsError(f"trunk resnet.out_stride is 16, but neck {self.neck!r} is finer; choose neck=deconv")
        if self.out_stride == 4 and self.neck == "dilated":
            raise OptionsError("trunk resnet.out_stride is 4, but neck 'dilated' ends at 8; choose neck=fpn or deconv")


class ResNet(Trunk):
    """ResNet with torchvision's parameter names; ours follow as ``neck``, or ``deconv_layers`` as in Simple Baselines.

    Notes
    -----
    He et al. 2015, with the stride in a bottleneck's 3x3 as torchvision has it; Xiao et al. 2018 for "deconv".
    """

    Options = ResNetOptions
    ADDED = ("neck.", "deconv_layers.")
    LEFT_OUT = ("fc.",)

    def __init__(self, options: ResNetOptions):
        super().__init__(options)
        block, repeats = _DEPTHS[options.depth]
        base = max(1, round(64 * options.width))
        self.conv1 = nn.Conv2d(3, base, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(base)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        dilated = options.neck == "dilated"
        widths = [base] + [base * 2**n * block.EXPANSION for n in range(4)]
        self.layer1 = _layer(block, widths[0], base, repeats[0], 1)
        self.layer2 = _layer(block, widths[1], 2 * base, repeats[1], 2)
        self.layer3 = _layer(block, widths[2], 4 * base, repeats[2], 1 if dilated else 2, (1, 2) if dilated else (1, 1))
        self.layer4 = _layer(block, widths[3], 8 * base, repeats[3], 1 if dilated else 2, (2, 4) if dilated else (1, 1))
        self.stride, self.multiple, self.channels = options.out_stride, 8 if dilated else 32, options.channels
        self.neck: nn.Module
        if options.neck == "levels":
            self.stride, self.channels, self.level_channels = 4, widths[1], tuple(widths[1:])
        elif options.neck == "none":
            self.stride, self.channels = 32, widths[4]
        elif dilated:
            self.neck = conv_norm(widths[4], options.channels, 1)
        elif options.neck == "deconv":
            self.deconv_layers = transposed(widths[4], options.channels, {16: 1, 8: 2, 4: 3}[options.out_stride])
        else:
            levels = widths[:1:-1] if options.out_stride == 8 else widths[:0:-1]
            self.neck = Pyramid(levels, [options.channels] * len(levels))
        init_kaiming(self)

    def forward(self, images: Tensor) -> Tensor | list[Tensor]:
        """(B, 3, H, W) -> (B, channels, H / stride, W / stride); a list of them, finest first, with neck "levels"."""
        features = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        levels = []
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            features = layer(features)
            levels.append(features)
        if self.options.neck == "levels":
            return levels
        if self.options.neck == "none":
            return features
        if self.options.neck == "dilated":
            return self.neck(features)
        if self.options.neck == "deconv":
            return self.deconv_layers(features)
        return self.neck(levels[::-1][: 3 if self.stride == 8 else 4])


def _layer(
    block: type[BasicBlock | Bottleneck],
    channels_in: int,
    width: int,
    repeats: int,
    stride: int,
    dilations: tuple[int, int] = (1, 1),
) -> nn.Sequential:
    """Blocks of one resolution; ``dilations`` are those before and after the stride that a dilation replaces."""
    before, after = dilations
    blocks = [block(channels_in, width, stride, (before, after))]
    blocks += [block(width * block.EXPANSION, width, 1, (after, after)) for _ in range(repeats - 1)]
    return nn.Sequential(*blocks)


def transposed(channels_in: int, channels: int, count: int) -> nn.Sequential:
    """Transposed 4x4 convolutions of stride 2, each with batch norm and ReLU: ``0``, ``1``, ``3``, ``4``, …"""
    layers: list[nn.Module] = []
    for before in [channels_in, *[channels] * count][:count]:
        layers += [
            nn.ConvTranspose2d(before, channels, 4, 2, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)
