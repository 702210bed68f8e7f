"""Boxes as a detector draws them around labelled people: what networks for one person meet after training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bupose.annotations.detections import Boxes
from bupose.errors import LabelsError
from bupose.wording import counted

ALIKE = 0.5  # intersection over union from which a detection is that of a labelled person
ENOUGH = 20  # pairs, for a distribution of four numbers


@dataclass(frozen=True)
class Offsets:
    """How detections differ from labelled boxes.

    Parameters
    ----------
    mean : float64 array (4,)
        Of left, top, right and bottom edge, as a share of the labelled width, height, width and height.
    spread : float64 array (4, 4)
        Their covariance.

    Notes
    -----
    The proposal generator of Fang et al. 2017 (RMPE), section 3.4, whose distribution of offsets depends on the pose;
    here one normal distribution serves all poses.
    """

    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def fit(cls, pairs: Iterable[tuple[np.ndarray, Boxes]], name: str) -> Offsets:
        """From the labelled boxes (P, 4) of each photo, x, y, width, height, and its detections.

        Each labelled box is paired with the detection that overlaps it most, and each detection with one box.

        Parameters
        ----------
        pairs : iterable
        name : str
            Of the detections, for the message.

        Raises
        ------
        LabelsError
            There are too few pairs.
        """
        rows = [row for truth, found in pairs for row in _offsets(truth.astype(np.float64), found)]
        if len(rows) < ENOUGH:
            raise LabelsError(
                f"{name} has {counted(len(rows), 'box')} that half overlap a labelled person of these photos; "
                f"{ENOUGH} are needed: give detections of the photos that are trained on"
            )
        return cls(np.mean(rows, 0), np.cov(np.array(rows).T))

    def draw(self, rng: np.random.Generator, box: np.ndarray) -> np.ndarray:
        """float64 (4,): a box as a detector might draw it around a labelled one; 1 px wide and high at least."""
        x, y, width, height = box.astype(np.float64)
        sides = np.array([width, height, width, height])
        left, top, right, bottom = (x, y, x + width, y + height) + rng.multivariate_normal(
            self.mean, self.spread
        ) * sides
        return np.array([left, top, max(right - left, 1.0), max(bottom - top, 1.0)])


def _offsets(truth: np.ndarray, found: Boxes) -> list[np.ndarray]:
    """float64 (4,) of each pair."""
    both = Boxes(np.concatenate([truth, found.xywh]), np.zeros(len(truth) + len(found)))
    overlap = both.overlap()[: len(truth), len(truth) :]
    pairs = []
    while overlap.size and overlap.max() >= ALIKE:
        p, q = np.unravel_index(overlap.argmax(), overlap.shape)
        (x, y, width, height), other = truth[p], found.xywh[q]
        edges = np.concatenate([other[:2], other[:2] + other[2:]]) - (x, y, x + width, y + height)
        pairs.append(edges / (width, height, width, height))
        overlap[p], overlap[:, q] = 0, 0
    return pairs
