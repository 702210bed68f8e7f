"""Fusing for inference: batch norms and rearrangements are folded into convolutions."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

M = TypeVar("M", bound=nn.Module)


def fuse_batch_norm(module: M) -> M:
    """A copy in evaluation mode, with batch norms folded into the convolutions directly before them.

    Relies on our modules declaring each batch norm right after its convolution.
    """
    module = copy.deepcopy(module).eval()
    for parent in module.modules():
        before, before_name = None, ""
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d) and isinstance(before, nn.Conv2d | nn.ConvTranspose2d):
                fused = fuse_conv_bn_eval(before, child, transpose=isinstance(before, nn.ConvTranspose2d))
                setattr(parent, before_name, fused)
                setattr(parent, name, nn.Identity())
            before, before_name = child, name
    return module


@torch.no_grad()
def fold_into_stride(conv: nn.Conv2d, factor: int) -> nn.Conv2d:
    """One strided convolution equivalent to a pixel unshuffle by ``factor`` followed by a convolution (stride 1).

    Unshuffled channel (c, i, j) holds the pixels at row i and column j of each ``factor`` x ``factor`` square, so the
    weight of that channel at (ky, kx) is that of channel c at (ky * factor + i, kx * factor + j).
    """
    channels, (high, wide) = conv.in_channels // factor**2, conv.kernel_size
    above, left = (int(pad) for pad in conv.padding)
    size, padding = (high * factor, wide * factor), (above * factor, left * factor)
    made = nn.Conv2d(channels, conv.out_channels, size, factor, padding, bias=conv.bias is not None)
    split = conv.weight.reshape(conv.out_channels, channels, factor, factor, high, wide)
    made.weight.copy_(split.permute(0, 1, 4, 2, 5, 3).reshape(made.weight.shape))
    if conv.bias is not None and made.bias is not None:
        made.bias.copy_(conv.bias)
    return made
