"""The head of MoveNet: for each map one separable convolution and the output."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from bupose.maps import MapSpec
from bupose.nn.blocks import init_kaiming, init_normal
from bupose.nn.head.base import Head
from bupose.nn.head.stages import Stage
from bupose.nn.trunk.pyramid import separable
from bupose.options import check, option

_UNLIKELY = -2.19  # the logit of a tenth, from which confidences begin (Lin et al. 2017, Zhou et al. 2019)


@dataclass
class MoveNetHeadOptions:
    """``width`` is the channels of the separable convolutions."""

    width: int = option(96, 1, 4096)

    def __post_init__(self) -> None:
        check(self, "head movenet")


class MoveNetHead(Head):
    """Depth-wise 3x3, 1x1, ReLU and a 1x1 convolution for each map; confidences through a sigmoid.

    Parameters are ``maps.NAME.0.0`` (depth-wise), ``maps.NAME.0.1`` and ``maps.NAME.1``.

    Notes
    -----
    Google, MoveNet MultiPose Lightning: the graph of the published TensorFlow model.
    """

    Options = MoveNetHeadOptions
    KEEP_FLOAT = ("maps",)

    def __init__(self, channels_in: int, specs: tuple[MapSpec, ...], options: MoveNetHeadOptions):
        super().__init__(channels_in, specs, options)
        self.confidences = {spec.name for spec in specs if spec.stored == "uint8"}
        self.maps = nn.ModuleDict()
        last: dict[str, nn.Conv2d] = {}
        for name, channels in self.widths.items():
            last[name] = nn.Conv2d(options.width, channels, 1)
            self.maps[name] = nn.Sequential(separable(channels_in, options.width, norm=False), last[name])
        init_kaiming(self)
        for name, layer in last.items():
            init_normal(layer)
            if name in self.confidences and layer.bias is not None:
                nn.init.constant_(layer.bias, _UNLIKELY)

    def forward(self, features: Tensor) -> list[Stage]:
        """One stage."""
        said = {name: layers(features) for name, layers in self.maps.items()}
        return [{name: map_.sigmoid() if name in self.confidences else map_ for name, map_ in said.items()}]
