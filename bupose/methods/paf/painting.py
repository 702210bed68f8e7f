"""Encoding with torch, on the device of the batch: the twin of ``encode_labels``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from bupose.errors import OptionsError
from bupose.methods.painting import known_share

if TYPE_CHECKING:
    from bupose.methods.paf.codec import FieldCodec

_CUT = 4.6052  # exponent at which the codec's Gaussians are cut off


def paint_batch(batch: Mapping[str, Tensor], codec: FieldCodec, size: tuple[int, int]) -> dict[str, Tensor]:
    """As ``Codec.paint_batch`` says."""
    heat, paf = paint_fields(batch["xy"], batch["present"], codec, size)
    painted = (heat > 0).any(1) | (paf != 0).any(2).any(1)
    return {"heat": heat, "paf": paf, "weight": known_share(batch["ignore"], painted, codec.grid.stride)}


def paint_fields(xy: Tensor, present: Tensor, codec: FieldCodec, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Paint joints and limbs as the codec does.

    Parameters
    ----------
    xy : float32 (B, P, K, 2), px
    present : bool (B, P, K)
    codec : FieldCodec
    size : (width, height), px

    Returns
    -------
    heat : float32 (B, K, h, w)
    paf : float32 (B, L, 2, h, w)

    Notes
    -----
    Cao et al. 2017, eqs. 6-9; one person per crop at a time, which bounds the memory.
    """
    if xy.shape[2] != len(codec.skeleton.joints):
        raise OptionsError(f"got {xy.shape[2]} joints; the codec paints {len(codec.skeleton.joints)}")
    (h, w), device = codec.grid.shape(*size), xy.device
    cells = codec.grid.to_cells(xy.float())
    present = present & torch.isfinite(cells).all(-1) & (cells.abs() < 1e6).all(-1)
    cells = torch.where(present[..., None], cells, torch.zeros((), device=device))
    u, v = torch.arange(w, device=device, dtype=torch.float32), torch.arange(h, device=device, dtype=torch.float32)
    first, second = torch.from_numpy(codec.skeleton.limb_joints).long().to(device).T
    sigma, width = codec.target.sigma / codec.grid.stride, codec.target.limb_width
    count, _, joints, _ = cells.shape
    heat = torch.zeros((count, joints, h, w), device=device)
    paf = torch.zeros((count, len(first), 2, h, w), device=device)
    crossings = torch.zeros((count, len(first), h, w), device=device)
    for p, someone in enumerate(present.any(2).T.cpu()):  # most crops hold few people, some many
        rows = someone.nonzero()[:, 0].to(device)
        if not len(rows):
            continue
        at, here = cells[rows, p], present[rows, p]
        away = (u - at[..., 0, None]) ** 2, (v - at[..., 1, None]) ** 2
        exponent = (away[0][:, :, None, :] + away[1][:, :, :, None]) / (2 * sigma * sigma)
        painted = (exponent <= _CUT) & here[..., None, None]
        heat[rows] = torch.maximum(heat[rows], torch.exp(-exponent) * painted)
        way = at[:, second] - at[:, first]
        length = way.square().sum(-1).sqrt()
        drawn = here[:, first] & here[:, second] & (length > 1e-6)
        direction = way / length.clamp_min(1e-6)[..., None]
        dx = (u - at[:, first, 0, None])[:, :, None, :]
        dy = (v - at[:, first, 1, None])[:, :, :, None]
        ux, uy = direction[..., 0, None, None], direction[..., 1, None, None]
        along = (dx * ux + dy * uy).clamp_min(0).minimum(length[..., None, None])
        inside = (dx - along * ux) ** 2 + (dy - along * uy) ** 2 <= width * width
        inside = (inside & drawn[..., None, None]).float()
        paf.index_add_(0, rows, inside[:, :, None] * direction[..., None, None])
        crossings.index_add_(0, rows, inside)
    return heat, paf / crossings.clamp_min(1)[:, :, None]
