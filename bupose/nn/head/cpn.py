"""Cascaded pyramid network: a prediction from each level of a pyramid, and a refined one from all."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from bupose.maps import MapSpec
from bupose.nn.blocks import conv_norm, init_kaiming, init_normal
from bupose.nn.head.base import Head
from bupose.nn.head.stages import Stage
from bupose.options import check, option


@dataclass
class CPNOptions:
    """``width`` of the pyramid; ``refine=false`` leaves only GlobalNet; ``background`` adds a background channel."""

    width: int = option(256, 2, 4096)
    refine: bool = option(True)
    background: bool = option(False)

    def __post_init__(self) -> None:
        check(self, "head cpn")


class CPNHead(Head):
    """GlobalNet: the levels of a trunk summed from coarse to fine, a prediction from each. RefineNet: bottlenecks on
    each level, three on the coarsest and none on the finest, joined for the last prediction.

    Its hard joints are mined by ``loss.name=ohkm`` (eight, in the last stage).

    Notes
    -----
    Chen et al. 2018, figure 1 and section 3. Features are enlarged by bilinear interpolation about cells' centres.
    """

    Options = CPNOptions
    reads_levels = True

    def __init__(self, channels_in: tuple[int, ...], specs: tuple[MapSpec, ...], options: CPNOptions):
        super().__init__(channels_in, specs, options)
        width, said, levels = options.width, sum(self.widths.values()), len(channels_in)
        self.multiple = 2 ** (levels - 1)
        self.lateral = nn.ModuleList(conv_norm(n, width, 1) for n in channels_in)
        self.raise_level = nn.ModuleList(conv_norm(width, width, 1, activation=None) for _ in range(levels - 1))
        predictions = [_prediction(width, said) for _ in range(levels)]
        self.predict = nn.ModuleList(predictions)
        self.refine = nn.ModuleList()
        if options.refine:
            blocks = (nn.Sequential(*(Narrow(width, width) for _ in range(n))) for n in range(levels))
            self.refine = nn.ModuleList(blocks)
            self.join = Narrow(levels * width, width)
            self.final = nn.Conv2d(width, said, 3, padding=1)
            init_normal(self.final)
            init_kaiming(self.join)
        for part in (self.lateral, self.raise_level, self.refine):
            init_kaiming(part)
        for one in predictions:
            init_kaiming(one[0])
            init_normal(one[1])

    def forward(self, levels: list[Tensor]) -> list[Stage]:
        """A stage of each level, coarsest first, then the refined one; all of the finest level's resolution."""
        cells = levels[0].shape[2:]
        below: Tensor | None = None
        features, said = [], []
        for n in reversed(range(len(levels))):  # levels are finest first
            level = self.lateral[n](levels[n])
            if below is not None:
                level = level + self.raise_level[n](_enlarge(below, level.shape[2:]))
            below = level
            features.append(level)
            said.append(_enlarge(self.predict[n](level), cells))
        if len(self.refine):
            refined = [
                _enlarge(self.refine[n](level), cells) for n, level in zip(reversed(range(len(levels))), features)
            ]
            said.append(self.final(self.join(torch.cat(refined, 1))))
        parts = list(self.widths.values())
        return [dict(zip(self.widths, one.split(parts, 1), strict=True)) for one in said]


class Narrow(nn.Module):
    """A bottleneck to half the width and back, added to its input, which a 1x1 brings to the width if need be."""

    def __init__(self, channels_in: int, width: int):
        super().__init__()
        half = width // 2
        self.inner = nn.Sequential(
            *conv_norm(channels_in, half, 1), *conv_norm(half, half), *conv_norm(half, width, 1, activation=None)
        )
        same = channels_in == width
        self.shortcut = nn.Identity() if same else conv_norm(channels_in, width, 1, activation=None)

    def forward(self, features: Tensor) -> Tensor:
        """The residual sum."""
        total: Tensor = self.inner(features) + self.shortcut(features)
        return total.relu()


def _prediction(width: int, said: int) -> nn.Sequential:
    return nn.Sequential(conv_norm(width, width, 1), nn.Conv2d(width, said, 3, padding=1))


def _enlarge(features: Tensor, cells: torch.Size) -> Tensor:
    if features.shape[2:] == cells:
        return features
    return functional.interpolate(features, size=cells, mode="bilinear", align_corners=False)
