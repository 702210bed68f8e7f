"""Part affinity fields: from labels to fields, and from fields to people."""

from bupose.methods.paf.codec import FieldCodec
from bupose.methods.paf.limbs import LimbCandidates
from bupose.methods.paf.options import EVERYBODY, DecodeOptions, DecoderOverrides, TargetOptions, given, read_options
from bupose.methods.paf.targets import Targets
from bupose.methods.paf.trace import Trace

__all__ = [
    "EVERYBODY",
    "DecodeOptions",
    "DecoderOverrides",
    "FieldCodec",
    "LimbCandidates",
    "TargetOptions",
    "Targets",
    "Trace",
    "given",
    "read_options",
]
