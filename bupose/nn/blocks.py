"""Building blocks of trunks and heads, and weight initialisation."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional


class SameConv2d(nn.Conv2d):
    """A convolution padded as TensorFlow's ``SAME``: an odd border cell comes last.

    The input's sides must be multiples of the stride; the model checks that for the whole network.
    """

    def __init__(self, channels_in: int, channels: int, kernel_size: int, stride: int = 1, **kwargs):
        super().__init__(channels_in, channels, kernel_size, stride, padding=0, **kwargs)
        total = max(self.dilation[0] * (kernel_size - 1) + 1 - stride, 0)
        self.border = (total // 2, total - total // 2) * 2

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Pad, then convolve."""
        if torch.onnx.is_in_onnx_export():
            numbers = (self.weight,) if self.bias is None else (self.weight, self.bias)
            return _SameConvOfOnnx.apply(features, self, *numbers)
        return self.convolve(features)

    def convolve(self, features: torch.Tensor) -> torch.Tensor:
        """The same, in torch's own operations; even borders need no padded copy, a twentieth of the time."""
        if self.border[0] != self.border[1]:
            return super().forward(functional.pad(features, self.border))
        numbers = features, self.weight, self.bias
        return functional.conv2d(*numbers, self.stride, self.border[::2], self.dilation, self.groups)


class _SameConvOfOnnx(torch.autograd.Function):
    """In ONNX a convolution pads by itself, also unevenly: ONNX Runtime takes a quarter less time for a network so."""

    @staticmethod
    def forward(ctx: Any, features: torch.Tensor, conv: SameConv2d, *numbers: torch.Tensor) -> torch.Tensor:
        return conv.convolve(features)

    @staticmethod
    def symbolic(graph: Any, features: Any, conv: SameConv2d, *numbers: Any) -> Any:
        left, right, top, bottom = conv.border
        return graph.op(
            "Conv", features, *numbers, dilations_i=conv.dilation, group_i=conv.groups, kernel_shape_i=conv.kernel_size,
            pads_i=(top, left, bottom, right), strides_i=conv.stride,
        )  # fmt: skip


def make_activation(activation: type[nn.Module], channels: int) -> nn.Module:
    """An in-place activation; a PReLU has one slope per channel, as in Caffe."""
    return nn.PReLU(channels) if activation is nn.PReLU else activation(inplace=True)


def conv(
    channels_in: int, channels: int, kernel: int = 3, *, activation: type[nn.Module] | None = nn.ReLU
) -> nn.Sequential:
    """Convolution with bias, then the activation; size kept. Parameters ``0.*`` (``1.weight`` of a PReLU)."""
    layers: list[nn.Module] = [nn.Conv2d(channels_in, channels, kernel, padding=kernel // 2)]
    if activation is not None:
        layers.append(make_activation(activation, channels))
    return nn.Sequential(*layers)


def conv_norm(
    channels_in: int,
    channels: int,
    kernel: int = 3,
    *,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    bias: bool = False,
    activation: type[nn.Module] | None = nn.ReLU,
) -> nn.Sequential:
    """Convolution, batch norm, activation; size divided by the stride. Parameters ``0.*`` and ``1.*``."""
    padding = dilation * (kernel // 2)
    layers: list[nn.Module] = [
        nn.Conv2d(channels_in, channels, kernel, stride, padding, dilation, groups, bias),
        nn.BatchNorm2d(channels),
    ]
    if activation is not None:
        layers.append(make_activation(activation, channels))
    return nn.Sequential(*layers)


def init_kaiming(module: nn.Module) -> None:
    """Initialise convolutions as in He et al. 2015 (fan in)."""
    for weight, bias in _convolutions(module):
        nn.init.kaiming_normal_(weight, nonlinearity="relu")
        bias.zero_()


def init_xavier(module: nn.Module) -> None:
    """Initialise convolutions like Caffe's ``xavier`` filler: uniform of variance 1 / fan in, biases 0."""
    for weight, bias in _convolutions(module):
        bound = math.sqrt(3 / weight[0].numel())
        nn.init.uniform_(weight, -bound, bound)
        bias.zero_()


def init_normal(module: nn.Module, std: float = 0.01) -> None:
    """Initialise convolutions from a normal distribution, biases 0."""
    for weight, bias in _convolutions(module):
        nn.init.normal_(weight, std=std)
        bias.zero_()


def _convolutions(module: nn.Module):
    """Weight and bias (an empty tensor if there is none) of every convolution in a module."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            yield part.weight.detach(), part.weight.new_empty(0) if part.bias is None else part.bias.detach()
