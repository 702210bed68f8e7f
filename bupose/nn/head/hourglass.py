"""Stacked hourglasses: down to the smallest cells and up again, several times, each with a prediction."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from bupose.errors import OptionsError
from bupose.maps import MapSpec
from bupose.nn.blocks import conv_norm, init_kaiming, init_normal
from bupose.nn.head.base import Head
from bupose.nn.head.stages import Stage
from bupose.nn.trunk.hourglass import PreResidual
from bupose.options import check, option


@dataclass
class HourglassOptions:
    """``stacks`` hourglasses, each halving ``depth`` times; ``background`` adds a background channel. ``scales``
    resolutions of each, from the finest, are supervised in training (Ke et al. 2018); at most ``depth``."""

    stacks: int = option(2, 1, 16)
    depth: int = option(4, 1, 6)
    background: bool = option(False)
    scales: int = option(1, 1, 7)

    def __post_init__(self) -> None:
        check(self, "head hourglass")
        if self.scales > self.depth:
            raise OptionsError(
                f"head hourglass.scales is {self.scales}; of depth {self.depth} it is at most {self.depth}"
            )


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
        self.each = options.scales - 1  # coarser resolutions of a stack
        self.coarse = nn.ModuleList(nn.Conv2d(width, said, 1) for _ in range(options.stacks * self.each))
        init_normal(self.outputs)
        init_normal(self.coarse)

    def forward(self, features: Tensor) -> list[Stage]:
        """A stage for each stack; in training, before it, one for each of its coarser resolutions."""
        stages = []
        for n, hourglass in enumerate(self.hourglasses):
            risen: list[Tensor] = []
            seen = self.features[n](hourglass(features, risen))
            said = self.outputs[n](seen)
            coarser = zip([*self.coarse][n * self.each :][: self.each], reversed(risen)) if self.training else ()
            for one in (*(output(small) for output, small in coarser), said):
                stages.append(dict(zip(self.widths, one.split(list(self.widths.values()), 1), strict=True)))
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

    def forward(self, features: Tensor, risen: list[Tensor]) -> Tensor:
        """Features of the same shape; sides must be multiples of 2 to the depth. ``risen`` gets those of each smaller
        resolution on the way up."""
        down = self.down(functional.max_pool2d(features, 2))
        small: Tensor = self.up(self.inner(down, risen) if isinstance(self.inner, Hourglass) else self.inner(down))
        risen.append(small)
        total: Tensor = self.skip(features) + functional.interpolate(small, scale_factor=2.0, mode="nearest")
        return total
