"""Any network of the timm package as a trunk, with a feature pyramid; timm is imported on use."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from bupose.errors import DependencyError, OptionsError
from bupose.nn.blocks import init_kaiming
from bupose.nn.normalisation import NORMALISATIONS
from bupose.nn.trunk.base import Trunk
from bupose.nn.trunk.pyramid import Pyramid
from bupose.options import check, option


@dataclass
class TimmOptions:
    """``model`` is timm's name; ``pretrained`` lets timm fetch its weights when the trunk is built. The native strides
    32, 16, 8 (and 4 by ``out_stride``) are summed into ``channels``."""

    model: str = option("mobilenetv3_large_100")
    pretrained: bool = option(False)
    channels: int = option(128, 1, 4096)
    out_stride: int = option(8, among=(4, 8))
    normalisation: str = option("imagenet", among=NORMALISATIONS)

    def __post_init__(self) -> None:
        check(self, "trunk timm")
        if ":" in self.model:  # timm would treat such a name as a URL or path
            raise OptionsError(f"trunk timm.model is {self.model!r}; give the name of an architecture of timm's")


class TimmTrunk(Trunk):
    """A timm network's feature levels (``body``) and our pyramid (``neck``)."""

    Options = TimmOptions
    ADDED = ("neck.",)
    multiple = 32

    def __init__(self, options: TimmOptions):
        super().__init__(options)
        try:
            import timm
        except Exception as problem:  # this import fails in many ways if torchvision does not fit torch
            raise DependencyError(f"trunk 'timm' needs the package timm: pip install timm ({problem})") from None
        self.stride, self.channels = options.out_stride, options.channels
        try:
            self.body = timm.create_model(options.model, pretrained=options.pretrained, features_only=True)
        except RuntimeError as problem:
            raise OptionsError(f"timm cannot build {options.model!r} as feature levels: {problem}") from None
        options.pretrained = False  # stored options: the network's own file holds the weights
        strides = list(self.body.feature_info.reduction())
        wanted = [stride for stride in (32, 16, 8, 4) if stride >= options.out_stride]
        if not set(wanted) <= set(strides):
            raise OptionsError(f"timm's {options.model!r} has levels of stride {strides}; the pyramid needs {wanted}")
        self.levels = [len(strides) - 1 - strides[::-1].index(stride) for stride in wanted]
        channels = self.body.feature_info.channels()
        self.neck = Pyramid([channels[n] for n in self.levels], [options.channels] * len(wanted))
        init_kaiming(self.neck)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, channels, H / stride, W / stride)."""
        features = self.body(images)
        return self.neck([features[n] for n in self.levels])
