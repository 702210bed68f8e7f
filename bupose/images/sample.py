"""One picture and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bupose.people import Labels


@dataclass(frozen=True)
class Sample:
    """A picture with its labels, as data sets give it and augmentation changes it.

    Parameters
    ----------
    image : uint8 array (H, W, 3)
        RGB.
    labels : Labels
        The annotated people, in the picture's pixels.
    ignore : bool array (H, W), optional
        True where nothing is known (crowds, unlisted people): no loss, no false alarms there.
    name : str
        A name for messages and files.
    image_id : int or str
        What results refer to.
    """

    image: np.ndarray
    labels: Labels
    ignore: np.ndarray | None = None
    name: str = ""
    image_id: int | str = 0
