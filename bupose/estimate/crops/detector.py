"""A detector of people in an ONNX file that is not bupose's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bupose.annotations.detections import Boxes
from bupose.errors import OptionsError, WeightsError
from bupose.estimate.closer import Each
from bupose.estimate.crops.layouts import LAYOUTS, choose_layout, without_batch
from bupose.estimate.crops.options import CropsOptions
from bupose.estimate.preprocess import View, network_size, prepare
from bupose.estimate.suppress import keep_unlike
from bupose.images import Photo
from bupose.nn.normalisation import NORMALISATIONS
from bupose.runtimes.exported import first_line
from bupose.weights.header import quoted

PAD = (114, 114, 114)  # grey around a picture, as of YOLO
SAME_BOX = 0.7  # intersection over union from which two boxes are one: Ultralytics' default
MOST = 1000  # boxes compared with each other
_IMAGENET = NORMALISATIONS["imagenet"]
KINDS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}


class Detector:
    """A :class:`bupose.estimate.crops.finders.Finder` that runs a detector.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
    path : Path
        For messages.
    options : CropsOptions

    Raises
    ------
    WeightsError
        Its inputs or outputs are of no kind that is understood.
    OptionsError
        It has no such class.
    """

    def __init__(self, session: Any, path: Path, options: CropsOptions) -> None:
        self._session, self._path, self._options = session, path, options
        first, *others = session.get_inputs()
        self._image, self._flat = first.name, len(first.shape) == 3
        self._sizes = [one.name for one in others]
        sides = first.shape[-2:]
        whole = all(isinstance(side, int) and side > 0 for side in sides)
        given = (sides[1], sides[0]) if whole else (-(-options.size // 32) * 32,) * 2
        self.shape: tuple[int, int] = (int(given[0]), int(given[1]))
        usable = (
            len(first.shape) in (3, 4)
            and (first.shape[-3] == 3 or not isinstance(first.shape[-3], int))
            and first.type in KINDS
        )
        if not usable or any(one.type != "tensor(int64)" or len(one.shape) != 2 for one in others):
            got = ", ".join(f"{one.name} {one.type} {one.shape}" for one in (first, *others))
            raise WeightsError(
                f"{quoted(path)} is no detector that bupose can run: it takes {got}; wanted are pictures "
                "(1, 3, height, width), and at most their sizes (1, 2)"
            )
        self._kind = KINDS[first.type]
        grey = self._run(np.full((*self.shape[::-1], 3), 114, np.uint8), "unit")
        layout = choose_layout(grey)
        if layout is None:
            got = ", ".join(str(one.shape) for one in grey)
            raise WeightsError(
                f"{quoted(path)} is no detector that bupose reads: for a picture it gives {got}; understood are "
                f"{'; '.join(one.shapes for one in LAYOUTS)}"
            )
        self.layout, sized = layout, bool(self._sizes)
        self._stretched = layout.stretched or sized
        usual = 0 if sized else layout.label(grey)
        self.label = usual if options.label is None else options.label
        try:
            layout.read(grey, self.label, self.shape)
        except IndexError:
            raise OptionsError(f"crops.label is {self.label}; {quoted(path)} has fewer classes: leave it out") from None
        self._pixels = layout.pixels if options.pixels == "auto" else options.pixels

    def plan(self, photo: Photo, source: object) -> list[View]:
        """The photo as the detector's input: stretched to it, or fitted into its upper left."""
        size = self.shape if self._stretched else network_size(photo.size, self.shape[1], self.shape[0])
        size = (min(size[0], self.shape[0]), min(size[1], self.shape[1]))
        view = prepare(photo, size, 1, PAD)
        below, right = self.shape[1] - size[1], self.shape[0] - size[0]
        pixels = np.pad(view.pixels, ((0, below), (0, right), (0, 0)), constant_values=PAD[0])
        return [View(pixels, view.matrix, size)]

    def find(
        self, views: Sequence[Sequence[View]], photos: Sequence[Photo], sources: Sequence[object], each: Each
    ) -> list[Boxes]:
        """Boxes of people, best first, without those that overlap a surer one by ``SAME_BOX``."""
        return [self._find(view) for (view,) in views]

    def _find(self, view: View) -> Boxes:
        corners, score = self.layout.read(self._run(view.pixels, self._pixels), self.label, self.shape)
        known = np.isfinite(corners).all(1) & np.isfinite(score)
        corners, score = corners[known].astype(np.float64), np.clip(score[known].astype(np.float64), 0, 1)
        corners /= np.tile(view.matrix[[0, 1], [0, 1]], 2)  # edges of borders stay edges of borders
        xywh = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], 1)
        boxes = Boxes(xywh, score)[(xywh[:, 2:] > 0).all(1)].best(MOST, self._options.min_box_score)
        return boxes[keep_unlike(boxes.overlap(), SAME_BOX)]

    def _run(self, pixels: np.ndarray, how: str) -> list[np.ndarray]:
        """Outputs for a uint8 picture (H, W, 3), RGB, without the batch axis."""
        image = pixels[..., ::-1] if how == "bytes_bgr" else pixels
        if self._kind is not np.uint8 and how in ("unit", "imagenet"):
            image = image / np.float32(255)
        if how == "imagenet":
            mean, std = (np.array(values, np.float32) / 255 for values in (_IMAGENET.mean, _IMAGENET.std))
            image = (image - mean) / std
        batch = np.ascontiguousarray(image.transpose(2, 0, 1), self._kind)
        fed = {self._image: batch if self._flat else batch[None]}
        fed |= {name: np.array([self.shape], np.int64) for name in self._sizes}
        try:
            outputs = self._session.run(None, fed)
        except Exception as problem:  # onnxruntime's own kinds
            raise WeightsError(
                f"{quoted(self._path)} cannot be computed for a picture of {self.shape[0]}x{self.shape[1]} px: "
                f"{first_line(problem)}; try another crops.size"
            ) from None
        return without_batch([np.asarray(one) for one in outputs])
