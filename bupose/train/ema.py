"""The moving average of the weights, which is what is measured and written."""

from __future__ import annotations

import torch
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor

from bupose.nn import PoseNet


class MovingAverage(WeightAveraging):
    """Exponential moving average of weights and statistics, short in the beginning.

    Step n counts min(decay, (1 + n) / (10 + n)) of the average so far, so that the network's random start is
    forgotten soon; Lightning's own ``EMAWeightAveraging`` has one decay for all steps.

    Parameters
    ----------
    decay : float in (0, 1)
    """

    def __init__(self, decay: float):
        super().__init__(multi_avg_fn=lambda means, now, n: _step(means, now, min(decay, float((1 + n) / (10 + n)))))

    def averaged(self, net: PoseNet) -> PoseNet:
        """The averaged network while ``net`` learns."""
        return net if self._average_model is None else self._average_model.module.net


def _step(means: list[Tensor], now: list[Tensor], decay: float) -> None:
    if means[0].is_floating_point():
        torch._foreach_lerp_(means, now, 1 - decay)
    else:  # batch norm's step counters
        torch._foreach_copy_(means, now)
