"""The head of OpenPose 2017: several stages, each with a branch for the PAFs and a branch for the heatmaps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bupose.errors import OptionsError
from bupose.maps import MapSpec
from bupose.nn.blocks import conv, init_kaiming, init_normal
from bupose.nn.head.base import Head
from bupose.nn.head.stages import Stage
from bupose.options import check, option


@dataclass
class OpenPose2017Options:
    """Number and size of stages; the defaults are the published COCO network's.

    ``stages`` counts the first one; ``width`` is the channels of a branch, ``hidden`` those of the first stage's 1x1,
    ``kernel`` the size of the refining stages' kernels; ``background`` adds a background channel.
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


class Branches(nn.Module):
    """One stage: the same layers once for each map, ``paf`` before ``heat``. Convolutions are numbered 0, 2, 4, …"""

    def __init__(self, channels_in: int, kernels: list[int], widths: list[int], outputs: dict[str, int]):
        super().__init__()
        self.names = tuple(outputs)
        for name in reversed(self.names):
            setattr(self, name, _branch(channels_in, kernels, [*widths, outputs[name]]))

    def forward(self, features: Tensor) -> Stage:
        """All branches of the same input."""
        return {name: getattr(self, name)(features) for name in self.names}


class OpenPose2017Head(Head):
    """Multi-stage refinement with two parallel branches.

    Input channels of a refinement stage: PAFs and heatmaps of the previous stage, then features.

    Notes
    -----
    Cao et al. 2017, fig. 3; OpenPose, models/pose/coco/pose_deploy_linevec.prototxt. Outputs are initialised from a
    normal distribution of deviation 0.01, as published; other layers as in He et al. 2015, since 0.01 makes narrow
    stages vanish. For other methods, each map has a branch in place of the PAFs'.
    """

    Options = OpenPose2017Options

    def __init__(self, channels_in: int, specs: tuple[MapSpec, ...], options: OpenPose2017Options):
        super().__init__(channels_in, specs, options)
        width, said = options.width, sum(self.widths.values())
        stages = [Branches(channels_in, [3, 3, 3, 1, 1], [width] * 3 + [options.hidden], self.widths)]
        for _ in range(options.stages - 1):
            kernels = [options.kernel] * 5 + [1, 1]
            stages.append(Branches(said + channels_in, kernels, [width] * 6, self.widths))
        self.stages = nn.ModuleList(stages)
        init_kaiming(self.stages)
        for stage in stages:
            for name in stage.names:
                init_normal(getattr(stage, name)[-1])

    def forward(self, features: Tensor) -> list[Stage]:
        """One output per stage."""
        outputs = [self.stages[0](features)]
        for stage in self.stages[1:]:
            outputs.append(stage(torch.cat([*reversed(outputs[-1].values()), features], 1)))
        return outputs


def _branch(channels_in: int, kernels: list[int], widths: list[int]) -> nn.Sequential:
    """Convolutions with ReLUs between them."""
    layers: list[nn.Module] = []
    for before, width, kernel in zip([channels_in, *widths], widths, kernels):
        layers.extend(conv(before, width, kernel))
    return nn.Sequential(*layers[:-1])
