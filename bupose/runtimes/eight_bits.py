"""The arithmetic of 8 bits, whatever graph it goes into: steps of activations, weights as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

LEVELS, STEPS = 256, 127  # of activations; of weights, on either side of 0
HALF = 64  # steps where sums of two products must fit into 16 bits: 2 * 255 * 64 < 2**15


class Bytes(NamedTuple):
    """Weights as bytes, int8 (O, I, kh, kw), times ``step``, float32 (O,); ``shift`` (O,) is to be added to the output.

    The shift takes back what rounding adds to the mean of a channel (Nagel et al. 2019, "Data-free quantization through
    weight equalization and bias correction", 4.2).
    """

    values: np.ndarray
    step: np.ndarray
    shift: np.ndarray


def fit_range(least: float, largest: float) -> tuple[float, float]:
    """The range widened to hold 0, and moved so that one of its levels is 0."""
    least, largest = min(least, 0.0), max(largest, 0.0)
    step = (largest - least) / (LEVELS - 1) or 1.0
    zero = round(-least / step)
    return -zero * step, (LEVELS - 1 - zero) * step


def round_weights(weights: np.ndarray, steps: int, mean: np.ndarray, least: np.ndarray | float = 0.0) -> Bytes:
    """Symmetric weights with a step for each output channel.

    Krishnamoorthi 2018, "Quantizing deep convolutional networks for efficient inference", 3.1.

    Parameters
    ----------
    weights : float32 array (O, I, kh, kw)
        Of a convolution in C / I groups.
    steps : int
        On either side of 0.
    mean : float32 array (C,)
        Of each channel of the input.
    least : float32 array (O,) or float
        No step is below.
    """
    step = np.maximum(np.maximum(np.abs(weights).max((1, 2, 3)), 1e-12) / steps, least).astype(np.float32)
    values = np.clip(np.round(weights / step[:, None, None, None]), -steps, steps)
    gaps = (values * step[:, None, None, None] - weights).sum((2, 3))  # (O, I)
    groups = len(mean) // weights.shape[1]
    shift = -np.einsum("goi,gi->go", gaps.reshape(groups, -1, gaps.shape[1]), mean.reshape(groups, -1)).ravel()
    return Bytes(values.astype(np.int8), step, shift.astype(np.float32))


def settle(activations: Mapping[str, Mapping[str, Any]], centred: set[str]) -> dict[str, dict[str, Any]]:
    """``NetworkConfig.activations`` of a graph in which the input of some convolutions has been centred."""
    return {
        name: {**known, "mean": [0.0] * len(known["mean"])} if name in centred else dict(known)
        for name, known in activations.items()
    }
