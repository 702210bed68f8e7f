"""What a network is to those who run it: NumPy pictures in, NumPy maps out, whatever computes them."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from bupose.maps import Grid
from bupose.nn.normalisation import Normalisation
from bupose.skeleton import Skeleton


class Network(Protocol):
    """What :class:`bupose.estimate.Estimator` needs of a network.

    ``multiple`` is what the input's sides must be multiples of, ``pad`` the RGB that stands for nothing, ``method``,
    ``target``, ``decoder``, ``preprocess`` and ``category`` what its file says of them. Called with uint8 pictures
    (B, H, W, 3), RGB, it gives the method's maps in their order, float32 (B, rows, …, h, w).
    """

    skeleton: Skeleton
    grid: Grid
    method: str
    multiple: int
    pad: tuple[int, int, int]
    decoder: dict[str, Any]
    preprocess: dict[str, Any]
    target: dict[str, Any]
    category: dict[str, Any]

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, ...]: ...


def pad_color(normalisation: Normalisation) -> tuple[int, int, int]:
    """RGB of a normalisation's mean: the colour a network takes for nothing."""
    first, green, last = (min(255, max(0, round(value))) for value in normalisation.mean)
    return (first, green, last) if normalisation.order == "rgb" else (last, green, first)
