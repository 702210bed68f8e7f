"""Where people are: found by a bottom-up network, read from a file, or by a detector."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bupose import weights
from bupose.annotations.detections import Boxes, Detections, read_detections
from bupose.errors import InputError, OptionsError
from bupose.estimate.closer import Each
from bupose.estimate.crops.detector import Detector
from bupose.estimate.crops.options import CropsOptions
from bupose.estimate.preprocess import View
from bupose.images import Photo
from bupose.images.files import quote
from bupose.media.file_names import file_number
from bupose.media.sources import Frame
from bupose.people import People
from bupose.runtimes.onnx_network import open_session
from bupose.track import body_boxes
from bupose.weights.header import KEY
from bupose.wording import counted

if TYPE_CHECKING:
    from bupose.estimate.pipeline import Pipeline

_LOG = logging.getLogger(__name__)


class Finder(Protocol):
    """Finds the boxes of people in photos."""

    def plan(self, photo: Photo, source: object) -> list[View]:
        """What it has to see of a photo, read from ``source``; nothing, if it does not look.

        Raises
        ------
        InputError
            It is not known where the people of this photo are.
        """

    def find(
        self, views: Sequence[Sequence[View]], photos: Sequence[Photo], sources: Sequence[object], each: Each
    ) -> list[Boxes]:
        """The boxes of each photo, in its pixels.

        Parameters
        ----------
        views : sequence of what :meth:`plan` gives, of one shape
        photos : sequence of Photo
        sources : sequence
            What the photos were read from.
        each
            ``map``, or that of a thread pool.
        """


@dataclass(frozen=True)
class BottomUp:
    """Boxes around the people that a bottom-up network finds, with their scores."""

    pipeline: Pipeline

    def plan(self, photo: Photo, source: object) -> list[View]:
        """The network's views."""
        return self.pipeline.plan(photo)

    def find(
        self, views: Sequence[Sequence[View]], photos: Sequence[Photo], sources: Sequence[object], each: Each
    ) -> list[Boxes]:
        """As of :class:`Finder`."""
        looks = self.pipeline.look(views, photos, each)
        return list(each(self._boxes, looks))

    def _boxes(self, look: object) -> Boxes:
        return boxes_of(self.pipeline.people(look))  # type: ignore[arg-type]


def boxes_of(people: People) -> Boxes:
    """Boxes around whole bodies."""
    xywh = body_boxes(people).astype(np.float64)
    return Boxes(xywh + (0.5, 0.5, 0, 0), people.person_score.astype(np.float64))  # from pixels' centres to edges


@dataclass(frozen=True)
class Listed:
    """Boxes from a file, by the pictures' names and numbers."""

    boxes: Detections
    _missed: list[object] = field(default_factory=list)
    _outside: list[object] = field(default_factory=list)

    def plan(self, photo: Photo, source: object) -> list[View]:
        """Nothing is looked at; the errors are those of :meth:`key`."""
        if self.boxes.by_id:
            self.key(source)
        return []

    def find(
        self, views: Sequence[Sequence[View]], photos: Sequence[Photo], sources: Sequence[object], each: Each
    ) -> list[Boxes]:
        """As of :class:`Finder`."""
        found = [self._of(source) if self.boxes.by_id else Boxes.none() for source in sources]
        return [self._inside(*one) for one in zip(found, photos, sources, strict=True)]

    def _inside(self, boxes: Boxes, photo: Photo, source: object) -> Boxes:
        low, high = boxes.xywh[:, :2], boxes.xywh[:, :2] + boxes.xywh[:, 2:]
        inside = ((high > 0) & (low < photo.size)).all(1)
        if not inside.all() and not self._outside:
            _LOG.warning("%s: %d of %s in image %s lie outside it, left out; others are not told",
                         self.boxes.name, (~inside).sum(), counted(len(boxes), "box"), self.key(source))  # fmt: skip
            self._outside.append(source)
        return boxes[inside]

    def _of(self, source: object) -> Boxes:
        key = self.key(source)
        found = self.boxes.by_id.get(key)
        if found is None:
            if not self._missed:
                _LOG.warning("%s has no box in image %s: nobody is looked for there; others are not told",
                             self.boxes.name, key)  # fmt: skip
            self._missed.append(key)
        return Boxes.none() if found is None else found

    def key(self, source: object) -> int | str:
        """The picture's id in the file.

        Raises
        ------
        InputError
            It has neither a name that the file lists, nor a number.
        """
        name = source.file_name if isinstance(source, Frame) else source
        key: int | str | None = None
        if isinstance(name, (str, Path)):
            key = self.boxes.find(str(name))
            if key is None:
                key = source.image_id if isinstance(source, Frame) else file_number(str(name))
        if key is None:
            told = (
                f"{quote(name)} has no number" if isinstance(name, (str, Path)) else "a picture in memory has no name"
            )
            raise InputError(
                f"{told}; {self.boxes.name} knows its pictures by number: call the file by that, as 42.jpg"
            )
        return key


def open_finder(
    boxes: str | Path | Finder | None,
    options: CropsOptions,
    network: Callable[[Path], Pipeline],
    device: str,
    threads: int,
) -> Finder:
    """What finds people.

    Parameters
    ----------
    boxes : path, name or Finder, optional
        A file of boxes (.json), a detector (.onnx), or a bottom-up network, by default the one shipped with bupose.
    options : CropsOptions
    network : callable
        The pipeline of a network's file.
    device, threads
        Of a detector.

    Raises
    ------
    BuposeError
        No such file, or not what its name says.
    """
    if boxes is not None and not isinstance(boxes, (str, Path)):
        return boxes
    if boxes is not None and Path(boxes).suffix.lower() == ".json":
        return Listed(read_detections(boxes, options.label))
    path = weights.resolve(boxes)
    if path.suffix.lower() == ".onnx":
        session = open_session(path, device, threads)
        if KEY not in session.get_modelmeta().custom_metadata_map:
            return Detector(session, path, options)
    pipeline = network(path)
    if pipeline.codec.single:
        raise OptionsError(
            f"boxes={quote(path)} is a network for one person, which finds no others; give a bottom-up network, a "
            "detector or a file of boxes"
        )
    least = {"min_person_score": min(options.min_box_score, 1.0)}
    return BottomUp(replace(pipeline, codec=pipeline.codec.with_decoder(**least)))
