"""Stacked hourglasses: down to the smallest cells and up again, several times, each with a prediction."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from bupose.maps import MapSpec
from bupose.nn.blocks import conv_norm, init_kaiming, init_normal
from bupose.nn.head.base import Head
from bupose.nn.head.stages import Stage
from bupose.nn.trunk.hourglass import PreResidual
from bupose.options import check, option


@dataclass
class HourglassOptions:
    """``stacks`` hourglasses, each halving ``depth`` times; ``background`` adds a background channel."""

    stacks: int = option(2, 1, 16)
    depth: int = option(4, 1, 6)
    background: bool = option(False)

    def __post_init__(self) -> None:
        check(self, "head hourglass")


class HourglassHead(Head):
    """Each stack predicts every map; its features and its prediction, brought back to the features' width, are added
    to the input of the next.

    Notes
    -----
    Newell et al. 2016, figures 3 and 4, with one residual block at each level. Their code for Torch allocates a 1x1
    convolution in each block's shortcut, used or not; here only where the width changes.
    """

    Options = HourglassOptions

    def __init__(self, channels_in: int, specs: tuple[MapSpec, ...], options: HourglassOptions):
        super().__init__(channels_in, specs, options)
        self.multiple = 2**options.depth
        width, said = channels_in, sum(self.widths.values())
        self.hourglasses = nn.ModuleList(Hourglass(width, options.depth) for _ in range(options.stacks))
        self.features = nn.ModuleList(
            nn.Sequential(PreResidual(width, width), *conv_norm(width, width, 1, bias=True))
            for _ in range(options.stacks)
        )
        self.outputs = nn.ModuleList(nn.Conv2d(width, said, 1) for _ in range(options.stacks))
        self.merge_features = nn.ModuleList(nn.Conv2d(width, width, 1) for _ in range(options.stacks - 1))
        self.merge_outputs = nn.ModuleList(nn.Conv2d(said, width, 1) for _ in range(options.stacks - 1))
        for part in (self.hourglasses, self.features, self.merge_features, self.merge_outputs):
            init_kaiming(part)
        init_normal(self.outputs)

    def forward(self, features: Tensor) -> list[Stage]:
        """A stage for each stack."""
        stages = []
        for n, hourglass in enumerate(self.hourglasses):
            seen = self.features[n](hourglass(features))
            said = self.outputs[n](seen)
            stages.append(dict(zip(self.widths, said.split(list(self.widths.values()), 1), strict=True)))
            if n < len(self.merge_outputs):
                features = features + self.merge_features[n](seen) + self.merge_outputs[n](said)
        return stages


class Hourglass(nn.Module):
    """Residual blocks at this resolution, beside an hourglass at half of it (at the smallest, a block), summed."""

    def __init__(self, width: int, depth: int):
        super().__init__()
        self.skip = PreResidual(width, width)
        self.down = PreResidual(width, width)
        self.inner: nn.Module = Hourglass(width, depth - 1) if depth > 1 else PreResidual(width, width)
        self.up = PreResidual(width, width)

    def forward(self, features: Tensor) -> Tensor:
        """Features of the same shape; sides must be multiples of 2 to the depth."""
        small: Tensor = self.up(self.inner(self.down(functional.max_pool2d(features, 2))))
        total: Tensor = self.skip(features) + functional.interpolate(small, scale_factor=2.0, mode="nearest")
        return total
