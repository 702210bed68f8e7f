"""openpifpaf's ``Predictor``, with a network of bupose's inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from bupose.errors import InputError
from bupose.estimate.estimator import load
from bupose.estimate.stream import Failure
from bupose.exchange.coco_results import results_skeleton
from bupose.exchange.formats.openpifpaf import as_openpifpaf
from bupose.people import People

Answer = tuple[list[Any], list[Any], dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Annotation:
    """A person as openpifpaf's ``Annotation``.

    Parameters
    ----------
    people : People
        This person alone; joints are COCO's if they have all of these, else their own.
    """

    people: People
    category_id: int = 1

    @property
    def data(self) -> np.ndarray:
        """float32 (K, 3): x, y (pixels) and score of each joint, 0 where it is absent."""
        return self.people.triples()[0].astype(np.float32)

    @property
    def keypoints(self) -> tuple[str, ...]:
        """Names of the joints."""
        return self.people.skeleton.joints

    @property
    def skeleton(self) -> list[list[int]]:
        """Limbs, as pairs of joints counted from 1."""
        return (self.people.skeleton.limb_joints + 1).tolist()

    @property
    def score(self) -> float:
        """Of the person."""
        return float(self.people.person_score[0])

    def bbox(self) -> list[float]:
        """x, y, width, height of the joints' box, pixels."""
        return self.people.boxes()[0].tolist()

    def json_data(self) -> dict[str, Any]:
        """Ready for JSON: ``keypoints``, ``bbox``, ``score``, ``category_id``."""
        return as_openpifpaf(self.people)[0]


class Predictor:
    """Called as ``openpifpaf.Predictor``; every answer is (annotations, ground truth: none, meta).

    Parameters
    ----------
    checkpoint : str or path, optional
        A network of bupose's, as for :func:`bupose.load`; by default the one that comes along.
    json_data : bool
        Give dicts instead of annotations.
    **options
        Those of :class:`bupose.Estimator`.
    """

    def __init__(self, checkpoint: str | None = None, *, json_data: bool = False, **options: Any) -> None:
        self.json_data = json_data
        self.estimator = load(checkpoint, **options)

    def images(self, file_names: Iterable[Any]) -> Iterator[Answer]:
        """The answer for each file, in order.

        Of a file that cannot be read it has no annotations, and meta the reason as ``error`` instead of
        ``width_height``; openpifpaf's own ends there.
        """
        for number, estimate in enumerate(self.estimator.stream(file_names)):
            meta: dict[str, Any] = {"dataset_index": number}
            if isinstance(estimate.source, str):
                meta["file_name"] = estimate.source
            if isinstance(estimate, Failure):
                yield [], [], meta | {"error": str(estimate.problem)}
                continue
            meta["width_height"] = estimate.size
            people = estimate.people.to(results_skeleton(estimate.people.skeleton))
            if self.json_data:
                yield as_openpifpaf(people), [], meta
            else:
                yield [Annotation(people[n]) for n in range(len(people))], [], meta

    def image(self, file_name: Any) -> Answer:
        """That of one file.

        Raises
        ------
        InputError
            It cannot be read.
        """
        answer = next(self.images([file_name]))
        if "error" in answer[2]:
            raise InputError(answer[2]["error"])
        return answer

    def image_file(self, file_pointer: IO[bytes]) -> Answer:
        """That of an open file."""
        return self.image(file_pointer.read())

    pil_images = numpy_images = images
    pil_image = numpy_image = image
