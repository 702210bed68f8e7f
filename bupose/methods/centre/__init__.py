"""A person's centre and the offsets from it to the joints, each snapped to a peak of the heatmaps."""

from bupose.methods.centre.codec import CentreCodec
from bupose.methods.centre.options import CentreDecodeOptions, CentreLossOptions, CentreTargetOptions

__all__ = ["CentreCodec", "CentreDecodeOptions", "CentreLossOptions", "CentreTargetOptions"]
