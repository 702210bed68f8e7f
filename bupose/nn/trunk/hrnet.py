"""HRNet: four parallel resolutions with exchange of features; stride 4."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from bupose.nn.blocks import conv_norm, init_kaiming
from bupose.nn.normalisation import NORMALISATIONS
from bupose.nn.trunk.base import Trunk
from bupose.nn.trunk.resnet import BasicBlock, Bottleneck
from bupose.options import check, option

_MODULES = (1, 4, 3)  # exchange modules of the stages 2, 3, 4
_BLOCKS = 4  # residual blocks per branch between two exchanges


@dataclass
class HRNetOptions:
    """``width`` of the finest resolution (18, 32 or 48 as published, 8 for trials; each coarser one has twice the
    channels of the one before).

    ``fuse``: "finest" returns that resolution alone, as the pose network; "all" concatenates all four, up-sampled (15
    times the width).
    """

    width: int = option(32, among=(8, 18, 32, 48))
    fuse: str = option("finest", among=("finest", "all"))
    normalisation: str = option("imagenet", among=NORMALISATIONS)

    def __post_init__(self) -> None:
        check(self, "trunk hrnet")


class HRNet(Trunk):
    """HRNet with its authors' parameter names.

    Notes
    -----
    Sun et al. 2019, and Wang et al. 2020 for ``fuse="all"``; HRNet-Human-Pose-Estimation, lib/models/pose_hrnet.py.
    """

    Options = HRNetOptions
    stride = 4
    multiple = 32

    def __init__(self, options: HRNetOptions):
        super().__init__(options)
        widths = [options.width * 2**n for n in range(4)]
        finest = options.fuse == "finest"
        unused = tuple(f"stage4.{_MODULES[2] - 1}.fuse_layers.{n}." for n in (1, 2, 3)) if finest else ()
        self.LEFT_OUT = ("incre_modules.", "downsamp_modules.", "final_layer.", "classifier.", *unused)
        self.channels = widths[0] if finest else sum(widths)
        self.conv1 = nn.Conv2d(3, 64, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = nn.Conv2d(64, 64, 3, 2, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = nn.Sequential(Bottleneck(64, 64), *(Bottleneck(256, 64) for _ in range(3)))
        first = nn.Sequential(conv_norm(256, widths[1], stride=2))
        self.transition1 = nn.ModuleList([conv_norm(256, widths[0]), first])
        self.stage2 = _stage(widths[:2], _MODULES[0])
        self.transition2 = nn.ModuleList([nn.Identity(), nn.Identity(), _coarser(widths[1])])
        self.stage3 = _stage(widths[:3], _MODULES[1])
        self.transition3 = nn.ModuleList([*(nn.Identity() for _ in range(3)), _coarser(widths[2])])
        self.stage4 = _stage(widths, _MODULES[2], last_outputs=1 if finest else 4)
        init_kaiming(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, channels, H/4, W/4)."""
        features = self.relu(self.bn1(self.conv1(images)))
        features = self.layer1(self.relu(self.bn2(self.conv2(features))))
        branches = self.stage2([transition(features) for transition in self.transition1])
        branches = self.stage3([*branches, self.transition2[2](branches[-1])])
        branches = self.stage4([*branches, self.transition3[3](branches[-1])])
        upsampled = [
            functional.interpolate(branch, scale_factor=2.0**n, mode="bilinear", align_corners=False)
            for n, branch in enumerate(branches[1:], start=1)
        ]
        return torch.cat([branches[0], *upsampled], 1) if upsampled else branches[0]


class ExchangeModule(nn.Module):
    """Residual blocks in every branch, then each of the first ``outputs`` branches sums all branches."""

    def __init__(self, widths: list[int], outputs: int):
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(*(BasicBlock(width, width) for _ in range(_BLOCKS))) for width in widths
        )
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(_exchange(widths, source, target) for source in range(len(widths)))
            for target in range(outputs)
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, branches: list[Tensor]) -> list[Tensor]:
        """As many branches as there are outputs."""
        branches = [blocks(branch) for blocks, branch in zip(self.branches, branches)]
        outputs = []
        for layers in self.fuse_layers:
            parts = [layer(branch) for layer, branch in zip(layers.children(), branches)]
            outputs.append(self.relu(sum(parts[1:], parts[0])))
        return outputs


def _stage(widths: list[int], modules: int, last_outputs: int | None = None) -> nn.Sequential:
    outputs = [len(widths)] * (modules - 1) + [last_outputs or len(widths)]
    return nn.Sequential(*(ExchangeModule(widths, count) for count in outputs))


def _coarser(width: int) -> nn.Sequential:
    """The step to a new branch of half the resolution and twice the channels."""
    return nn.Sequential(conv_norm(width, 2 * width, stride=2))


def _exchange(widths: list[int], source: int, target: int) -> nn.Module:
    """From the resolution of one branch to that of another: 1x1 and nearest cells up, strided 3x3 down."""
    if source == target:
        return nn.Identity()
    if source > target:
        up = nn.Upsample(scale_factor=2.0 ** (source - target), mode="nearest")
        return nn.Sequential(*conv_norm(widths[source], widths[target], 1, activation=None), up)
    steps = [conv_norm(widths[source], widths[source], stride=2) for _ in range(target - source - 1)]
    return nn.Sequential(*steps, conv_norm(widths[source], widths[target], stride=2, activation=None))
