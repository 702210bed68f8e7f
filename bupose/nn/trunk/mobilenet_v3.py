"""MobileNetV3, small and large, with a feature pyramid: for phones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, nn

from bupose.nn.blocks import conv_norm, init_kaiming
from bupose.nn.normalisation import NORMALISATIONS
from bupose.nn.trunk.base import Trunk
from bupose.nn.trunk.mobilenet_v2 import round_width, run_levels
from bupose.nn.trunk.pyramid import Pyramid
from bupose.options import check, option

_EPS = 1e-3  # of batch norm, as the published weights were trained


class Layer(NamedTuple):
    """A block: kernel, channels inside, channels out, squeeze and excitation, hard swish (else ReLU), stride."""

    kernel: int
    inside: int
    out: int
    squeeze: bool
    swish: bool
    stride: int


class Plan(NamedTuple):
    """The blocks of a size, and the last layer at strides 32, 16, 8, 4."""

    layers: tuple[Layer, ...]
    levels: tuple[int, int, int, int]


_SIZES = {  # Howard et al. 2019, tables 1 and 2
    "large": Plan(
        tuple(
            Layer(*row)
            for row in [
                (3, 16, 16, False, False, 1),
                (3, 64, 24, False, False, 2),
                (3, 72, 24, False, False, 1),
                (5, 72, 40, True, False, 2),
                (5, 120, 40, True, False, 1),
                (5, 120, 40, True, False, 1),
                (3, 240, 80, False, True, 2),
                (3, 200, 80, False, True, 1),
                (3, 184, 80, False, True, 1),
                (3, 184, 80, False, True, 1),
                (3, 480, 112, True, True, 1),
                (3, 672, 112, True, True, 1),
                (5, 672, 160, True, True, 2),
                (5, 960, 160, True, True, 1),
                (5, 960, 160, True, True, 1),
            ]
        ),
        (16, 12, 6, 3),
    ),
    "small": Plan(
        tuple(
            Layer(*row)
            for row in [
                (3, 16, 16, True, False, 2),
                (3, 72, 24, False, False, 2),
                (3, 88, 24, False, False, 1),
                (5, 96, 40, True, True, 2),
                (5, 240, 40, True, True, 1),
                (5, 240, 40, True, True, 1),
                (5, 120, 48, True, True, 1),
                (5, 144, 48, True, True, 1),
                (5, 288, 96, True, True, 2),
                (5, 576, 96, True, True, 1),
                (5, 576, 96, True, True, 1),
            ]
        ),
        (12, 8, 3, 1),
    ),
}


@dataclass
class MobileNetV3Options:
    """``size`` small or large; the native strides 8, 16, 32 (and 4, by ``out_stride``) are summed into ``channels``."""

    size: str = option("large", among=_SIZES)
    channels: int = option(128, 1, 4096)
    out_stride: int = option(8, among=(4, 8))
    normalisation: str = option("imagenet", among=NORMALISATIONS)

    def __post_init__(self) -> None:
        check(self, "trunk mobilenet_v3")


class MobileNetV3(Trunk):
    """MobileNetV3 with torchvision's parameter names, ``features.0`` to ``features.16`` (small: 12); ours is ``neck``.

    Notes
    -----
    Howard et al. 2019.
    """

    Options = MobileNetV3Options
    ADDED = ("neck.",)
    LEFT_OUT = ("classifier.",)
    multiple = 32

    def __init__(self, options: MobileNetV3Options):
        super().__init__(options)
        plan = _SIZES[options.size]
        layers: list[nn.Module] = [conv_norm(3, 16, stride=2, activation=nn.Hardswish)]
        widths = [16]
        for layer in plan.layers:
            layers.append(InvertedResidual(widths[-1], layer))
            widths.append(layer.out)
        widths.append(6 * widths[-1])
        layers.append(conv_norm(widths[-2], widths[-1], 1, activation=nn.Hardswish))
        self.features = nn.Sequential(*layers)
        for part in self.features.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.eps = _EPS
        self.stride, self.channels = options.out_stride, options.channels
        self.levels = plan.levels[: 3 if options.out_stride == 8 else 4]
        self.neck = Pyramid([widths[n] for n in self.levels], [options.channels] * len(self.levels))
        init_kaiming(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, channels, H / stride, W / stride)."""
        return self.neck(run_levels(self.features, images, self.levels))


class InvertedResidual(nn.Module):
    """1x1 up, depth-wise, squeeze and excitation, 1x1 down; added to the input where shapes agree."""

    def __init__(self, channels_in: int, layer: Layer):
        super().__init__()
        activation = nn.Hardswish if layer.swish else nn.ReLU
        inside = layer.inside
        parts: list[nn.Module] = []
        if inside != channels_in:
            parts.append(conv_norm(channels_in, inside, 1, activation=activation))
        parts.append(conv_norm(inside, inside, layer.kernel, stride=layer.stride, groups=inside, activation=activation))
        if layer.squeeze:
            parts.append(SqueezeExcitation(inside, round_width(inside / 4)))
        parts.append(conv_norm(inside, layer.out, 1, activation=None))
        self.block = nn.Sequential(*parts)
        self.added = layer.stride == 1 and channels_in == layer.out

    def forward(self, features: Tensor) -> Tensor:
        """The block's output, or the residual sum."""
        inner: Tensor = self.block(features)
        return features + inner if self.added else inner


class SqueezeExcitation(nn.Module):
    """Channels weighed by two 1x1 convolutions of their means (Hu et al. 2018)."""

    def __init__(self, channels: int, squeezed: int):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """The weighed features."""
        inner = self.fc1(features.mean((2, 3), keepdim=True)).relu()
        return features * nn.functional.hardsigmoid(self.fc2(inner))
