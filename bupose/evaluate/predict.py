"""Predictions of a network for annotated pictures."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from bupose.data.video_frames import bring_frames
from bupose.errors import BuposeError, LabelsError
from bupose.estimate import Estimator, Failure
from bupose.evaluate.ground_truth import GroundTruth, annotated_size
from bupose.media.sources import Frame
from bupose.paths import expand
from bupose.people import People


@dataclass(frozen=True)
class Predictions:
    """Predictions of a network for annotated pictures.

    Parameters
    ----------
    shown : dict of image id to People
        With the estimator's own options.
    ranked : dict of image id to People
        From the same maps everybody, whatever the score.
    unreadable : dict of image id to BuposeError
        Pictures that could not be read.
    """

    shown: dict[int, People] = field(default_factory=dict)
    ranked: dict[int, People] = field(default_factory=dict)
    unreadable: dict[int, BuposeError] = field(default_factory=dict)


def predict(estimator: Estimator, truth: GroundTruth, images: str | Path, *, progress: bool = False) -> Predictions:
    """Predict the people of every annotated picture.

    Parameters
    ----------
    estimator : Estimator
    truth : GroundTruth
    images : folder of the photos, by the annotations' ``file_name``
    progress : bool
        Show a progress bar on stderr, if that is a terminal.

    Raises
    ------
    LabelsError
        An annotated picture has no file name.
    """
    if lost := [i for i, image in truth.images.items() if not image["file_name"]]:
        raise LabelsError(f"image {lost[0]!r:.40} has no file_name; name its photo in the annotations")
    folder, photos = expand(images), []
    bring_frames(truth.images.values(), folder)
    for image_id, image in truth.images.items():
        name = image["file_name"]
        photos.append(Frame(name, name, image_id, folder / name, size=annotated_size(image)))
    estimates: Iterable = tqdm(
        estimator.stream(photos, keep_fields=True),
        total=len(photos),
        unit="picture",
        file=sys.stderr,
        disable=None if progress else True,
    )
    found, everybody = Predictions(), estimator.showing_everybody().pipeline
    for image_id, estimate in zip(truth.images, estimates, strict=True):
        if isinstance(estimate, Failure):
            found.unreadable[image_id] = estimate.problem
            continue
        found.shown[image_id] = estimate.people
        found.ranked[image_id] = everybody.people(estimate.look)
    return found
