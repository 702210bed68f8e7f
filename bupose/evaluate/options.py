"""Evaluation options: the schema of ``bupose evaluate``."""

from __future__ import annotations

from dataclasses import dataclass, field

from bupose.errors import OptionsError
from bupose.estimate.options import NetworkOptions
from bupose.evaluate.run import PROTOCOLS
from bupose.evaluate.tracking.options import PosevalOptions
from bupose.evaluate.tracking.run import PROTOCOLS as OF_VIDEOS
from bupose.options import option
from bupose.predict.options import check_looks
from bupose.track import TrackOptions


@dataclass
class EvaluateOptions(NetworkOptions):
    """Evaluate predictions, or a network, against annotations.

    Parameters
    ----------
    annotations : path
        In COCO's keypoint format, or COCO-WholeBody's, CrowdPose's, OCHuman's, PoseTrack18's and PoseTrack21's (a
        folder, too), MPII's or AI Challenger's; or the boxes of a video, MOTChallenge's gt.txt.
    predictions : path
        COCO results, for a video with track_id; also PoseTrack's and MOTChallenge's. Without them the network's
        predictions are evaluated.
    images : path
        Folder of the photos, for the network and for pictures of errors; for boxes the video, or its frames.
    output : path
        Folder for metrics.json, metrics.csv, joints.csv, report.txt, worst/, and the network's coco_results.json.
    protocol : auto, coco, crowdpose, mpii, posetrack or mot
        Evaluation protocol; auto chooses by the annotations. posetrack and mot evaluate who is who in videos:
        PoseTrack's measures of joints, and MOTA, IDF1 and HOTA of whole people.
    poseval.* : see PosevalOptions
    tracking : auto or live
        How the network's people are followed through a video: auto with the whole video known, live frame by frame.
    track.* : see TrackOptions
    look_every : int
        The network looks at each n-th frame of a video file; people in between are followed by optical
        flow and filled in from both sides.
    fps : float
        Frames a second of the pictures of a video, for following people; a video file has its own times.
    skeleton : name or .yaml path
        Evaluate only its joints, with its sigmas.
    category : str
        Category of the annotations, by name or id; null is person, else the only one with keypoints.
    limit : int
        Number of pictures to evaluate, the first ones.
    ranking : bool
        Rank the network's people of every score in average precision, as COCO intends; false evaluates only those
        shown.
    worst : int
        Number of pictures of errors to draw, if ``images`` is given.
    gains : bool
        Report the AP gained by repairing each kind of error.
    """

    annotations: str | None = option(None, path=True)
    predictions: str | None = option(None, path=True)
    images: str | None = option(None, path=True)
    output: str = option("evaluation", path=True)
    protocol: str = option("auto", among=("auto", *PROTOCOLS, *OF_VIDEOS))
    poseval: PosevalOptions = field(default_factory=PosevalOptions)
    tracking: str = option("auto", among=("auto", "live"))
    track: TrackOptions = field(default_factory=TrackOptions)
    look_every: int = option(1, 1, 1000)
    fps: float = option(25.0, 0.001, 10_000)
    skeleton: str | None = option(None, path=True)
    category: str | None = option(None)
    limit: int | None = option(None, 1, 1_000_000_000)
    ranking: bool = option(True)
    worst: int = option(12, 0, 10_000)
    gains: bool = option(True)

    def __post_init__(self) -> None:
        if not self.annotations:
            raise OptionsError("there are no annotations; give annotations=FILE.json, COCO's keypoint format")
        if not self.predictions and not self.images:
            raise OptionsError(
                "there is nothing to measure; give predictions=RESULTS.json, or images=FOLDER (and weights)"
            )
        if self.predictions and self.weights:
            raise OptionsError("predictions and weights are both given; give one of them")
        super().__post_init__()
        check_looks(self.look_every, self.tracking)
