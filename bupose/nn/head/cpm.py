"""Convolutional pose machines: stages of large kernels, each sees the image and what the one before said."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bupose.errors import OptionsError
from bupose.maps import MapSpec
from bupose.nn.blocks import conv_norm, init_kaiming, init_normal
from bupose.nn.head.base import Head
from bupose.nn.head.stages import Stage
from bupose.options import check, option

_SEEN = 32  # channels of the image features that a stage sees


@dataclass
class CPMOptions:
    """``stages`` in all; ``width`` of the later ones and ``first_width`` of the first; ``kernel`` of the later ones.
    ``split`` gives the first stage the first half of the features and the others the second, as the trunk ``cpm`` has
    them; else all see all. ``background`` adds a background channel."""

    stages: int = option(6, 1, 16)
    width: int = option(128, 1, 4096)
    first_width: int = option(512, 1, 4096)
    kernel: int = option(11, 1, 31)
    split: bool = option(False)
    background: bool = option(False)

    def __post_init__(self) -> None:
        check(self, "head cpm")
        if self.kernel % 2 == 0:
            raise OptionsError(f"head cpm.kernel is {self.kernel}; give an odd number")


class CPMHead(Head):
    """A first stage of one 9x9 convolution, then stages of three ``kernel`` x ``kernel`` convolutions.

    Notes
    -----
    Wei et al. 2016, figure 2, with batch norm. ``openpose2017`` is its descendant.
    """

    Options = CPMOptions

    def __init__(self, channels_in: int, specs: tuple[MapSpec, ...], options: CPMOptions):
        super().__init__(channels_in, specs, options)
        if options.split and channels_in % 2:
            raise OptionsError(f"head cpm.split halves the features; the trunk has {channels_in} channels")
        self.seen = channels_in // 2 if options.split else channels_in
        said, width = sum(self.widths.values()), options.width
        self.first = nn.Sequential(
            conv_norm(self.seen, _SEEN, 5), conv_norm(_SEEN, options.first_width, 9),
            conv_norm(options.first_width, options.first_width, 1),
        )  # fmt: skip
        self.see = nn.ModuleList(conv_norm(self.seen, _SEEN, 5) for _ in range(options.stages - 1))
        self.stages = nn.ModuleList(
            nn.Sequential(
                *(conv_norm(n, width, options.kernel) for n in (_SEEN + said, width, width)), conv_norm(width, width, 1)
            )
            for _ in range(options.stages - 1)
        )
        widths = [options.first_width] + [width] * (options.stages - 1)
        self.outputs = nn.ModuleList(nn.Conv2d(n, said, 1) for n in widths)
        for part in (self.first, self.see, self.stages):
            init_kaiming(part)
        init_normal(self.outputs)

    def forward(self, features: Tensor) -> list[Stage]:
        """As many stages as ``options.stages``."""
        own, others = features[:, : self.seen], features[:, features.shape[1] - self.seen :]
        said = [self.outputs[0](self.first(own))]
        for see, stage, output in zip(self.see, self.stages, list(self.outputs)[1:]):
            said.append(output(stage(torch.cat([see(others), said[-1]], 1))))
        parts = list(self.widths.values())
        return [dict(zip(self.widths, one.split(parts, 1), strict=True)) for one in said]
