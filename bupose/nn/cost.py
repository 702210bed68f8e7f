"""The cost of a network: parameters and multiply-accumulate operations."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(module: nn.Module) -> int:
    """Number of trainable parameters, without batch norm statistics."""
    return sum(parameter.numel() for parameter in module.parameters())


def count_macs(module: nn.Module, height: int, width: int) -> int:
    """Multiply-accumulate operations of the convolutions for one picture, without computing anything.

    The module must be on the ``meta`` device: ``with torch.device("meta"): module = ...``.
    """
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        module(torch.empty(1, 3, height, width, device="meta"))
    return counter.get_total_flops() // 2
