"""Feature pyramid: the levels of a trunk, from coarse to fine, summed at the finest level."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from bupose.nn.blocks import make_activation


class Pyramid(nn.Module):
    """Top-down path of a feature pyramid, with one depth-wise separable convolution after each sum.

    Parameters
    ----------
    levels : sequence of N ints
        Channels of the trunk's levels, coarsest first, each at twice the resolution of the one before.
    widths : sequence of N ints
        Channels carried up: the coarsest level is projected to ``widths[0]``, level n is added at ``widths[n - 1]``
        and the sum convolved to ``widths[n]``; the output has ``widths[-1]``.
    norm : bool
        Batch norm after each separable convolution; without it the convolutions have a bias.

    Notes
    -----
    Lin et al. 2017. With widths (64, 32, 24, 24) and no norm it is the pyramid of MoveNet (whose file has its batch
    norm folded).
    """

    def __init__(self, levels: Sequence[int], widths: Sequence[int], *, norm: bool = True):
        super().__init__()
        added = [widths[0], *widths[:-1]]
        self.lateral = nn.ModuleList(nn.Conv2d(level, width, 1) for level, width in zip(levels, added))
        self.smooth = nn.ModuleList(separable(a, b, norm) for a, b in pairwise(widths))
        self.channels = widths[-1]

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """Levels coarsest first -> (B, widths[-1], h, w) of the finest."""
        features = self.lateral[0](levels[0])
        for level, lateral, smooth in zip(levels[1:], self.lateral[1:], self.smooth):
            features = functional.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)
            features = smooth(features + lateral(level))
        return features


def separable(channels_in: int, channels: int, norm: bool) -> nn.Sequential:
    """Depth-wise 3x3, 1x1, batch norm, ReLU: ``0``, ``1``, ``2``."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_in, 3, padding=1, groups=channels_in, bias=False),
        nn.Conv2d(channels_in, channels, 1, bias=not norm),
        nn.BatchNorm2d(channels) if norm else nn.Identity(),
        make_activation(nn.ReLU, channels),
    )
