"""How far an exported network is from the one in torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bupose.runtimes.network import Network
from bupose.wording import counted


class Difference(NamedTuple):
    """The largest and the mean absolute difference of fields over some pictures; ``range`` is their own largest."""

    largest: float
    mean: float
    range: float
    pictures: int

    def __str__(self) -> str:
        return (
            f"fields differ from torch by {self.largest:.2g} at most, {self.mean:.2g} on average "
            f"(their range is {self.range:.2g}; {counted(self.pictures, 'picture')})"
        )


def compare(true: Network, other: Network, pictures: Sequence[np.ndarray]) -> Difference:
    """Both networks on the same pictures, uint8 (B, H, W, 3) each."""
    largest, total, count, reach = 0.0, 0.0, 0, 0.0
    for images in pictures:
        for one, two in zip(true(images), other(images), strict=True):
            gap = np.abs(one - two)
            largest, reach = np.maximum((largest, reach), (gap.max(), np.abs(one).max()))  # NaN stays NaN
            total, count = total + float(gap.sum()), count + gap.size
    return Difference(float(largest), total / max(count, 1), float(reach), sum(len(images) for images in pictures))
