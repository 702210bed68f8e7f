"""Weights stored in 8 or 12 bits, a half or three quarters of 16, with one step for each output channel."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from bupose.errors import WeightsError

LARGE = 50_000  # numbers of a tensor from which on it is packed
PARTS = (".step", ".low")  # after a packed tensor's name: the size of its steps, and the low halves of bytes


def pack(tensors: Mapping[str, Tensor], bits: int = 8) -> dict[str, Tensor]:
    """The large convolutions as whole steps, other weights as float16, the rest as it is.

    An output channel's largest weight is 127 steps in 8 bits, 2047 in 12, so a weight is off by half a step at most.
    The small convolutions, a MobileNet's first ones above all, suffer most and save least.

    Parameters
    ----------
    tensors : mapping of name to float tensor
    bits : 8 or 12

    Returns
    -------
    dict
        Of a packed tensor int8 of its shape, and float32 ``.step`` (C, 1, 1, 1); of 12 bits the upper 8, and beside
        them uint8 ``.low``: the lower 4 of two numbers that follow each other in one byte, the first in its low half.
    """
    packed = {}
    for name, tensor in tensors.items():
        if tensor.ndim != 4 or tensor.numel() < LARGE:
            packed[name] = tensor.half() if tensor.ndim > 1 else tensor
            continue
        step = tensor.abs().amax((1, 2, 3), keepdim=True).float().clamp(min=1e-12) / (2 ** (bits - 1) - 1)
        steps = (tensor / step).round().to(torch.int16)
        if bits == 12:
            low = torch.nn.functional.pad((steps & 15).to(torch.uint8).flatten(), (0, tensor.numel() % 2))
            packed[name + ".low"] = low[::2] | low[1::2] << 4
            steps = steps >> 4
        packed[name], packed[name + ".step"] = steps.to(torch.int8), step
    return packed


def unpack(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of :func:`pack`, within half a step; tensors that are not packed stay as they are.

    Raises
    ------
    WeightsError
        The parts of a packed tensor do not fit it.
    """
    whole = {}
    for name, tensor in tensors.items():
        owner = tensors.get(name.rpartition(".")[0])
        if name.endswith(PARTS) and owner is not None and owner.dtype == torch.int8:
            continue
        step, low = (tensors.get(name + part) for part in PARTS)
        if step is not None and tensor.dtype == torch.int8:
            _check_parts(name, tensor, step, low)
            steps = tensor.float()
            if low is not None:
                halves = torch.stack([low & 15, low >> 4], 1).flatten()[: tensor.numel()]
                steps = steps * 16 + halves.reshape(tensor.shape)
            tensor = steps * step
        whole[name] = tensor
    return whole


def _check_parts(name: str, tensor: Tensor, step: Tensor, low: Tensor | None) -> None:
    fits = tensor.ndim == 4 and step.dtype == torch.float32 and step.shape == (len(tensor), 1, 1, 1)
    if low is not None:
        fits = fits and low.dtype == torch.uint8 and low.shape == (-(-tensor.numel() // 2),)
    if not fits:
        raise WeightsError(f"the parts of its packed tensor {name!r} do not fit one another")
