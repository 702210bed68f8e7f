"""What the measures of tracking count: who is there in each frame, who is found, and how alike they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from bupose.errors import LabelsError

EXACT = float(np.finfo(float).eps)  # below a threshold by this much is still on it, as in TrackEval


@dataclass(frozen=True)
class Scene:
    """One video's true and found objects, frame by frame.

    An object is a person, or one joint of a person, under the person's id.

    Parameters
    ----------
    truth : sequence of T int arrays (Q,)
        Ids of the true objects.
    found : sequence of T int arrays (P,)
        Ids of those found.
    similarity : sequence of T float arrays (Q, P)
        At most 1; nothing below 0 is ever a match.

    Raises
    ------
    LabelsError
        An id stands twice in a frame, or the arrays do not fit together.
    """

    truth: Sequence[np.ndarray]
    found: Sequence[np.ndarray]
    similarity: Sequence[np.ndarray]

    def __post_init__(self) -> None:
        for t, (truth, found, similarity) in enumerate(zip(self.truth, self.found, self.similarity, strict=True)):
            if similarity.shape != (len(truth), len(found)):
                expected = f"({len(truth)}, {len(found)})"
                raise LabelsError(f"the similarity in frame {t} has shape {similarity.shape}; it must be {expected}")
            for ids, whose in ((truth, "annotated"), (found, "found")):
                if len(set(ids.tolist())) < len(ids):
                    raise LabelsError(f"in frame {t} an id stands twice among those {whose}; give each person its own")

    def __len__(self) -> int:
        return len(self.truth)

    def numbered(self) -> tuple[Scene, int, int]:
        """The same with ids from 0 without gaps, and how many there are of the true and the found."""
        (truth, n), (found, m) = _number(self.truth), _number(self.found)
        return Scene(truth, found, self.similarity), n, m


def _number(ids: Sequence[np.ndarray]) -> tuple[list[np.ndarray], int]:
    known, numbers = np.unique(np.concatenate([np.zeros(0, int), *ids]), return_inverse=True)
    ends = np.cumsum([len(one) for one in ids])[:-1]
    return np.split(numbers, ends), len(known)


def match_most(similarity: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of as many pairs as possible from ``threshold`` on; of such matchings, the most similar."""
    fits = similarity >= threshold - EXACT
    rows, columns = linear_sum_assignment(np.where(fits, similarity + min(similarity.shape) + 1, 0), maximize=True)
    real = fits[rows, columns]
    return rows[real], columns[real]


def box_overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """float64 (Q, P): intersection over union of boxes (Q, 4) with (P, 4): x, y, width, height."""
    a, b = np.asarray(a, np.float64)[:, None], np.asarray(b, np.float64)[None]
    sides = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    both = sides.clip(0).prod(-1)
    whole = a[..., 2:].prod(-1) + b[..., 2:].prod(-1) - both
    return np.divide(both, whole, out=np.zeros_like(both), where=whole > 0)
