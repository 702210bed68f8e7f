"""The head of OpenPose 2019: stages that refine the PAFs first, then stages for the heatmaps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bupose.maps import MapSpec
from bupose.nn.blocks import conv, init_xavier
from bupose.nn.head.base import Head
from bupose.nn.head.stages import Stage
from bupose.options import check, option

ACTIVATIONS = {"prelu": nn.PReLU, "relu": nn.ReLU}


@dataclass
class OpenPose2019Options:
    """Number and size of stages; the defaults are BODY_25's.

    ``first_width`` and ``first_hidden`` hold for the first stage of each kind, ``width`` and ``hidden`` for the others;
    ``blocks`` counts the blocks of a stage; ``background`` adds a background channel.
    """

    paf_stages: int = option(4, 1, 64)
    heat_stages: int = option(2, 1, 64)
    blocks: int = option(5, 1, 64)
    first_width: int = option(96, 1, 4096)
    width: int = option(128, 1, 4096)
    first_hidden: int = option(256, 1, 4096)
    hidden: int = option(512, 1, 4096)
    activation: str = option("prelu", among=ACTIVATIONS)
    background: bool = option(True)

    def __post_init__(self) -> None:
        check(self, "head openpose2019")


class ChainedBlock(nn.Module):
    """Three 3x3 convolutions one after the other, whose outputs are concatenated: ``convs.0.0`` to ``convs.2.0``."""

    def __init__(self, channels_in: int, width: int, activation: type[nn.Module]):
        super().__init__()
        self.convs = nn.ModuleList(conv(c, width, activation=activation) for c in (channels_in, width, width))

    def forward(self, features: Tensor) -> Tensor:
        """Features of three fields of view, side by side."""
        outputs = []
        for layer in self.convs:
            features = layer(features)
            outputs.append(features)
        return torch.cat(outputs, 1)


class ChainedStage(nn.Sequential):
    """Blocks, a 1x1 convolution, and the output: ``blocks.N``, ``hidden.0``, ``out``."""

    def __init__(
        self, channels_in: int, blocks: int, width: int, hidden: int, channels: int, activation: type[nn.Module]
    ):
        super().__init__()
        inputs = [channels_in] + [3 * width] * (blocks - 1)
        self.blocks = nn.Sequential(*(ChainedBlock(c, width, activation) for c in inputs))
        self.hidden = conv(3 * width, hidden, 1, activation=activation)
        self.out = nn.Conv2d(hidden, channels, 1)


class OpenPose2019Head(Head):
    """PAFs first, then heatmaps.

    Input channels: features and previous PAFs for PAF stages; features and final PAFs for the first heatmap stage;
    features, previous heatmaps and final PAFs for later ones.

    Notes
    -----
    Cao et al. 2019, fig. 3; OpenPose, models/pose/body_25/pose_deploy.prototxt. Weights are initialised like Caffe's
    ``xavier`` filler (openpose_train, training/generateProtoTxt.py). For other methods, their maps take the place of
    the PAFs.
    """

    Options = OpenPose2019Options

    def __init__(self, channels_in: int, specs: tuple[MapSpec, ...], options: OpenPose2019Options):
        super().__init__(channels_in, specs, options)
        heat, activation = self.widths["heat"], ACTIVATIONS[options.activation]
        self.others = {name: width for name, width in self.widths.items() if name != "heat"}
        paf = sum(self.others.values())
        small = (options.blocks, options.first_width, options.first_hidden)
        large = (options.blocks, options.width, options.hidden)
        self.paf_stages = nn.ModuleList([ChainedStage(channels_in, *small, paf, activation)])
        for _ in range(options.paf_stages - 1):
            self.paf_stages.append(ChainedStage(channels_in + paf, *large, paf, activation))
        self.heat_stages = nn.ModuleList([ChainedStage(channels_in + paf, *small, heat, activation)])
        for _ in range(options.heat_stages - 1):
            self.heat_stages.append(ChainedStage(channels_in + heat + paf, *large, heat, activation))
        init_xavier(self)

    def forward(self, features: Tensor) -> list[Stage]:
        """The PAF stages' outputs, then the heatmap stages'."""
        outputs: list[Stage] = []
        seen = features
        for stage in self.paf_stages:
            paf = stage(seen)
            outputs.append(dict(zip(self.others, paf.split(list(self.others.values()), 1), strict=True)))
            seen = torch.cat([features, paf], 1)
        for stage in self.heat_stages:
            heat = stage(seen)
            outputs.append({"heat": heat})
            seen = torch.cat([features, heat, paf], 1)
        return outputs
