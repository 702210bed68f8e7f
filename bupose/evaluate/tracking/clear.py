"""MOTA and MOTP, the CLEAR measures (Bernardin & Stiefelhagen 2008)."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from bupose.evaluate.tracking.scene import EXACT, Scene, match_most


@dataclass(frozen=True)
class Clear:
    """Counts over all frames; those of several videos are added.

    Parameters
    ----------
    objects : int
        True ones.
    matches : int
        Found ones, switches among them.
    missed : int
    false : int
        Found where there is none.
    switches : int
        Matches with another id than that object's match before.
    similarity : float
        Sum over the matches.
    """

    objects: int = 0
    matches: int = 0
    missed: int = 0
    false: int = 0
    switches: int = 0
    similarity: float = 0.0

    def __add__(self, other: Clear) -> Clear:
        return Clear(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def mota(self) -> float:
        """Percent: 100 (1 − (missed + false + switches) / objects); NaN without objects."""
        return 100 - percent(self.missed + self.false + self.switches, self.objects)

    @property
    def motp(self) -> float:
        """Percent: mean similarity of the matches."""
        return percent(self.similarity, self.matches)

    @property
    def recall(self) -> float:
        """Percent of the objects that are found."""
        return percent(self.matches, self.objects)

    @property
    def precision(self) -> float:
        """Percent of those found that are objects."""
        return percent(self.matches, self.matches + self.false)


def count_clear(scene: Scene, threshold: float = 0.5) -> Clear:
    """Match each frame, and count.

    An object keeps its last match as long as the two are similar enough, whatever else is nearer; the others are
    matched so that as many as possible are, and then are as similar as possible. This is py-motmetrics'
    ``MOTAccumulator.update``, which poseval uses, too.
    """
    last: dict[int, int] = {}
    objects = matches = false = switches = 0
    total = 0.0
    for truth, found, similarity in zip(scene.truth, scene.found, scene.similarity, strict=True):
        pairs = _keep(truth, found, similarity, last, threshold)
        rows, columns = (np.setdiff1d(np.arange(n), [*used]) for n, used in zip(similarity.shape, _ends(pairs)))
        q, p = match_most(similarity[np.ix_(rows, columns)], threshold)
        pairs |= dict(zip(rows[q].tolist(), columns[p].tolist(), strict=True))
        for q_, p_ in pairs.items():
            was, now = last.get(int(truth[q_])), int(found[p_])
            switches += was is not None and was != now
            last[int(truth[q_])] = now
            total += float(similarity[q_, p_])
        objects, matches, false = objects + len(truth), matches + len(pairs), false + len(found) - len(pairs)
    return Clear(objects, matches, objects - matches, false, switches, total)


def _keep(truth: np.ndarray, found: np.ndarray, similarity: np.ndarray, last: dict, threshold: float) -> dict[int, int]:
    """Pairs (true, found) that go on; of two objects with the same last match the first has it."""
    place = {int(i): p for p, i in enumerate(found)}
    kept: dict[int, int] = {}
    for q, i in enumerate(truth.tolist()):
        p = place.get(last.get(i, -1)) if i in last else None
        if p is not None and p not in kept.values() and similarity[q, p] >= threshold - EXACT:
            kept[q] = p
    return kept


def _ends(pairs: dict[int, int]) -> tuple:
    return pairs.keys(), pairs.values()


def percent(part: float, whole: float) -> float:
    """NaN of nothing."""
    return 100 * part / whole if whole else float("nan")
