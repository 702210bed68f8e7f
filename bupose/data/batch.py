"""Warping and colouring of a batch with torch, on its device.

The twin of :class:`~bupose.data.dataset.PoseDataset`, which works on single pictures on the CPU.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from bupose.data.picture import BORDER
from bupose.methods.codec import Codec


def finish_batch(batch: dict[str, Tensor], codec: Codec, size: tuple[int, int]) -> dict[str, Tensor]:
    """Finish a batch of ``deliver="joints"`` or ``"photos"`` on its device.

    Parameters
    ----------
    batch : dict
        As ``collate`` makes it.
    codec : Codec
    size : (width, height), px
        Of the crops.

    Returns
    -------
    dict
        ``image`` uint8 (B, 3, H, W), the targets by name (see :class:`bupose.methods.targets.Targets`), and the batch's
        other entries.
    """
    done = {k: v for k, v in batch.items() if k not in ("xy", "present", "visible", "ignore", "color")}
    if "color" in batch:
        done["image"] = recolor(warp_photos(batch["image"], batch["matrix"], size), batch["color"])
    return done | codec.paint_batch(batch, size)


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
    inverse = torch.stack([e, -b, -d, a]) / (a * e - b * d)  # photo pixels are looked up by the inverse
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
