"""Weights packed in 8 or 12 bits, with one step per output channel."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from bupose.errors import WeightsError

LARGE = 50_000  # minimum size of packed tensors
PARTS = (".step", ".low")  # suffixes of a packed tensor: its steps, and the low 4 bits


def pack(tensors: Mapping[str, Tensor], bits: int = 8) -> dict[str, Tensor]:
    """Pack large convolutions as integers, other weights as float16, the rest unchanged.

    An output channel's largest weight is 127 steps in 8 bits, 2047 in 12, so the error is at most half a step. Small
    convolutions, such as a MobileNet's first ones, lose most and save least.

    Parameters
    ----------
    tensors : mapping of name to float tensor
    bits : 8 or 12

    Returns
    -------
    dict
        For a packed tensor int8 of its shape, and float32 ``.step`` (C, 1, 1, 1); with 12 bits the upper 8, and uint8
        ``.low`` with the lower 4 of two consecutive values per byte, the first in the low half.
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
    """The inverse of :func:`pack`, within half a step; other tensors are unchanged.

    Raises
    ------
    WeightsError
        The parts of a packed tensor are inconsistent.
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
