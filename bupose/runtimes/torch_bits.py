"""Convolutions in 8 bits by torch itself, through oneDNN's, each with the activation after it.

What is known of activations comes from the network's file (``NetworkConfig.activations``), the rest from the weights.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bupose.nn.blocks import SameConv2d
from bupose.nn.model import PoseNet
from bupose.runtimes.eight_bits import HALF, LEVELS, STEPS, fit_range, round_weights, settle

_LOG = logging.getLogger(__name__)

Activation = tuple[str, list[float]]  # as oneDNN has it: its name, and its numbers
_NONE: Activation = ("none", [])
_ACTIVATIONS = {functional.relu: "relu", functional.hardswish: "hardswish", functional.hardtanh: "hardtanh"}


def quantise(net: PoseNet, activations: Mapping[str, Mapping[str, Any]], steps: int) -> int:
    """Let every convolution that has a range compute in 8 bits.

    From one to the next go bytes; all else, sums above all, gets floating point, which is not rounded.

    Parameters
    ----------
    net : PoseNet
        As :meth:`PoseNet.fuse` leaves it. It is changed.
    activations : mapping of name to ``range`` and ``mean``
        Of each convolution's input.
    steps : int
        Of weights, on either side of 0: :func:`find_steps`.

    Returns
    -------
    int
        How many convolutions they are.

    Notes
    -----
    As :func:`bupose.runtimes.openvino_bits.quantise`.
    """
    centred = net.centre({name: torch.tensor(known["mean"]) for name, known in activations.items()})
    settled, many = settle(activations, centred), 0
    for name, module in list(net.named_modules()):
        usual = type(module) in (nn.Conv2d, SameConv2d) and module.padding_mode == "zeros"
        if usual and name in settled and not isinstance(module.padding, str):
            place, _, last = name.rpartition(".")
            setattr(net.get_submodule(place), last, BytesConv2d(module, **settled[name], steps=steps))
            many += 1
    return many


def find_steps() -> int:
    """Of how many steps weights may be for this processor's sums of products of bytes to be right: a trial.

    Returns
    -------
    int
        :data:`STEPS`, :data:`HALF` where pairs of products overflow 16 bits, or 0: this torch cannot do it.
    """
    channels, side = 64, 8
    images = torch.full((1, channels, side, side), LEVELS - 1.0)
    for steps in (STEPS, HALF):
        conv = nn.Conv2d(channels, 16, 1, bias=False).requires_grad_(False)
        conv.weight.fill_(steps)
        wanted = (LEVELS - 1.0) * steps * channels
        try:
            trial = BytesConv2d(conv, [0.0, LEVELS - 1.0], [0.0] * channels, steps)
            found = trial(images)
            bytes_ = found.bytes(wanted / 100, 7)
            if bool((bytes_ == 107).all()) and torch.allclose(found.floats(), torch.tensor(wanted), rtol=1e-3):
                return steps
        except (
            AttributeError,
            RuntimeError,
        ) as problem:  # no such operation, with other arguments, or not for this CPU
            _LOG.info("torch %s has no 8 bits here: %s", torch.__version__, str(problem).split("\n")[0])
            return 0
    _LOG.info("torch %s adds up products of bytes wrongly here; 8 bits are left out", torch.__version__)
    return 0


class BytesConv2d(nn.Module):
    """A convolution with weights and input in 8 bits; its output waits until it is known what reads it.

    Parameters
    ----------
    conv : nn.Conv2d
    range, mean : sequence of float
        Of its input: both ends, and each channel's mean.
    steps : int
        As :func:`quantise`.
    """

    def __init__(self, conv: nn.Conv2d, range: Sequence[float], mean: Sequence[float], steps: int) -> None:
        super().__init__()
        least, largest = fit_range(*range)
        self._scale = (largest - least) / (LEVELS - 1)
        self._zero = round(-least / self._scale)
        rounded = round_weights(conv.weight.detach().float().numpy(), steps, np.asarray(mean, np.float32))
        shift = torch.from_numpy(rounded.shift)
        self._bias = shift if conv.bias is None else shift + conv.bias.detach().float()
        self._step, self._zeros = torch.from_numpy(rounded.step), torch.zeros(len(rounded.step), dtype=torch.int64)
        self._border: tuple[int, ...] = getattr(conv, "border", ())
        self._how = list(conv.stride), [int(pad) for pad in conv.padding], list(conv.dilation), conv.groups
        values = torch.from_numpy(rounded.values)
        self._weights = torch.ops.onednn.qconv_prepack(values, self._step, self._scale, self._zero, *self._how, None)

    def forward(self, features: Tensor) -> Convolved:
        """What it will give."""
        if isinstance(features, Convolved):
            given = features.bytes(self._scale, self._zero)
        else:
            given = _round(features, self._scale, self._zero)
        if any(self._border):
            given = functional.pad(given, self._border, value=self._zero)
        return Convolved(self, given)

    def compute(self, given: Tensor, activation: Activation, scale: float, zero: int, dtype: torch.dtype) -> Tensor:
        """The output of bytes, after an activation: floats, or bytes of this scale and zero."""
        source = given, self._scale, self._zero, self._weights, self._step, self._zeros, self._bias
        name, numbers = activation
        found: Tensor = torch.ops.onednn.qconv2d_pointwise(*source, *self._how, scale, zero, dtype, name, numbers, "")
        return found


class Convolved(Tensor):
    """What a convolution of bytes gives, computed when something reads it.

    The activation after it is taken into the convolution, the next convolution gets bytes, everything else floats.
    """

    _conv: BytesConv2d
    _given: Tensor
    _activation: Activation
    _bytes: tuple[Tensor, float, int] | None
    _floats: Tensor | None

    @staticmethod
    def __new__(cls, conv: BytesConv2d, given: Tensor, activation: Activation = _NONE) -> Convolved:
        self = Tensor._make_subclass(cls, torch.empty(0))
        self._conv, self._given, self._activation, self._bytes, self._floats = conv, given, activation, None, None
        return self

    def bytes(self, scale: float, zero: int) -> Tensor:
        """uint8, these steps from ``zero``."""
        if self._floats is not None:
            return _round(self._floats, scale, zero)
        if self._bytes is None or self._bytes[1:] != (scale, zero):
            found = self._conv.compute(self._given, self._activation, scale, zero, torch.uint8)
            self._bytes = found, scale, zero
        return self._bytes[0]

    def floats(self) -> Tensor:
        """float32."""
        if self._floats is None:
            self._floats = self._conv.compute(self._given, self._activation, 1.0, 0, torch.float32)
        return self._floats

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Activations are noted, all else is computed with floats."""
        kwargs = kwargs or {}
        first = args[0] if args else None
        if func in _ACTIVATIONS and isinstance(first, Convolved) and first._waits():
            numbers = [float(kwargs[end]) for end in ("min_val", "max_val") if end in kwargs]
            activation = _ACTIVATIONS[func], numbers
            if not kwargs.get("inplace"):
                return Convolved(first._conv, first._given, activation)
            first._activation = activation
            return first
        with torch._C.DisableTorchFunctionSubclass():
            return func(*_open(args), **{name: _open(value) for name, value in kwargs.items()})

    def _waits(self) -> bool:
        return self._activation == _NONE and self._bytes is None and self._floats is None


def _open(values: Any) -> Any:
    """The same with floats in place of what waits, also in lists."""
    if isinstance(values, Convolved):
        return values.floats()
    return type(values)(map(_open, values)) if type(values) in (list, tuple) else values


def _round(values: Tensor, scale: float, zero: int) -> Tensor:
    return (values * (1 / scale)).add_(zero + 0.5).clamp_(0, LEVELS - 1).to(torch.uint8)
