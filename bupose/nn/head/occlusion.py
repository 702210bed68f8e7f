"""Two branches: heatmaps of joints that are visible, and of those that something hides."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bupose.errors import OptionsError
from bupose.maps import MapSpec
from bupose.nn.blocks import init_kaiming, init_normal
from bupose.nn.head.base import Head
from bupose.nn.head.stages import Stage
from bupose.nn.trunk.resnet import transposed
from bupose.options import check, option


@dataclass
class OcclusionOptions:
    """``deconvs`` transposed convolutions of ``width`` channels in each branch; with ``cross`` each branch's output
    reads both, and with ``stop`` without teaching the other; ``background`` adds a background channel."""

    deconvs: int = option(1, 0, 4)
    width: int = option(256, 1, 4096)
    cross: bool = option(False)
    stop: bool = option(False)
    background: bool = option(False)

    def __post_init__(self) -> None:
        check(self, "head occlusion")


class OcclusionHead(Head):
    """A branch for the map ``hidden``, and one for all others.

    OccNet: one transposed convolution a branch, above two that both share, a ResNet's with ``out_stride=8``. OccNetCB:
    two a branch above one (``out_stride=16``), and ``cross``.

    Notes
    -----
    Golda et al. 2019, figure 3; layout and ``stop`` after the authors' code/main/model.py.
    """

    Options = OcclusionOptions

    def __init__(self, channels_in: int, specs: tuple[MapSpec, ...], options: OcclusionOptions):
        super().__init__(channels_in, specs, options)
        if "hidden" not in self.widths:
            raise OptionsError("head 'occlusion' tells hidden joints, which these maps do not; set target.hidden=true")
        self.stride_factor = 2**options.deconvs
        width = options.width if options.deconvs else channels_in
        seen = (2 if options.cross else 1) * width
        others = sum(channels for name, channels in self.widths.items() if name != "hidden")
        self.visible_branch = transposed(channels_in, width, options.deconvs)
        self.hidden_branch = transposed(channels_in, width, options.deconvs)
        self.visible = nn.Conv2d(seen, others, 1)
        self.hidden = nn.Conv2d(seen, self.widths["hidden"], 1)
        for branch in (self.visible_branch, self.hidden_branch):
            init_kaiming(branch)
        for output in (self.visible, self.hidden):
            init_normal(output)

    def forward(self, features: Tensor) -> list[Stage]:
        """One stage."""
        visible, hidden = self.visible_branch(features), self.hidden_branch(features)
        if self.options.cross:
            other = (visible.detach(), hidden.detach()) if self.options.stop else (visible, hidden)
            visible, hidden = torch.cat([visible, other[1]], 1), torch.cat([hidden, other[0]], 1)
        names = [name for name in self.widths if name != "hidden"]
        said = self.visible(visible).split([self.widths[name] for name in names], 1)
        return [dict(zip(names, said, strict=True)) | {"hidden": self.hidden(hidden)}]
