"""Measuring predictions against annotations: average precision, shares of joints found, and kinds of errors."""

from bupose.evaluate.crowdpose import crowdpose_ap
from bupose.evaluate.errors import Diagnosis, diagnose
from bupose.evaluate.oks import coco_ap, oks
from bupose.evaluate.pck import pck
from bupose.evaluate.report import Report
from bupose.evaluate.run import evaluate
from bupose.evaluate.truth import Truth, read_truth

__all__ = [
    "Diagnosis",
    "Report",
    "Truth",
    "coco_ap",
    "crowdpose_ap",
    "diagnose",
    "evaluate",
    "oks",
    "pck",
    "read_truth",
]
