"""The head of OpenPose 2017: several stages, each with a branch for the PAFs and a branch for the heatmaps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bupose.errors import OptionsError
from bupose.nn.blocks import conv, init_normal
from bupose.nn.head.base import Head
from bupose.nn.head.stage_output import StageOutput
from bupose.options import check, option


@dataclass
class OpenPose2017Options:
    """How many stages of which size; the defaults are the published COCO network's.

    ``stages`` counts the first one; ``width`` is the channels of a branch, ``hidden`` those of the first stage's
    1x1, ``kernel`` the size of the refining stages' kernels; ``background`` adds a channel for "no joint here".
    """

    stages: int = option(6, 1, 64)
    width: int = option(128, 1, 4096)
    hidden: int = option(512, 1, 4096)
    kernel: int = option(7, 1, 31)
    background: bool = option(True)

    def __post_init__(self) -> None:
        check(self, "head openpose2017")
        if self.kernel % 2 == 0:
            raise OptionsError(f"head openpose2017.kernel is {self.kernel}; it must be odd to have a centre")


class TwoBranches(nn.Module):
    """One stage: the same layers twice, for the PAFs and for the heatmaps. Convolutions are numbered 0, 2, 4, …"""

    def __init__(self, channels_in: int, kernels: list[int], widths: list[int], heat: int, paf: int):
        super().__init__()
        self.paf = _branch(channels_in, kernels, [*widths, paf])
        self.heat = _branch(channels_in, kernels, [*widths, heat])

    def forward(self, features: Tensor) -> StageOutput:
        """Both branches of the same input."""
        return StageOutput(self.heat(features), self.paf(features))


class OpenPose2017Head(Head):
    """Multi-stage refinement with two parallel branches.

    A refining stage sees, in this order of channels, the PAFs and heatmaps of the stage before and the features.

    Notes
    -----
    Cao et al. 2017, fig. 3; OpenPose, models/pose/coco/pose_deploy_linevec.prototxt. Weights start from a normal
    distribution of deviation 0.01, as published.
    """

    Options = OpenPose2017Options

    def __init__(self, channels_in: int, joints: int, limbs: int, options: OpenPose2017Options):
        super().__init__()
        self.options = options
        heat, paf, width = joints + options.background, 2 * limbs, options.width
        stages = [TwoBranches(channels_in, [3, 3, 3, 1, 1], [width] * 3 + [options.hidden], heat, paf)]
        for _ in range(options.stages - 1):
            kernels = [options.kernel] * 5 + [1, 1]
            stages.append(TwoBranches(paf + heat + channels_in, kernels, [width] * 6, heat, paf))
        self.stages = nn.ModuleList(stages)
        init_normal(self)

    def forward(self, features: Tensor) -> list[StageOutput]:
        """One output for each stage."""
        outputs = [self.stages[0](features)]
        for stage in self.stages[1:]:
            outputs.append(stage(torch.cat([outputs[-1].paf, outputs[-1].heat, features], 1)))
        return outputs


def _branch(channels_in: int, kernels: list[int], widths: list[int]) -> nn.Sequential:
    """Convolutions with ReLUs between them."""
    layers: list[nn.Module] = []
    for before, width, kernel in zip([channels_in, *widths], widths, kernels):
        layers.extend(conv(before, width, kernel))
    return nn.Sequential(*layers[:-1])
