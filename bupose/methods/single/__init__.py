"""A single person: each joint is the highest place of its heatmap."""

from bupose.methods.single.codec import SingleCodec
from bupose.methods.single.options import SingleDecodeOptions, SingleLossOptions, SingleTargetOptions
from bupose.methods.single.trace import SingleTrace

__all__ = ["SingleCodec", "SingleDecodeOptions", "SingleLossOptions", "SingleTargetOptions", "SingleTrace"]
