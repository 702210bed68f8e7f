"""Evaluation: average precision, PCK, error diagnosis, and tracking."""

from bupose.evaluate.crowdpose import crowdpose_ap
from bupose.evaluate.diagnosis import Diagnosis, diagnose
from bupose.evaluate.ground_truth import GroundTruth
from bupose.evaluate.oks import coco_ap, oks
from bupose.evaluate.pck import pck
from bupose.evaluate.reading import read_ground_truth
from bupose.evaluate.report import Report
from bupose.evaluate.run import evaluate
from bupose.evaluate.tracking import TrackReport, evaluate_tracks

__all__ = [
    "Diagnosis",
    "GroundTruth",
    "Report",
    "TrackReport",
    "coco_ap",
    "crowdpose_ap",
    "diagnose",
    "evaluate",
    "evaluate_tracks",
    "oks",
    "pck",
    "read_ground_truth",
]
