"""Trunks by name: features from a normalised picture. :class:`Trunk` is their base class."""

from __future__ import annotations

from bupose.nn.trunk.base import Trunk
from bupose.nn.trunk.cpm import CPMTrunk
from bupose.nn.trunk.hourglass import HourglassStem
from bupose.nn.trunk.hrnet import HRNet
from bupose.nn.trunk.mobilenet_v1 import MobileNetV1
from bupose.nn.trunk.mobilenet_v2 import MobileNetV2, MoveNet
from bupose.nn.trunk.mobilenet_v3 import MobileNetV3
from bupose.nn.trunk.resnet import ResNet
from bupose.nn.trunk.timm import TimmTrunk
from bupose.nn.trunk.vgg import VGG19
from bupose.options import choose, from_dict

TRUNKS: dict[str, type[Trunk]] = {
    "vgg19": VGG19,
    "hrnet": HRNet,
    "mobilenet_v1": MobileNetV1,
    "mobilenet_v2": MobileNetV2,
    "mobilenet_v3": MobileNetV3,
    "movenet": MoveNet,
    "resnet": ResNet,
    "hourglass": HourglassStem,
    "cpm": CPMTrunk,
    "timm": TimmTrunk,
}

__all__ = ["TRUNKS", "Trunk", "build_trunk"]


def build_trunk(name: str, **options) -> Trunk:
    """Build the trunk of that name.

    Raises
    ------
    OptionsError
        No such trunk or option, or an option out of its range.
    DependencyError
        The trunk needs a package that is not installed.
    """
    choose(name, TRUNKS, "trunk")
    trunk = TRUNKS[name]
    return trunk(from_dict(trunk.Options, options, f"trunk {name!r}"))
