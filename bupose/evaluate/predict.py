"""What a network says of annotated pictures."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from bupose.evaluate.truth import Truth
from bupose.infer import Estimator
from bupose.people import People


def predict(estimator: Estimator, truth: Truth, images: str | Path, *, progress: bool = False) -> dict[int, People]:
    """Image id -> people, for every annotated picture.

    Parameters
    ----------
    estimator : Estimator
    truth : Truth
    images : folder of the photos, by the annotations' ``file_name``
    progress : bool
        Show a bar on stderr.

    Raises
    ------
    InputError
        A photo cannot be read.
    """
    paths = [Path(images).expanduser() / str(image["file_name"]) for image in truth.images.values()]
    estimates: Iterable = tqdm(
        estimator.stream(paths), total=len(paths), unit="picture", file=sys.stderr, disable=not progress
    )
    found = {}
    for image_id, estimate in zip(truth.images, estimates, strict=True):
        if estimate.problem is not None:
            raise estimate.problem
        found[image_id] = estimate.people
    return found
