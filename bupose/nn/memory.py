"""How a network's weights lie in memory."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)


def lay_out(net: M, order: torch.memory_format = torch.channels_last) -> M:
    """The same network, its weights in this order."""
    laid_out: M = net.to(memory_format=order)  # type: ignore[call-overload]  # torch declares no such argument
    return laid_out
