"""MobileNetV2 at stride 8 by dilation, or with a feature pyramid; and the trunk of MoveNet, which is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from bupose.errors import OptionsError
from bupose.nn.blocks import SameConv2d, conv_norm, init_kaiming
from bupose.nn.normalisation import NORMALISATIONS
from bupose.nn.trunk.base import Trunk
from bupose.nn.trunk.pyramid import Pyramid, separable
from bupose.options import check, option

# Expansion, channels, repeats, stride (Sandler et al. 2018, table 2), at width 1.
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
_LEVELS = (18, 13, 6, 3)  # last layer at strides 32, 16, 8, 4
_MOVENET_LEVELS = (18, 10, 6, 3)  # at stride 16 MoveNet takes the layer before the channels grow
_MOVENET_CONTEXT = (18, 13, 6)
_ANSWERS = {"center": 1, "kpt_heatmap": 17, "kpt_regress": 34}  # MoveNet's heads with their channels, COCO's joints
_FAR = 16.0  # cells: brings the distances of joints into the range of the features


@dataclass
class MobileNetV2Options:
    """Neck and width.

    ``neck``: "fpn" sums the native strides 8, 16, 32 into ``channels`` at stride 8 (or 4 by ``out_stride``); "dilated"
    keeps stride 8 by dilation and reduces to ``channels``. ``width`` multiplies every layer's channels. ``last``
    keeps the last 1x1 to 1280 channels.
    """

    neck: str = option("fpn", among=("dilated", "fpn"))
    width: float = option(1.0, 0.01, 4)
    channels: int = option(128, 1, 4096)
    out_stride: int = option(8, among=(4, 8))
    last: bool = option(True)
    normalisation: str = option("imagenet", among=NORMALISATIONS)

    def __post_init__(self) -> None:
        check(self, "trunk mobilenet_v2")
        if self.out_stride == 4 and self.neck != "fpn":
            raise OptionsError(f"trunk mobilenet_v2.out_stride is 4, but neck {self.neck!r} ends at 8; choose neck=fpn")


class MobileNetV2(Trunk):
    """MobileNetV2 with torchvision's parameter names, ``features.0`` to ``features.18``; ours follows as ``neck``."""

    Options = MobileNetV2Options
    ADDED = ("neck.",)

    def __init__(self, options: MobileNetV2Options):
        super().__init__(options)
        self.LEFT_OUT = ("classifier.",) if options.last else ("classifier.", "features.18.")
        dilated = options.neck == "dilated"
        widths = layer_widths(options.width)
        layers: list[nn.Module] = [conv_norm(3, widths[0], stride=2, activation=nn.ReLU6)]
        for number, (expansion, stride, dilation) in enumerate(layer_plan(8 if dilated else 32), start=1):
            layers.append(InvertedResidual(widths[number - 1], widths[number], expansion, stride, dilation))
        if options.last:
            widths.append(max(1280, round_width(1280 * options.width)))
            layers.append(conv_norm(widths[17], widths[18], 1, activation=nn.ReLU6))
        self.features = nn.Sequential(*layers)
        self.stride, self.multiple, self.channels = options.out_stride, 8 if dilated else 32, options.channels
        self.levels = tuple(min(n, len(layers) - 1) for n in _LEVELS[: 3 if options.out_stride == 8 else 4])
        self.neck: nn.Module
        if dilated:
            self.neck = conv_norm(widths[-1], options.channels, 1)
        else:
            self.neck = Pyramid([widths[n] for n in self.levels], [options.channels] * len(self.levels))
        init_kaiming(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, channels, H / stride, W / stride)."""
        if self.options.neck == "dilated":
            return self.neck(self.features(images))
        return self.neck(run_levels(self.features, images, self.levels))

    def centre(self, means: Mapping[str, Tensor]) -> set[str]:
        """As :func:`centre_blocks`."""
        readers: dict[int, dict[str, nn.Conv2d]] = {}
        for n, number in enumerate(self.levels if self.options.neck == "fpn" else ()):
            readers.setdefault(number, {})[f"neck.lateral.{n}"] = _convolution(self, f"neck.lateral.{n}")
        return centre_blocks(self.features, means, readers)


@dataclass
class MoveNetOptions:
    """``widths`` of the pyramid from coarse to fine (the last is the output's) and ``width`` of the layers; the
    defaults are MoveNet MultiPose's, and what its file fits. ``head_features`` adds to the features what MoveNet's own
    heads say in each cell: whether a person's centre is there, whether a joint is, and where that person's joints are.
    ``context`` adds a quarter so many channels, from a second pyramid of so many that ends at stride 8: the 24 channels
    of MoveNet's pass on only what its heads need, the layers below know more."""

    width: float = option(1.5, 0.01, 4)
    widths: tuple[int, int, int, int] = option((64, 32, 24, 24), 1, 4096)
    head_features: bool = option(False)
    context: int = option(0, 0, 4096)
    normalisation: str = option("tensorflow", among=NORMALISATIONS)

    def __post_init__(self) -> None:
        check(self, "trunk movenet")
        if self.context % 4:
            raise OptionsError(f"trunk movenet.context is {self.context}; give a multiple of 4")


class MoveNet(Trunk):
    """MoveNet's MobileNetV2 and pyramid, stride 4: TensorFlow's padding, no batch norm (its file has it folded).

    Layers are numbered as in :class:`MobileNetV2`: ``features.0`` to ``features.18``, then ``neck``.

    Notes
    -----
    Google, MoveNet MultiPose Lightning: the graph of the published TensorFlow model.
    """

    Options = MoveNetOptions
    ADDED = ("context.",)
    KEEP_FLOAT = ("features.0", "neck")
    stride = 4
    multiple = 32

    def __init__(self, options: MoveNetOptions):
        super().__init__(options)
        self.LEFT_OUT = () if options.head_features else ("head_features.",)
        widths = [*layer_widths(options.width), 1280]
        layers: list[nn.Module] = [nn.Sequential(SameConv2d(3, widths[0], 3, 2), nn.ReLU6(inplace=True))]
        for number, (expansion, stride, _) in enumerate(layer_plan(32), start=1):
            layers.append(InvertedResidual(widths[number - 1], widths[number], expansion, stride, folded=True))
        layers.append(nn.Sequential(nn.Conv2d(widths[17], widths[18], 1), nn.ReLU6(inplace=True)))
        self.features = nn.Sequential(*layers)
        self.neck = Pyramid([widths[n] for n in _MOVENET_LEVELS], options.widths, norm=False)
        self.channels = options.widths[-1]
        if options.head_features:
            self.head_features = nn.ModuleDict({name: _answer(self.channels, n) for name, n in _ANSWERS.items()})
            self.channels += sum(_ANSWERS.values())
        if options.context:
            levels = [widths[n] for n in _MOVENET_CONTEXT]
            self.context = Pyramid(levels, [options.context] * len(levels))
            self.channels += options.context // 4
        init_kaiming(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, channels, H/4, W/4)."""
        numbers = sorted({*_MOVENET_LEVELS, *_MOVENET_CONTEXT} if self.options.context else _MOVENET_LEVELS)
        levels = dict(zip(numbers, run_levels(self.features, images, tuple(numbers))))
        features = self.neck([levels[n] for n in _MOVENET_LEVELS])
        parts = [features]
        if self.options.head_features:
            said = {name: answer(features) for name, answer in self.head_features.items()}
            likely = [said[name].sigmoid() for name in ("center", "kpt_heatmap")]
            parts += [*likely, said["kpt_regress"] / _FAR]
        if self.options.context:
            parts.append(functional.pixel_shuffle(self.context([levels[n] for n in _MOVENET_CONTEXT]), 2))
        return torch.cat(parts, 1)

    def centre(self, means: Mapping[str, Tensor]) -> set[str]:
        """As :func:`centre_blocks`."""
        readers: dict[int, dict[str, nn.Conv2d]] = {}
        pyramids = {"neck": _MOVENET_LEVELS} | ({"context": _MOVENET_CONTEXT} if self.options.context else {})
        for pyramid, numbers in pyramids.items():
            for n, number in enumerate(numbers):
                name = f"{pyramid}.lateral.{n}"
                readers.setdefault(number, {})[name] = _convolution(self, name)
        return centre_blocks(self.features, means, readers)


@torch.no_grad()
def centre_blocks(
    blocks: nn.Sequential, means: Mapping[str, Tensor], readers: Mapping[int, Mapping[str, nn.Conv2d]]
) -> set[str]:
    """Take each channel's mean out of what the linear ends of blocks say, and give it to the biases of what reads it.

    Values then use the whole range of 8 bits: they are up to 14 with means of up to 12 in MoveNet.

    Parameters
    ----------
    blocks : nn.Sequential
        ``features`` of a fused MobileNetV2.
    means : mapping
        By a convolution's name in the trunk, of its input.
    readers : mapping of block number to further 1x1 convolutions, by name, that read its output

    Returns
    -------
    set of str
        The names of the readers.
    """
    centred: set[str] = set()
    inside: Tensor | None = None
    for number, block in enumerate(blocks):
        if not isinstance(block, InvertedResidual) or number + 1 == len(blocks):
            continue
        place = f"{number + 1}.conv.0.0" if number < 17 else f"{number + 1}.0"
        first, name = _convolution(blocks, place), f"features.{place}"
        if name not in means:
            inside = None
            continue
        mean = means[name]
        projection = [layer for layer in block.conv if isinstance(layer, nn.Conv2d)][-1]
        _shift(projection, inside - mean if block.adds and inside is not None else -mean)
        for reader, convolution in {name: first, **readers.get(number, {})}.items():
            _shift(convolution, convolution.weight[:, :, 0, 0] @ mean)
            centred.add(reader)
        inside = mean
    return centred


def _convolution(net: nn.Module, name: str) -> nn.Conv2d:
    found = net.get_submodule(name)
    if not isinstance(found, nn.Conv2d):
        raise TypeError(f"{name} is a {type(found).__name__}, not a convolution")
    return found


def _shift(convolution: nn.Conv2d, by: Tensor) -> None:
    if convolution.bias is None:
        raise TypeError("a folded convolution has a bias")
    convolution.bias += by


def _answer(channels_in: int, channels: int) -> nn.Sequential:
    """A head of MoveNet: parameters ``0.0`` (depth-wise), ``0.1`` and ``1``."""
    return nn.Sequential(separable(channels_in, 96, norm=False), nn.Conv2d(96, channels, 1))


class InvertedResidual(nn.Module):
    """1x1 to more channels, depth-wise 3x3, 1x1 back; added to the input where the shapes allow.

    Parameters are ``conv.0.0`` (expand, absent at expansion 1), ``conv.1.0`` (depth-wise), ``conv.2`` (project) and
    their batch norms ``conv.0.1``, ``conv.1.1``, ``conv.3``. Folded: biases instead of batch norms.
    """

    def __init__(
        self, channels_in: int, channels: int, expansion: int, stride: int, dilation: int = 1, *, folded: bool = False
    ):
        super().__init__()
        inner = channels_in * expansion
        self.adds = stride == 1 and channels_in == channels
        layers: list[nn.Module] = []
        if folded:
            if expansion > 1:
                layers.append(nn.Sequential(nn.Conv2d(channels_in, inner, 1), nn.ReLU6(inplace=True)))
            depthwise = SameConv2d(inner, inner, 3, stride, groups=inner)
            layers += [nn.Sequential(depthwise, nn.ReLU6(inplace=True)), nn.Conv2d(inner, channels, 1)]
        else:
            if expansion > 1:
                layers.append(conv_norm(channels_in, inner, 1, activation=nn.ReLU6))
            layers.append(conv_norm(inner, inner, stride=stride, dilation=dilation, groups=inner, activation=nn.ReLU6))
            layers.extend(conv_norm(inner, channels, 1, activation=None))
        self.conv = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """The block's output."""
        return features + self.conv(features) if self.adds else self.conv(features)


def round_width(width: float) -> int:
    """The multiple of 8 nearest to ``width``, one more step up where that loses over a tenth (the MobileNets' rule)."""
    rounded = max(8, int(width + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * width else rounded


def layer_widths(width: float) -> list[int]:
    """Channels of the layers 0 to 17."""
    return [round_width(32 * width)] + [round_width(c * width) for _, c, repeats, _ in _STAGES for _ in range(repeats)]


def layer_plan(stride: int) -> list[tuple[int, int, int]]:
    """Expansion, stride and dilation of the layers 1 to 17, the whole network ending at that stride."""
    plan, reached, dilation = [], 2, 1
    for expansion, _, repeats, step in _STAGES:
        for repeat in range(repeats):
            first_step = step if repeat == 0 else 1
            if first_step > 1 and reached == stride:
                plan.append((expansion, 1, dilation))  # sees what it would have seen; those after it dilate more
                dilation *= first_step
            else:
                reached *= first_step
                plan.append((expansion, first_step, dilation))
    return plan


def run_levels(layers: nn.Sequential, images: Tensor, levels: tuple[int, ...]) -> list[Tensor]:
    """The outputs of the layers with these numbers, in the order asked for."""
    outputs, features = {}, images
    for number, layer in enumerate(layers):
        features = layer(features)
        if number in levels:
            outputs[number] = features
    return [outputs[n] for n in levels]
