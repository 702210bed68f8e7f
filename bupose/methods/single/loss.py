"""The loss of a single person's heatmaps, and of positions read from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from bupose.methods.loss import DenseLoss, ErrorFunction
from bupose.methods.single.options import SingleLossOptions


class SingleLoss(DenseLoss):
    """The dense loss of heatmaps, and, with ``integral``, the error of the last stage's mean positions.

    Notes
    -----
    Of hidden joints: Golda et al. 2019, whose published code has ``hidden`` 1.5 and ``strict`` as a choice. Of joints
    without a label: Xiao et al. 2018, whose code gives them ``target_weight`` 0.
    """

    options: SingleLossOptions

    def __call__(self, stages: Sequence[Mapping[str, Tensor]], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """As ``DenseLoss``, and ``integral``; ``batch["heat_place"]``, (B, K, 3), holds x, y in cells and 1 where
        known, ``batch["hidden_place"]`` those of hidden joints."""
        losses = super().__call__(stages, batch)
        if not self.options.integral:
            return losses
        errors = []
        for name, spec in self.specs.items():
            heat = [stage[name] for stage in stages if name in stage][-1][:, : len(spec.rows)]
            errors.append(integral_error(heat.float(), batch[f"{name}_place"], self.options.sharpness))
        error = torch.stack(errors).sum()
        return losses | {"integral": error, "loss": losses["loss"] + self.options.integral * error}

    def compare(self, error: ErrorFunction, name: str, output: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """The loss of one map of one stage; without ``strict`` of the joints that it shows alone."""
        if f"{name}_known" in batch:
            batch = {**batch, f"{name}_known": batch[f"{name}_known"].clamp(min=self.options.unlabelled)}
        if "hidden" in self.specs and not self.options.strict:
            shown = (batch[name] > 0).any(3).any(2)[..., None, None]
            batch = {**batch, f"{name}_weight": batch["weight"][:, None] * shown}
        return super().compare(error, name, output, batch)


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
