"""Weights stored in 8 bits: half the size of 16, with one step for each output channel."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

LARGE = 50_000  # numbers of a tensor from which on it is packed
_STEP = ".step"  # after a packed tensor's name: the size of its steps


def pack(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The large convolutions as int8 and a float32 ``.step`` each, other weights as float16, the rest as it is.

    An output channel's largest weight is 127 steps, so a weight is off by half a step at most. The small convolutions,
    a MobileNet's first ones above all, suffer most and save least.
    """
    packed = {}
    for name, tensor in tensors.items():
        if tensor.ndim == 4 and tensor.numel() >= LARGE:
            step = tensor.abs().amax((1, 2, 3), keepdim=True).float().clamp(min=1e-12) / 127
            packed[name], packed[name + _STEP] = (tensor / step).round().to(torch.int8), step
        else:
            packed[name] = tensor.half() if tensor.ndim > 1 else tensor
    return packed


def unpack(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of :func:`pack`, within half a step; tensors that are not packed stay as they are."""
    steps = {name.removesuffix(_STEP): step for name, step in tensors.items() if name.endswith(_STEP)}
    return {
        name: tensor * steps[name] if name in steps and tensor.dtype == torch.int8 else tensor
        for name, tensor in tensors.items()
        if name.removesuffix(_STEP) not in steps or not name.endswith(_STEP)
    }
