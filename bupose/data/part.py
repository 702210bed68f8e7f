"""Subsets of a data set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bupose.annotations.categories import CategoryOptions
from bupose.data.picture import Picture, picture_of
from bupose.errors import LabelsError
from bupose.images.sample import Sample
from bupose.wording import counted


class Part:
    """A subset of a data set.

    Parameters
    ----------
    samples : sequence of samples
    rows : sequence of int
        Indices of the samples.
    """

    def __init__(self, samples, rows: Sequence[int] | np.ndarray) -> None:
        self._samples, self._rows, self.skeleton = samples, np.array(rows, np.int64), samples.skeleton

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on reading the whole set's annotations."""
        return getattr(self._samples, "notes", ())

    @property
    def category(self) -> CategoryOptions:
        """That of the whole set."""
        return getattr(self._samples, "category", CategoryOptions())

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, i: int) -> Sample:
        return self._samples[int(self._rows[i])]

    def picture(self, i: int) -> Picture:
        """A picture, undecoded if the set supports it."""
        return picture_of(self._samples, int(self._rows[i]))


def hold_out(samples, share: float, seed: int = 0) -> tuple[Part, Part]:
    """Split a data set into the rest and a held-out share, determined by the seed.

    Raises
    ------
    LabelsError
        Fewer than two pictures.
    """
    count = len(samples)
    if count < 2:
        raise LabelsError(
            f"the data has {counted(count, 'picture')}, none of which can be held out; give more, or val.annotations="
        )
    held = min(max(round(share * count), 1), count - 1)
    order = np.random.default_rng(seed).permutation(count)
    return Part(samples, np.sort(order[held:])), Part(samples, np.sort(order[:held]))
