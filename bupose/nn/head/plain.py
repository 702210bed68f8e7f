"""A head of a few convolutions, with optional change of resolution."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from bupose.errors import OptionsError
from bupose.maps import MapSpec
from bupose.nn.blocks import conv_norm, init_kaiming, init_normal
from bupose.nn.fusing import fold_into_stride
from bupose.nn.head.base import Head
from bupose.nn.head.stages import Stage
from bupose.nn.trunk.resnet import BasicBlock
from bupose.options import check, option

_CONTEXT = 0.4  # initial weight; of 0, 0.25, 0.4 and 0.5, the best for a network trained without context


@dataclass
class PlainOptions:
    """``layers`` 3x3 convolutions of ``width`` channels, then ``blocks`` of two more, added to what they get (ResNet's
    basic blocks); ``space_to_depth`` lets all work at half the features' resolution; ``skip`` adds what one 1x1
    convolution says of the features as they are; ``context_scale`` lets the layers see the picture at about that share
    of its size too, for people larger than their field of view; ``upsample`` doubles the resolution of the output;
    ``background`` adds a background channel."""

    layers: int = option(2, 0, 64)
    width: int = option(128, 1, 4096)
    blocks: int = option(0, 0, 64)
    space_to_depth: bool = option(False)
    skip: bool = option(False)
    context_scale: float = option(0.0, 0, 0.99)
    upsample: bool = option(False)
    background: bool = option(False)

    def __post_init__(self) -> None:
        check(self, "head plain")
        if 0 < self.context_scale < 0.1:
            got = self.context_scale
            raise OptionsError(f"head plain.context_scale is {got!r}; give 0 (none), or a number from 0.1 to 0.99")


class PlainHead(Head):
    """Convolutions with batch norm, then each map from one 1x1 convolution.

    Up-sampling is a 1x1 convolution to four times the channels, rearranged to twice the resolution (pixel shuffle, Shi
    et al. 2016): the four cells stay centred on their source cell, as :class:`bupose.maps.Grid` requires. Space to
    depth first rearranges the features losslessly into four times the channels at a quarter of the cells, so that
    convolutions have twice the field of view at a quarter of the cost per channel.

    With ``context_scale`` the layers run at two scales with shared weights, and a 1x1 convolution mixes their outputs
    before the blocks; it is initialised as a weighted mean, like averaging two scales in inference.
    """

    Options = PlainOptions
    KEEP_FLOAT = ("skip",)

    def __init__(self, channels_in: int, specs: tuple[MapSpec, ...], options: PlainOptions):
        super().__init__(channels_in, specs, options)
        self.stride_factor = 2 if options.upsample else 1
        self.multiple = 2 if options.space_to_depth else 1
        inputs = [channels_in * (4 if options.space_to_depth else 1)] + [options.width] * options.layers
        self.space_to_depth: nn.Module = nn.PixelUnshuffle(2) if options.space_to_depth else nn.Identity()
        self.layers = nn.Sequential(*(conv_norm(c, options.width) for c in inputs[:-1]))
        blocks = [BasicBlock(inputs[-1], inputs[-1]) for _ in range(options.blocks)]
        self.blocks = nn.Sequential(*blocks)
        self.context_scale = options.context_scale
        self.mix = nn.Conv2d(inputs[-1], inputs[-1], 1, bias=False) if self.context_scale else None
        factor = self.stride_factor * self.multiple
        for name, channels in self.widths.items():
            setattr(self, name, _output(inputs[-1], channels, factor))
        said = sum(self.widths.values())
        self.skip = _output(channels_in, said, self.stride_factor) if options.skip else None
        init_kaiming(self.layers)
        init_kaiming(self.blocks)
        for block in blocks:
            nn.init.zeros_(block.bn2.weight)  # zero-initialised: no effect until trained
        if self.mix is not None:
            nn.init.zeros_(self.mix.weight).data[:, :, 0, 0].fill_diagonal_(_CONTEXT)
        for name in self.widths:
            init_normal(getattr(self, name))
        if self.skip is not None:
            init_normal(self.skip, std=0.0)

    def forward(self, features: Tensor, context: Tensor | None = None) -> list[Stage]:
        """One stage."""
        seen = self.layers(self.space_to_depth(features))
        if self.mix is not None:
            far = self.layers(self.space_to_depth(context))
            far = functional.interpolate(far, size=seen.shape[2:], mode="bilinear", align_corners=False)
            seen = seen + self.mix(far - seen)
        seen = self.blocks(seen)
        said = torch.cat([getattr(self, name)(seen) for name in self.widths], 1)
        if self.skip is not None:
            said = said + self.skip(features)
        return [dict(zip(self.widths, said.split(list(self.widths.values()), 1), strict=True))]

    @torch.no_grad()
    def take_outputs(self, other: Head) -> bool:
        """As :meth:`Head.take_outputs`; channels of a finer output, and x and y of a row, are copied together."""
        names = [spec.name for spec in other.specs]
        if not isinstance(other, PlainHead) or other.options != self.options or names != list(self.widths):
            return False
        everything, factors, start = [], [], 0
        for mine, theirs in zip(self.specs, other.specs, strict=True):
            rows, signs = (torch.from_numpy(array) for array in mine.match(theirs))
            each = mine.channels // len(mine.rows)
            channels = torch.where(rows[:, None] < 0, -1, each * rows[:, None] + torch.arange(each)).flatten()
            signs = signs.repeat_interleave(each)
            if self.widths[mine.name] > mine.channels:  # the background
                channels = torch.cat([channels, torch.full((1,), theirs.channels)])
                signs = torch.cat([signs, torch.ones(1)])
            _take_channels(getattr(self, mine.name), getattr(other, mine.name), channels, signs)
            everything.append(torch.where(channels < 0, -1, start + channels))
            factors.append(signs)
            start += other.widths[mine.name]
        if self.skip is not None and other.skip is not None:
            _take_channels(self.skip, other.skip, torch.cat(everything), torch.cat(factors))
        return True

    def fuse(self) -> None:
        """Fold the rearrangement of the features into the next convolution."""
        first = self.layers[0] if self.options.space_to_depth and self.options.layers else None
        if isinstance(first, nn.Sequential) and isinstance(first[0], nn.Conv2d):
            first[0] = fold_into_stride(first[0], 2)
            self.space_to_depth = nn.Identity()


def _output(channels_in: int, channels: int, factor: int) -> nn.Sequential:
    """A 1x1 convolution, rearranged to ``factor`` times the resolution."""
    shuffle = [nn.PixelShuffle(factor)] if factor > 1 else []
    return nn.Sequential(nn.Conv2d(channels_in, channels * factor**2, 1), *shuffle)


def _take_channels(to: nn.Module, of: nn.Module, rows: Tensor, signs: Tensor) -> None:
    """Copy to each output channel of a convolution the other's channel ``rows``, where not −1."""
    known = rows >= 0
    for mine, theirs in zip(to.parameters(), of.parameters(), strict=True):
        mine = mine.unflatten(0, (len(rows), -1))  # a view; cells of a finer output are adjacent
        theirs = theirs.unflatten(0, (-1, mine.shape[1]))
        mine[known] = theirs[rows[known]] * signs[known].view(-1, *[1] * (mine.ndim - 1))
