"""Samples of data sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bupose.people import Labels


@dataclass(frozen=True)
class Sample:
    """A picture with its labels, from a data set or augmentation.

    Parameters
    ----------
    image : uint8 array (H, W, 3)
        RGB.
    labels : Labels
        The annotated people, in the picture's pixels.
    ignore : bool array (H, W), optional
        True where labels are unknown (crowds, unannotated people), excluded from loss and evaluation.
    name : str
        A name for messages and files.
    image_id : int or str
        Id in results.
    """

    image: np.ndarray
    labels: Labels
    ignore: np.ndarray | None = None
    name: str = ""
    image_id: int | str = 0
