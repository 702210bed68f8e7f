"""The moving average of the weights, which is validated and saved."""

from __future__ import annotations

import torch
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor

from bupose.nn import PoseNet


class MovingAverage(WeightAveraging):
    """Exponential moving average of weights and statistics, with a warm-up.

    The decay at step n is min(decay, (1 + n) / (10 + n)), so that the random initialisation is forgotten quickly;
    Lightning's ``EMAWeightAveraging`` has a constant decay.

    Parameters
    ----------
    decay : float in (0, 1)
    """

    def __init__(self, decay: float):
        super().__init__(multi_avg_fn=lambda means, now, n: _step(means, now, min(decay, float((1 + n) / (10 + n)))))

    def averaged(self, net: PoseNet) -> PoseNet:
        """A copy of ``net`` with the averaged weights."""
        average = None if self._average_model is None else self._average_model.module.net
        return average if isinstance(average, type(net)) else net


@torch.no_grad()
def follow(mean: torch.nn.Module, now: torch.nn.Module, step: int, decay: float) -> None:
    """Move the weights and statistics of ``mean`` towards those of ``now``, as :class:`MovingAverage` does."""
    pairs = [*zip(mean.parameters(), now.parameters(), strict=True), *zip(mean.buffers(), now.buffers(), strict=True)]
    for kind in (True, False):
        chosen = [(a, b) for a, b in pairs if a.is_floating_point() == kind]
        if chosen:
            _step([a for a, _ in chosen], [b for _, b in chosen], min(decay, (1 + step) / (10 + step)))


def _step(means: list[Tensor], now: list[Tensor], decay: float) -> None:
    if means[0].is_floating_point():
        torch._foreach_lerp_(means, now, 1 - decay)
    else:  # batch norm's step counters
        torch._foreach_copy_(means, now)
