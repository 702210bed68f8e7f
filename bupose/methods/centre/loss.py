"""How far centres, heatmaps and offsets are from what they should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from bupose.methods.loss import DenseLoss


class CentreLoss(DenseLoss):
    """Heatmaps and centres as any map; lengths by :func:`weighted_l1`."""

    def compare(self, error: Callable, name: str, output: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """The mean error of one map of one stage."""
        if not self.specs[name].lengths:
            return super().compare(error, name, output, batch)
        return weighted_l1(output, batch[name], batch[f"{name}_weight"])


def weighted_l1(output: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean absolute error over the numbers that are known, each times its weight; 0 where none is.

    Parameters
    ----------
    output : float tensor (B, C, h, w)
    target : float tensor (B, …, h, w), C maps
    weight : float tensor (B, N, h, w)
        For C / N neighbouring maps each; 0 where unknown.

    Notes
    -----
    Zhou et al. 2019 (CenterNet), eqs. 2 and 3; with a weight of 1 / the person's size as in Geng et al. 2021 (DEKR), so
    that an error counts by what it is to the person.
    """
    parts = weight.shape[1]
    error = (output - target.flatten(1, -3)).abs().unflatten(1, (parts, -1)).mean(2) * weight
    return error.sum() / (weight > 0).sum().clamp(min=1)
