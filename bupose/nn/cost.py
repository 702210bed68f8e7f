"""The cost of a network: parameters, multiply-accumulate operations, and memory."""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry


def count_parameters(module: nn.Module) -> int:
    """Number of trainable parameters, without batch norm statistics."""
    return sum(parameter.numel() for parameter in module.parameters())


def count_macs(module: nn.Module, height: int, width: int) -> int:
    """Multiply-accumulate operations of the convolutions for one picture, without computing anything.

    The module must be on the ``meta`` device: ``with torch.device("meta"): module = ...``.
    """
    with torch.no_grad(), MacCounter() as counter:
        module(torch.empty(1, 3, height, width, device="meta"))
    return counter.macs


def count_memory(module: nn.Module, height: int, width: int) -> int:
    """Bytes of all activations of a picture that exist at once, at most, without computing anything.

    What is freed counts as free at once; allocators may take more. The module must be on the ``meta`` device.
    """
    watch = _Watch()
    with torch.no_grad(), watch:
        module(torch.empty(1, 3, height, width, device="meta"))
    return watch.most


class MacCounter(TorchDispatchMode):
    """Counts the multiply-accumulate operations of what runs inside of it, by torch's formulas, as ``macs``.

    Without the names of modules and the parts of operations that ``FlopCounterMode`` looks at, in half its time.
    """

    macs = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if (count := flop_registry.get(func._overloadpacket)) is not None:
            self.macs += count(*args, **(kwargs or {}), out_val=out) // 2
        return out


class _Watch(TorchDispatchMode):
    """Counts the bytes of the tensors that operations make, until they are freed."""

    def __init__(self) -> None:
        super().__init__()
        self.most = self._now = 0
        self._seen: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor):
                self._add(tensor.untyped_storage())
        return out

    def _add(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key not in self._seen:  # else a view, or changed in place
            self._seen.add(key)
            self._now += size
            self.most = max(self.most, self._now)
            weakref.finalize(storage, self._free, key, size)

    def _free(self, key: int, size: int) -> None:
        self._seen.discard(key)
        self._now -= size
