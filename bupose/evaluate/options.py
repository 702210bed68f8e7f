"""What can be chosen about an evaluation; the schema of ``scripts/evaluate.py``."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.errors import OptionsError
from bupose.estimate.options import NetworkOptions
from bupose.evaluate.run import PROTOCOLS
from bupose.options import option


@dataclass
class EvaluateOptions(NetworkOptions):
    """Measure predictions, or a network, against annotations.

    Parameters
    ----------
    annotations : path
        In COCO's keypoint format, or COCO-WholeBody's, CrowdPose's, OCHuman's, PoseTrack18's (a folder, too), MPII's or
        AI Challenger's.
    predictions : path
        COCO results. Without them the network predicts.
    images : path
        Folder of the photos: what the network sees, and what the pictures of the worst are drawn over.
    output : path
        Folder for metrics.json, metrics.csv, joints.csv, report.txt, worst/, and the network's coco_results.json.
    protocol : auto, coco, crowdpose or mpii
        The rules; auto goes by the joints.
    skeleton : name or .yaml path
        Evaluate only the joints it has, with its sigmas.
    category : str
        Of the annotations, by name or id; null is person, else the only one with keypoints.
    limit : int
        Evaluate only the first pictures, this many.
    ranking : bool
        Average precision counts the network's people of every score, as COCO's evaluation is meant; false counts those
        who are shown.
    worst : int
        How many pictures of errors to draw, where ``images`` is given.
    gains : bool
        Say what each kind of error costs.
    """

    annotations: str | None = option(None, path=True)
    predictions: str | None = option(None, path=True)
    images: str | None = option(None, path=True)
    output: str = option("evaluation", path=True)
    protocol: str = option("auto", among=("auto", *PROTOCOLS))
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
