"""What a network says of annotated pictures."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from bupose.errors import BuposeError, LabelsError
from bupose.evaluate.truth import Truth
from bupose.infer import Estimator
from bupose.paths import expand
from bupose.people import People


def predict(estimator: Estimator, truth: Truth, images: str | Path, *, progress: bool = False) -> dict[int, People]:
    """Image id -> people, for every annotated picture.

    Parameters
    ----------
    estimator : Estimator
    truth : Truth
    images : folder of the photos, by the annotations' ``file_name``
    progress : bool
        Show a bar on stderr, where that is a terminal.

    Raises
    ------
    InputError
        A photo cannot be read.
    """
    found, unreadable = predict_readable(estimator, truth, images, progress=progress)
    for problem in unreadable.values():
        raise problem
    return found


def predict_readable(
    estimator: Estimator, truth: Truth, images: str | Path, *, progress: bool = False
) -> tuple[dict[int, People], dict[int, BuposeError]]:
    """As :func:`predict`, but photos that cannot be read are only told: image id -> people, and image id -> problem.

    Raises
    ------
    LabelsError
        The annotations do not name a photo.
    """
    if lost := [i for i, image in truth.images.items() if not image["file_name"]]:
        raise LabelsError(f"image {lost[0]!r:.40} has no file_name; name its photo in the annotations")
    folder = expand(images)
    paths = [folder / image["file_name"] for image in truth.images.values()]
    estimates: Iterable = tqdm(
        estimator.stream(paths), total=len(paths), unit="picture", file=sys.stderr, disable=None if progress else True
    )
    found, unreadable = {}, {}
    for image_id, estimate in zip(truth.images, estimates, strict=True):
        if estimate.problem is None:
            found[image_id] = estimate.people
        else:
            unreadable[image_id] = estimate.problem
    return found, unreadable
