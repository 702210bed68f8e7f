"""IDF1: who is who, over a whole video (Ristani et al. 2016)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from bupose.evaluate.tracking.clear import percent
from bupose.evaluate.tracking.scene import EXACT, Scene


@dataclass(frozen=True)
class Identity:
    """Counts; those of several videos are added.

    Parameters
    ----------
    right : int
        Objects found under the id that is theirs.
    objects : int
        True ones.
    found : int
    """

    right: int = 0
    objects: int = 0
    found: int = 0

    def __add__(self, other: Identity) -> Identity:
        return Identity(self.right + other.right, self.objects + other.objects, self.found + other.found)

    @property
    def idf1(self) -> float:
        """Percent: 2 right / (objects + found)."""
        return percent(2 * self.right, self.objects + self.found)

    @property
    def recall(self) -> float:
        """Percent of the objects, IDR."""
        return percent(self.right, self.objects)

    @property
    def precision(self) -> float:
        """Percent of those found, IDP."""
        return percent(self.right, self.found)


def count_identity(scene: Scene, threshold: float = 0.5) -> Identity:
    """Give each true id at most one found id, so that most objects are right over the whole video.

    Two ids go together in every frame where they are similar enough, whatever else is there (TrackEval,
    ``metrics/identity.py``).
    """
    numbered, n, m = scene.numbered()
    together = np.zeros((n, m), np.int64)
    for truth, found, similarity in zip(numbered.truth, numbered.found, numbered.similarity, strict=True):
        together[np.ix_(truth, found)] += similarity >= threshold - EXACT
    right = int(together[linear_sum_assignment(together, maximize=True)].sum())
    return Identity(right, sum(map(len, scene.truth)), sum(map(len, scene.found)))
