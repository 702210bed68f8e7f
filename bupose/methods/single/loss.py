"""The loss of a single person's heatmaps, and of positions read from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from bupose.methods.loss import DenseLoss
from bupose.methods.single.options import SingleLossOptions


class SingleLoss(DenseLoss):
    """The dense loss of heatmaps, and, with ``integral``, the error of the last stage's mean positions."""

    options: SingleLossOptions

    def __call__(self, stages: Sequence[Mapping[str, Tensor]], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """As ``DenseLoss``, and ``integral``; ``batch["place"]``, (B, K, 3), holds x, y in cells and 1 where known."""
        losses = super().__call__(stages, batch)
        if not self.options.integral:
            return losses
        heat = [stage["heat"] for stage in stages if "heat" in stage][-1][:, : len(self.specs["heat"].rows)]
        error = integral_error(heat.float(), batch["place"], self.options.sharpness)
        return losses | {"integral": error, "loss": losses["loss"] + self.options.integral * error}


def integral_error(heat: Tensor, place: Tensor, sharpness: float) -> Tensor:
    """Mean absolute error of positions read by softmax, relative to the map's sides; 0 where none is known.

    Parameters
    ----------
    heat : float tensor (B, K, h, w)
    place : float tensor (B, K, 3)
        x, y in cells, and 1 where known.
    sharpness : float
        Factor of the map in the softmax.

    Notes
    -----
    Sun et al. 2018 (integral regression), eqs. 1 and 2, with their L1 loss.
    """
    h, w = heat.shape[2:]
    share = (sharpness * heat).flatten(2).softmax(2).unflatten(2, (h, w))
    x = share.sum(2) @ torch.arange(w, device=heat.device, dtype=heat.dtype)
    y = share.sum(3) @ torch.arange(h, device=heat.device, dtype=heat.dtype)
    error = (x - place[..., 0]).abs() / w + (y - place[..., 1]).abs() / h
    known = place[..., 2]
    total: Tensor = (error * known).sum() / known.sum().clamp(min=1)
    return total
