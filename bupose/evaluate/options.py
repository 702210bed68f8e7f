"""What can be chosen about an evaluation; the schema of ``scripts/evaluate.py``."""

from __future__ import annotations

from dataclasses import dataclass, field

from bupose.codec import DecodeOptions
from bupose.errors import OptionsError
from bupose.evaluate.run import PROTOCOLS
from bupose.infer.options import DEVICES, PATH, PRECISIONS, DecoderOverrides, given


@dataclass
class EvaluateOptions:
    """Measure predictions, or a network, against annotations.

    Parameters
    ----------
    annotations : path
        COCO keypoint annotations (CrowdPose's and OCHuman's too), or MPII's list of people.
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
        Of the annotations; null is person, else the first with keypoints.
    limit : int
        Only the first so many pictures.
    worst : int
        How many pictures of errors to draw, where ``images`` is given.
    gains : bool
        Say what each kind of error costs.
    weights : path or name
        A network file or the name of a published network; null is the network that comes with bupose.
    accept_license : bool
        You have read and accept a non-commercial network's licence.
    height, longest : int
        Pictures are resized to this height, the longer side to at most ``longest``, network pixels.
    scales : list of float
        Sizes, relative to height, whose fields are averaged.
    flip : bool
        Average with the fields of the mirrored picture.
    batch : int
        Pictures of one size that go through the network together.
    device : auto, cpu, cuda, cuda:N or mps
    precision : auto, float32, bfloat16 or float16
    threads : int
        For reading pictures and for grouping; null is torch's own choice.
    decoder.* : see DecodeOptions
        null keeps what the network says.
    """

    annotations: str | None = field(default=None, metadata=PATH)
    predictions: str | None = field(default=None, metadata=PATH)
    images: str | None = field(default=None, metadata=PATH)
    output: str = field(default="evaluation", metadata=PATH)
    protocol: str = "auto"
    skeleton: str | None = field(default=None, metadata=PATH)
    category: str | None = None
    limit: int | None = None
    worst: int = 12
    gains: bool = True
    weights: str | None = field(default=None, metadata=PATH)
    accept_license: bool = False
    height: int | None = None
    longest: int | None = None
    scales: list[float] = field(default_factory=lambda: [1.0])
    flip: bool = False
    batch: int = 8
    device: str = "auto"
    precision: str = "float32"
    threads: int | None = None
    decoder: DecoderOverrides = field(default_factory=DecoderOverrides)

    def __post_init__(self) -> None:
        if not self.annotations:
            raise OptionsError("there are no annotations; give annotations=FILE.json, COCO's keypoint format")
        if not self.predictions and not self.images:
            raise OptionsError(
                "there is nothing to measure; give predictions=RESULTS.json, or images=FOLDER (and weights)"
            )
        if self.predictions and self.weights:
            raise OptionsError("predictions and weights are both given; give one of them")
        if self.protocol not in ("auto", *PROTOCOLS):
            raise OptionsError(f"protocol is {self.protocol!r}; choose one of auto, {', '.join(PROTOCOLS)}")
        if self.precision not in PRECISIONS:
            raise OptionsError(f"precision is {self.precision!r}; choose one of {', '.join(PRECISIONS)}")
        if self.device.split(":")[0] not in DEVICES:
            raise OptionsError(f"device is {self.device!r}; choose one of {', '.join(DEVICES)}, or cuda:N")
        for name, low in (("limit", 1), ("worst", 0)):
            value = getattr(self, name)
            if value is not None and value < low:
                raise OptionsError(f"{name} is {value}; give a whole number from {low}")
        DecodeOptions(**given(self.decoder))

    def estimator(self) -> dict:
        """The options that :func:`bupose.infer.load` takes."""
        names = ("accept_license", "height", "longest", "scales", "flip", "batch", "device", "precision", "threads")
        return {name: getattr(self, name) for name in names} | {"decoder": given(self.decoder)}
