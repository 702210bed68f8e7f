"""Measuring predictions against annotations: average precision, shares of joints found, and kinds of errors."""

from bupose.evaluate.oks import coco_ap, oks
from bupose.evaluate.truth import Truth, read_truth

__all__ = ["Truth", "coco_ap", "oks", "read_truth"]
