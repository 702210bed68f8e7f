"""Targets of a batch of tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from bupose.people import Labels

if TYPE_CHECKING:
    from bupose.methods.codec import Codec


def paint_one_by_one(batch: Mapping[str, Tensor], codec: Codec, size: tuple[int, int]) -> dict[str, Tensor]:
    """As ``Codec.paint_batch``, on the CPU."""
    device, painted = batch["xy"].device, []
    names = ("xy", "present", "visible", "ignore")
    for xy, present, visible, ignore in zip(*(batch[name].cpu().numpy() for name in names), strict=True):
        someone = present.any(1)
        visibility = (present.astype(np.int32) + (present & visible))[someone]
        labels = Labels(xy[someone], visibility, codec.skeleton)
        painted.append(codec.encode(labels, size, ignore if ignore.any() else None).arrays)
    return {name: torch.from_numpy(stack([p[name] for p in painted])).to(device) for name in painted[0]}


def stack(arrays: list[np.ndarray]) -> np.ndarray:
    """Stack arrays, padding the shorter ones with zeros."""
    shape = np.max([a.shape for a in arrays], 0)
    whole = np.zeros((len(arrays), *shape), arrays[0].dtype)
    for row, array in zip(whole, arrays, strict=True):
        row[tuple(slice(n) for n in array.shape)] = array
    return whole


def known_share(ignore: Tensor, painted: Tensor, stride: int) -> Tensor:
    """float32 (B, h, w): share of each cell that is not ignored, of ``ignore``, bool (B, H, W); 1 where painted."""
    share = 1 - torch.nn.functional.avg_pool2d(ignore[:, None].float(), stride)[:, 0]
    return torch.where(painted, torch.ones((), device=share.device), share)
