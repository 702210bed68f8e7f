"""The head of lightweight OpenPose: one initial stage and refinement stages of dilated residual blocks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bupose.maps import MapSpec
from bupose.nn.blocks import conv, conv_norm, init_kaiming, init_normal
from bupose.nn.head.base import Head
from bupose.nn.head.stages import Stage
from bupose.options import check, option


@dataclass
class LightOptions:
    """Number and size of stages; the defaults are the published network's.

    ``refinements`` counts the stages after the initial one; ``width`` is the channels of a stage, ``hidden`` those of
    the initial stage's 1x1; ``blocks`` counts a refinement stage's blocks; ``background`` adds a background channel.
    """

    refinements: int = option(1, 0, 64)
    width: int = option(128, 1, 4096)
    hidden: int = option(512, 1, 4096)
    blocks: int = option(5, 1, 64)
    background: bool = option(True)

    def __post_init__(self) -> None:
        check(self, "head light")


PUBLISHED = {"heat": "heatmaps", "paf": "pafs"}  # names of the layers of each map


class Outputs(nn.Module):
    """A common ``trunk``, then 1x1 convolutions for each map: ``heatmaps`` and ``pafs``."""

    def __init__(self, trunk: nn.Sequential, width: int, hidden: int, outputs: dict[str, int]):
        super().__init__()
        self.trunk, self.names = trunk, {name: PUBLISHED.get(name, name) for name in outputs}
        for name, channels in outputs.items():
            layers = nn.Sequential(conv(width, hidden, 1), conv(hidden, channels, 1, activation=None))
            setattr(self, self.names[name], layers)

    def forward(self, features: Tensor) -> Stage:
        """All maps."""
        features = self.trunk(features)
        return {name: getattr(self, layers)(features) for name, layers in self.names.items()}


class DilatedBlock(nn.Module):
    """A 1x1 convolution, and what two 3x3 ones (the second dilated) add to it."""

    def __init__(self, channels_in: int, width: int):
        super().__init__()
        self.initial = conv(channels_in, width, 1)
        self.trunk = nn.Sequential(
            conv_norm(width, width, bias=True),
            conv_norm(width, width, dilation=2, bias=True),
        )

    def forward(self, features: Tensor) -> Tensor:
        """The residual sum."""
        features = self.initial(features)
        return features + self.trunk(features)


class LightHead(Head):
    """Initial stage and refinements, heatmaps and PAFs from common layers; published parameter names.

    Input channels of a refinement stage: features, then heatmaps and PAFs of the previous stage.

    Notes
    -----
    Osokin 2018; lightweight-human-pose-estimation.pytorch, models/with_mobilenet.py.
    """

    Options = LightOptions

    def __init__(self, channels_in: int, specs: tuple[MapSpec, ...], options: LightOptions):
        super().__init__(channels_in, specs, options)
        width, said = options.width, sum(self.widths.values())
        first = nn.Sequential(conv(channels_in, width), conv(width, width), conv(width, width))
        self.initial_stage = Outputs(first, width, options.hidden, self.widths)
        self.refinement_stages = nn.ModuleList()
        for _ in range(options.refinements):
            inputs = [channels_in + said] + [width] * (options.blocks - 1)
            blocks = nn.Sequential(*(DilatedBlock(c, width) for c in inputs))
            self.refinement_stages.append(Outputs(blocks, width, width, self.widths))
        init_kaiming(self)
        for stage in (self.initial_stage, *self.refinement_stages):
            for layers in stage.names.values():
                init_normal(getattr(stage, layers)[-1])

    def forward(self, features: Tensor) -> list[Stage]:
        """One output per stage."""
        outputs = [self.initial_stage(features)]
        for stage in self.refinement_stages:
            outputs.append(stage(torch.cat([features, *outputs[-1].values()], 1)))
        return outputs
