"""Networks run by torch, on a processor or a GPU."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import torch

from bupose.errors import DependencyError, OptionsError
from bupose.nn.memory import lay_out
from bupose.nn.model import PoseNet
from bupose.options import choose
from bupose.paths import cache_home
from bupose.runtimes.network import pad_color
from bupose.runtimes.torch_bits import quantise
from bupose.wording import counted

# Auto is what loses nothing: in bfloat16 the shipped network has 54.1 AP instead of 54.5, and whether it is faster
# the processor's flags do not tell (127 to 73 ms a picture on one, 145 to 161 on another).
_PRECISIONS = {
    "auto": torch.float32,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}

# A forked process has a pool of OpenMP threads on its books, but not the threads, and would wait for them for ever.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


class TorchNetwork:
    """A :class:`PoseNet`, batch norms folded, on a device.

    Parameters
    ----------
    net : PoseNet
    device : str
        auto (a GPU if there is one), cpu, cuda, cuda:N or mps.
    precision : "float32", "bfloat16", "float16" or "auto"
        Of weights and activations. Auto is float32.
    channels_last : bool
        Memory order of activations; faster on most devices.
    compile : bool
        Use ``torch.compile``, once for a machine and a size.
    threads : int, optional
        Of all that torch does in this process; by default what it is.
    steps : int
        Of weights in 8 bits (:func:`bupose.runtimes.torch_bits.find_steps`), on a processor; 0 does without 8 bits.

    Raises
    ------
    OptionsError
        No such device or precision.
    """

    def __init__(
        self,
        net: PoseNet,
        device: str = "auto",
        precision: str = "float32",
        channels_last: bool = True,
        compile: bool = False,
        threads: int | None = None,
        steps: int = 0,
    ) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        choose(precision, _PRECISIONS, "precision")
        self.skeleton, self.grid, self.multiple = net.skeleton, net.grid, net.multiple
        self.method = net.config.method
        self.decoder, self.preprocess = dict(net.config.decoder), dict(net.config.preprocess)
        self.target, self.category = dict(net.config.target), dict(net.config.category)
        self.pad = pad_color(net.normalisation)
        self.device, self.compiled = choose_device(device), compile
        self.how = f"torch {'in 8 bits ' if steps else ''}on {self.device}"
        order = torch.channels_last if channels_last else torch.contiguous_format
        self._order = order
        if precision == "bfloat16" and not has_fast_bfloat16(self.device):
            warnings.warn(f"this {self.device} only emulates bfloat16, which is slow; use float32", stacklevel=2)
        fused = net.fuse()
        if steps:
            quantise(fused, net.config.activations, steps)
        fused = lay_out(fused.to(self.device, _PRECISIONS[precision]), order)
        self._net: Callable[[torch.Tensor], tuple[torch.Tensor, ...]] = _compile(fused) if compile else fused

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        """Maps of uint8 pictures (B, H, W, 3), RGB, float32 (B, rows, …, h, w)."""
        pixels = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(memory_format=self._order)
        with torch.inference_mode():
            try:
                maps = self._net(pixels.to(self.device))
            except torch.OutOfMemoryError:
                many, height, width = images.shape[:3]
                raise OptionsError(
                    f"{counted(many, 'picture')} of {width}x{height} px: too many for the memory of {self.device}; "
                    "use a smaller batch, height or longest"
                ) from None
            except Exception as problem:
                if self.compiled and type(problem).__module__.startswith("torch._"):
                    raise DependencyError(
                        f"torch.compile does not work here ({_first_line(problem)}); do without"
                    ) from None
                raise
            return tuple(one.contiguous().cpu().numpy() for one in maps)


def _compile(net: PoseNet) -> Callable[[torch.Tensor], tuple[torch.Tensor, ...]]:
    """Compiled at its first pictures, and kept in the cache folder, not in the temporary one as torch would."""
    with suppress(OSError):
        folder = cache_home() / "inductor"
        folder.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder))
    compiled: Callable[[torch.Tensor], tuple[torch.Tensor, ...]] = torch.compile(net)
    return compiled


def choose_device(name: str) -> torch.device:
    """The device of a name; ``auto`` is a GPU if there is one.

    Raises
    ------
    OptionsError
        This machine, or this torch, has no such device.
    """
    found = ["cpu"]
    if torch.cuda.is_available():
        found = [*(f"cuda:{n}" for n in range(torch.cuda.device_count())), "cuda", *found]
    if torch.backends.mps.is_available():
        found = ["mps", *found]
    if name == "auto":
        return torch.device(found[0])
    if name not in found:
        raise OptionsError(f"device {name!r} is not here; choose auto or one of {', '.join(found)}")
    return torch.device(name)


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether a device has instructions of its own for bfloat16; others only emulate it."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    known = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")  # torch tells under these names only
    return device.type == "cpu" and any(getattr(torch.cpu, name, bool)() for name in known)


def _first_line(problem: Exception) -> str:
    return str(problem).strip().split("\n")[0][:200]
