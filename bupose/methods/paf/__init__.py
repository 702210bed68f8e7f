"""Part affinity fields: from labels to fields, and from fields to people."""

from bupose.methods.paf.codec import FieldCodec
from bupose.methods.paf.fields import Fields
from bupose.methods.paf.limbs import LimbCandidates
from bupose.methods.paf.options import DecodeOptions, FieldLossOptions, TargetOptions
from bupose.methods.paf.trace import FieldTrace

__all__ = ["DecodeOptions", "FieldCodec", "FieldLossOptions", "FieldTrace", "Fields", "LimbCandidates", "TargetOptions"]
