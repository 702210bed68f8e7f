"""Warping, colouring and painting of a whole batch with torch, on whatever device it is.

The twin of what :class:`~bupose.data.dataset.PoseDataset` does one picture at a time on the processor.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from bupose.data.picture import BORDER
from bupose.errors import OptionsError
from bupose.methods.paf import FieldCodec

_CUT = 4.6052  # the exponent at which the codec's Gaussians end


def finish_batch(batch: dict[str, Tensor], codec: FieldCodec, size: tuple[int, int]) -> dict[str, Tensor]:
    """A batch of ``deliver="joints"`` or ``"photos"``, already on the device, with what the processor left to do.

    Parameters
    ----------
    batch : dict
        As ``collate`` makes it.
    codec : FieldCodec
    size : (width, height), px
        Of the crops.

    Returns
    -------
    dict
        ``image`` uint8 (B, 3, H, W), ``heat`` (B, K, h, w), ``paf`` (B, L, 2, h, w), ``weight`` (B, h, w) float32, and
        what else the batch holds.
    """
    done = {k: v for k, v in batch.items() if k not in ("xy", "present", "ignore", "color")}
    if "color" in batch:
        done["image"] = recolor(warp_photos(batch["image"], batch["matrix"], size), batch["color"])
    heat, paf = paint_fields(batch["xy"], batch["present"], codec, size)
    return done | {"heat": heat, "paf": paf, "weight": known_share(batch["ignore"], heat, paf, codec.grid.stride)}


def warp_photos(photos: Tensor, matrices: Tensor, size: tuple[int, int]) -> Tensor:
    """Move photos into crops, bilinear, grey outside.

    Parameters
    ----------
    photos : uint8 (B, 3, H, W)
    matrices : float32 (B, 2, 3)
        From each photo's pixels to its crop's.
    size : (width, height), px

    Returns
    -------
    uint8 (B, 3, height, width)
    """
    height, width = photos.shape[2:]
    x = torch.arange(size[0], device=photos.device, dtype=torch.float32)
    y = torch.arange(size[1], device=photos.device, dtype=torch.float32)
    (a, b, c), (d, e, f) = matrices.double().permute(1, 2, 0)
    inverse = torch.stack([e, -b, -d, a]) / (a * e - b * d)  # a photo is found by looking back
    p, q, r, s = inverse.float()[:, :, None, None]
    dx = x[None, None, :] - c.float()[:, None, None]
    dy = y[None, :, None] - f.float()[:, None, None]
    u, v = p * dx + q * dy, r * dx + s * dy
    grid = torch.stack([(2 * u + 1) / width - 1, (2 * v + 1) / height - 1], -1)
    moved = F.grid_sample(photos.float() - BORDER, grid, "bilinear", "zeros", align_corners=False)
    return (moved + BORDER).round_().clamp_(0, 255).to(torch.uint8)


def recolor(images: Tensor, colors: Tensor) -> Tensor:
    """Apply a colour matrix (B, 3, 4) to each picture of a uint8 batch (B, 3, H, W)."""
    moved = torch.einsum("bij,bjhw->bihw", colors[..., :3], images.float()) + colors[..., 3, None, None]
    return moved.round_().clamp_(0, 255).to(torch.uint8)


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
    Cao et al. 2017, eqs. 6-9; one pass over the people, so that memory does not grow with them.
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
    for p in range(cells.shape[1]):
        at, here = cells[:, p], present[:, p]
        away = (u - at[..., 0, None]) ** 2, (v - at[..., 1, None]) ** 2
        exponent = (away[0][:, :, None, :] + away[1][:, :, :, None]) / (2 * sigma * sigma)
        painted = (exponent <= _CUT) & here[..., None, None]
        heat = torch.maximum(heat, torch.exp(-exponent) * painted)
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
        paf += inside[:, :, None] * direction[..., None, None]
        crossings += inside
    return heat, paf / crossings.clamp_min(1)[:, :, None]


def known_share(ignore: Tensor, heat: Tensor, paf: Tensor, stride: int) -> Tensor:
    """float32 (B, h, w): the part of each cell that is not ignored; 1 where anything is painted."""
    share = 1 - F.avg_pool2d(ignore[:, None].float(), stride)[:, 0]
    painted = (heat > 0).any(1) | (paf != 0).any(2).any(1)
    return torch.where(painted, torch.ones((), device=share.device), share)
