"""Ways to find people: what a network says, and how people are read out of it."""

from bupose.errors import OptionsError
from bupose.methods.centre import CentreCodec
from bupose.methods.codec import Codec
from bupose.methods.options import DecoderOptions, LossOptions, overrides
from bupose.methods.paf import FieldCodec
from bupose.methods.tags import TagCodec
from bupose.options import shown

METHODS: dict[str, type[Codec]] = {"paf": FieldCodec, "tags": TagCodec, "centre": CentreCodec}

# Every option of every method, null by default.
TargetOverrides = overrides(
    "target", "TargetOverrides", [m.Target for m in METHODS.values()], "Target options; null is the method's own."
)
LossOverrides = overrides(
    "loss", "LossOverrides", [m.Loss for m in METHODS.values()], "Loss options; null is the method's own."
)
DecoderOverrides = overrides(
    "decoder",
    "DecoderOverrides",
    [m.Decoder for m in METHODS.values()],
    "Decode options; null keeps what the network says. ``decoder.at_least`` maps options to numbers and raises those "
    "that are lower.",
    {"at_least": dict[str, float]},
)

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
