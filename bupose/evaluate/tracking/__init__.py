"""Evaluation of tracking: MOTA, IDF1, HOTA, and PoseTrack's measures."""

from bupose.evaluate.tracking.clear import Clear, count_clear
from bupose.evaluate.tracking.hota import Hota, count_hota
from bupose.evaluate.tracking.identity import Identity, count_identity
from bupose.evaluate.tracking.options import PosevalOptions
from bupose.evaluate.tracking.report import TrackReport
from bupose.evaluate.tracking.run import evaluate_tracks
from bupose.evaluate.tracking.scene import Scene, box_overlap
from bupose.evaluate.tracking.tracks import Tracks, TrueTracks, Truth
from bupose.evaluate.tracking.truth import read_truth

__all__ = [
    "Clear",
    "Hota",
    "Identity",
    "PosevalOptions",
    "Scene",
    "TrackReport",
    "Tracks",
    "TrueTracks",
    "Truth",
    "box_overlap",
    "count_clear",
    "count_hota",
    "count_identity",
    "evaluate_tracks",
    "read_truth",
]
