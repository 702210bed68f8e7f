"""How far an exported network is from the one in torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bupose.infer.network import Network


class Difference(NamedTuple):
    """The largest and the mean absolute difference of fields (which go to about 1), over some pictures."""

    largest: float
    mean: float
    pictures: int

    def __str__(self) -> str:
        return (
            f"fields differ from torch by {self.largest:.2g} at most, {self.mean:.2g} on average, "
            f"over {self.pictures} pictures"
        )


def compare(network: Network, other: Network, pictures: Sequence[np.ndarray]) -> Difference:
    """Both networks on the same pictures, uint8 (B, H, W, 3) each."""
    largest, total, count = 0.0, 0.0, 0
    for images in pictures:
        for one, two in zip(network(images), other(images), strict=True):
            gap = np.abs(one - two)
            largest, total, count = max(largest, float(gap.max())), total + float(gap.sum()), count + gap.size
    return Difference(largest, total / max(count, 1), sum(len(images) for images in pictures))
