"""From labels to fields and from fields to people."""

from bupose.codec.codec import FieldCodec
from bupose.codec.limbs import LimbCandidates
from bupose.codec.options import DecodeOptions, TargetOptions
from bupose.codec.peaks import Peaks
from bupose.codec.targets import Targets
from bupose.codec.trace import Trace

__all__ = ["DecodeOptions", "FieldCodec", "LimbCandidates", "Peaks", "TargetOptions", "Targets", "Trace"]
