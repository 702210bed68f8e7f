"""Methods: the maps that a network predicts, and how they are decoded into people."""

from dataclasses import dataclass, field

from bupose.errors import OptionsError
from bupose.methods.centre import CentreCodec
from bupose.methods.codec import Codec
from bupose.methods.options import DecoderOptions, LossOptions, Overrides
from bupose.methods.paf import FieldCodec
from bupose.methods.regression import RegressionCodec
from bupose.methods.single import SingleCodec
from bupose.methods.tags import TagCodec
from bupose.options import from_dict, shown

METHODS: dict[str, type[Codec]] = {
    "paf": FieldCodec,
    "tags": TagCodec,
    "centre": CentreCodec,
    "single": SingleCodec,
    "regression": RegressionCodec,
}


@dataclass
class TargetOverrides(Overrides, owner="target", kinds=[m.Target for m in METHODS.values()]):
    """Target options; null is the method's own."""


@dataclass
class LossOverrides(Overrides, owner="loss", kinds=[m.Loss for m in METHODS.values()]):
    """Loss options; null is the method's own."""


@dataclass
class DecoderOverrides(Overrides, owner="decoder", kinds=[m.Decoder for m in METHODS.values()]):
    """Decoder options; null keeps the network's own.

    ``decoder.at_least`` maps options to numbers and raises those that are lower.
    """

    at_least: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.at_least:
            from_dict(DecoderOverrides, self.at_least, "decoder.at_least")


__all__ = [
    "METHODS",
    "Codec",
    "DecoderOptions",
    "DecoderOverrides",
    "LossOptions",
    "LossOverrides",
    "TargetOverrides",
    "get",
]


def get(name: str) -> type[Codec]:
    """The method of a name.

    Raises
    ------
    OptionsError
        There is none.
    """
    if name not in METHODS:
        raise OptionsError(f"there is no method {shown(name)}; choose one of {', '.join(METHODS)}")
    return METHODS[name]
