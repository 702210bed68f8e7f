"""VGG-19's first ten convolutions, and the two that OpenPose adds."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from bupose.nn.blocks import conv, init_kaiming, make_activation
from bupose.nn.normalisation import NORMALISATIONS
from bupose.nn.trunk.base import Trunk
from bupose.options import check, option

ACTIVATIONS = {"relu": nn.ReLU, "prelu": nn.PReLU}
_LAYERS = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512)  # channels of each convolution; 0 halves the size


@dataclass
class VGG19Options:
    """``width`` multiplies the channels of VGG's own layers; ``middle`` and ``channels`` are the widths of the two
    convolutions after these; ``activation`` (relu or prelu) follows VGG's last convolution and those two;
    ``normalisation`` is that of the weights."""

    width: float = option(1.0, 0.02, 4)
    middle: int = option(256, 1, 4096)
    channels: int = option(128, 1, 4096)
    activation: str = option("relu", among=ACTIVATIONS)
    normalisation: str = option("imagenet", among=NORMALISATIONS)

    def __post_init__(self) -> None:
        check(self, "trunk vgg19")


class VGG19(Trunk):
    """VGG-19 up to conv4_2, then conv4_3_CPM and conv4_4_CPM; stride 8.

    Names are torchvision's (``features.0`` to ``features.21``; a PReLU after conv4_2 is ``features.22``); the two
    further convolutions are ``cpm.0.0`` and ``cpm.1.0``, their PReLUs ``cpm.0.1`` and ``cpm.1.1``.

    Notes
    -----
    Simonyan and Zisserman 2014, configuration E; OpenPose, models/pose/coco/pose_deploy_linevec.prototxt (ReLU) and
    models/pose/body_25/pose_deploy.prototxt (PReLU from conv4_2 on).
    """

    Options = VGG19Options
    ADDED = ("cpm.", "features.22.")
    LEFT_OUT = ("classifier.", "features.23.", "features.25.", "features.28.", "features.30.", "features.32.",
                "features.34.")  # fmt: skip
    stride = 8
    multiple = 8

    def __init__(self, options: VGG19Options):
        super().__init__(options)
        self.channels = options.channels
        activation = ACTIVATIONS[options.activation]
        layers: list[nn.Module] = []
        before = 3
        for width in _LAYERS:
            if width:
                channels = max(1, round(width * options.width))
                layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU(inplace=True)]
                before = channels
            else:
                layers.append(nn.MaxPool2d(2))
        layers[-1] = make_activation(activation, before)
        self.features = nn.Sequential(*layers)
        self.cpm = nn.Sequential(
            conv(before, options.middle, activation=activation),
            conv(options.middle, options.channels, activation=activation),
        )
        init_kaiming(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, channels, H/8, W/8)."""
        return self.cpm(self.features(images))
