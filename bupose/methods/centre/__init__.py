"""Centre and offsets: joints are predicted from a person's centre and snapped to peaks of the heatmaps."""

from bupose.methods.centre.codec import CentreCodec
from bupose.methods.centre.options import CentreDecodeOptions, CentreLossOptions, CentreTargetOptions

__all__ = ["CentreCodec", "CentreDecodeOptions", "CentreLossOptions", "CentreTargetOptions"]
