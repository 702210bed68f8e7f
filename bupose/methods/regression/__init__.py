"""Regression: a single person's joints as numbers, without heatmaps."""

from bupose.methods.regression.codec import RegressionCodec
from bupose.methods.regression.options import (
    RegressionDecodeOptions,
    RegressionLossOptions,
    RegressionTargetOptions,
)

__all__ = ["RegressionCodec", "RegressionDecodeOptions", "RegressionLossOptions", "RegressionTargetOptions"]
