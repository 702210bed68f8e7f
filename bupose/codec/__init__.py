"""From labels to fields and from fields to people."""

from bupose.codec.codec import FieldCodec
from bupose.codec.limbs import LimbCandidates
from bupose.codec.options import EVERYBODY, DecodeOptions, DecoderOverrides, TargetOptions, given, read_options
from bupose.codec.peaks import Peaks
from bupose.codec.targets import Targets
from bupose.codec.trace import Trace

__all__ = [
    "EVERYBODY",
    "DecodeOptions",
    "DecoderOverrides",
    "FieldCodec",
    "LimbCandidates",
    "Peaks",
    "TargetOptions",
    "Targets",
    "Trace",
    "given",
    "read_options",
]
