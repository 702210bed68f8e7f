"""The loss of centres, heatmaps and offsets."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from bupose.methods.loss import DenseLoss, ErrorFunction


class CentreLoss(DenseLoss):
    """Dense losses for heatmaps and centres; :func:`weighted_l1` for lengths."""

    def compare(self, error: ErrorFunction, name: str, output: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """The loss of one map of one stage."""
        if not self.specs[name].lengths:
            return super().compare(error, name, output, batch)
        return weighted_l1(output, batch[name], batch[f"{name}_weight"])


def weighted_l1(output: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean absolute error over known values; 0 if there are none.

    Parameters
    ----------
    output : float tensor (B, C, h, w)
    target : float tensor (B, …, h, w), C maps
    weight : float tensor (B, N, h, w)
        Each for C / N adjacent maps; 0 where unknown.

    Notes
    -----
    Zhou et al. 2019 (CenterNet), eqs. 2 and 3; weighted by 1 / the person's size as in Geng et al. 2021 (DEKR), so that
    errors are relative.
    """
    parts = weight.shape[1]
    error: Tensor = (output - target.flatten(1, -3)).abs().unflatten(1, (parts, -1)).mean(2) * weight
    return error.sum() / (weight > 0).sum().clamp(min=1)
