"""The head of lightweight OpenPose: one initial stage and refinement stages of dilated residual blocks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bupose.nn.blocks import conv, conv_norm, init_kaiming, init_normal
from bupose.nn.head.base import Head
from bupose.nn.head.stage_output import StageOutput
from bupose.options import check, option


@dataclass
class LightOptions:
    """How many stages of which size; the defaults are the published network's.

    ``refinements`` counts the stages after the initial one; ``width`` is the channels of a stage, ``hidden`` those
    of the initial stage's 1x1; ``blocks`` counts a refinement stage's blocks; ``background`` adds a channel for
    "no joint here".
    """

    refinements: int = option(1, 0, 64)
    width: int = option(128, 1, 4096)
    hidden: int = option(512, 1, 4096)
    blocks: int = option(5, 1, 64)
    background: bool = option(True)

    def __post_init__(self) -> None:
        check(self, "head light")


class TwoOutputs(nn.Module):
    """A common ``trunk``, then 1x1 convolutions for the ``heatmaps`` and for the ``pafs``."""

    def __init__(self, trunk: nn.Sequential, width: int, hidden: int, heat: int, paf: int):
        super().__init__()
        self.trunk = trunk
        self.heatmaps = nn.Sequential(conv(width, hidden, 1), conv(hidden, heat, 1, activation=None))
        self.pafs = nn.Sequential(conv(width, hidden, 1), conv(hidden, paf, 1, activation=None))

    def forward(self, features: Tensor) -> StageOutput:
        """Heatmaps and PAFs."""
        features = self.trunk(features)
        return StageOutput(self.heatmaps(features), self.pafs(features))


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

    A refinement stage sees, in this order of channels, the features and the heatmaps and PAFs of the stage before.

    Notes
    -----
    Osokin 2018; lightweight-human-pose-estimation.pytorch, models/with_mobilenet.py.
    """

    Options = LightOptions

    def __init__(self, channels_in: int, joints: int, limbs: int, options: LightOptions):
        super().__init__()
        self.options = options
        heat, paf, width = joints + options.background, 2 * limbs, options.width
        first = nn.Sequential(conv(channels_in, width), conv(width, width), conv(width, width))
        self.initial_stage = TwoOutputs(first, width, options.hidden, heat, paf)
        self.refinement_stages = nn.ModuleList()
        for _ in range(options.refinements):
            inputs = [channels_in + heat + paf] + [width] * (options.blocks - 1)
            blocks = nn.Sequential(*(DilatedBlock(c, width) for c in inputs))
            self.refinement_stages.append(TwoOutputs(blocks, width, width, heat, paf))
        init_kaiming(self)
        for stage in (self.initial_stage, *self.refinement_stages):
            init_normal(stage.heatmaps[-1])
            init_normal(stage.pafs[-1])

    def forward(self, features: Tensor) -> list[StageOutput]:
        """One output for each stage."""
        outputs = [self.initial_stage(features)]
        for stage in self.refinement_stages:
            outputs.append(stage(torch.cat([features, *outputs[-1]], 1)))
        return outputs
