"""A mixture of data sets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bupose.annotations.categories import CategoryOptions
from bupose.data.picture import Picture, picture_of
from bupose.errors import LabelsError, OptionsError
from bupose.images.sample import Sample

MOST_TURNS = 20_000_000  # length of a mixture, about 50 bytes per entry


class Mixture:
    """A data set that interleaves several sets by weight.

    Its length lets every picture of every set come up at least once; smaller sets repeat.

    Parameters
    ----------
    sets : list of sequences of samples, of one skeleton
    weights : list of numbers above 0
    seed : int

    Raises
    ------
    OptionsError
        No sets, or weights that do not fit.
    LabelsError
        The sets are of different skeletons.
    """

    def __init__(self, sets: list, weights: list[float], seed: int = 0) -> None:
        if not sets or len(sets) != len(weights) or not all(w > 0 for w in weights):
            raise OptionsError(f"a mixture of {len(sets)} sets got weights {weights}; give one above 0 for each set")
        self.skeleton = sets[0].skeleton
        for other in sets[1:]:
            if other.skeleton != self.skeleton:
                names = f"{self.skeleton.name!r} and {other.skeleton.name!r}"
                raise LabelsError(f"sets of the skeletons {names} cannot be mixed; give all of them the same skeleton=")
        self._sets = sets
        share = np.array(weights, float) / sum(weights)
        lengths = np.array([len(s) for s in sets])
        count = int(np.ceil((lengths / share).max() - 1e-9))
        if count > MOST_TURNS:
            raise OptionsError(
                f"a mixture in which every picture comes up once is {count:,} long, more than {MOST_TURNS:,}; "
                "give weights less far apart, or a limit or count to the largest set"
            )
        # Entry n of a set of share s comes at time (n + 0.5) / s, which spreads entries evenly.
        places = [
            (np.arange(max(round(count * s), length)) + 0.5) / s for s, length in zip(share, lengths, strict=True)
        ]
        turn = np.argsort(np.concatenate(places), kind="stable")
        which = np.concatenate([np.full(len(p), n) for n, p in enumerate(places)])
        rows = np.concatenate([_orders(len(p), n, (seed, k)) for k, (p, n) in enumerate(zip(places, lengths))])
        self._which, self._rows = which[turn].astype(np.int32), rows[turn].astype(np.int32)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on reading each set's annotations."""
        return tuple(dict.fromkeys(note for s in self._sets for note in getattr(s, "notes", ())))

    @property
    def category(self) -> CategoryOptions:
        """That of the first set."""
        return getattr(self._sets[0], "category", CategoryOptions())

    def empty(self) -> Iterator[tuple[str, str]]:
        """File names of all photos without labelled joints, with reasons, of all sets."""
        for samples in self._sets:
            yield from samples.empty() if hasattr(samples, "empty") else ()

    def __len__(self) -> int:
        return len(self._which)

    def __getitem__(self, i: int) -> Sample:
        return self._sets[self._which[i]][int(self._rows[i])]

    def picture(self, i: int) -> Picture:
        """A picture, undecoded if the set supports it."""
        return picture_of(self._sets[self._which[i]], int(self._rows[i]))

    def counts(self) -> list[int]:
        """Number of entries of each set."""
        return np.bincount(self._which, minlength=len(self._sets)).tolist()


def _orders(count: int, length: int, seed: tuple[int, int]) -> np.ndarray:
    """Indices into a set of ``length``, each once before any repeats."""
    rng = np.random.default_rng(seed)
    rounds = [rng.permutation(length) for _ in range(-(-count // length))]
    return np.concatenate(rounds)[:count]
