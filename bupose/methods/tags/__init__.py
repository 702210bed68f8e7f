"""Associative embedding: joints are peaks of heatmaps, grouped by tags that a person's joints share."""

from bupose.methods.tags.codec import TagCodec
from bupose.methods.tags.options import TagDecodeOptions, TagLossOptions, TagTargetOptions
from bupose.methods.tags.trace import TagTrace

__all__ = ["TagCodec", "TagDecodeOptions", "TagLossOptions", "TagTargetOptions", "TagTrace"]
