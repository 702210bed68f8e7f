"""HOTA, higher order tracking accuracy (Luiten et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.optimize import linear_sum_assignment

from bupose.evaluate.tracking.scene import EXACT, Scene

THRESHOLDS = np.arange(0.05, 0.99, 0.05)  # of the similarity


def _zeros() -> np.ndarray:
    return np.zeros(len(THRESHOLDS))


@dataclass(frozen=True)
class Hota:
    """Counts at each threshold, float64 arrays (19,); those of several videos are added.

    Parameters
    ----------
    matches, objects, found
        Pairs, true objects, and those found.
    association, recalled, precise
        Sums over the pairs of the share of frames that the two ids have in common: of those where either is, where the
        true one is, where the found one is.
    similarity
        Sum over the pairs.
    """

    matches: np.ndarray
    objects: np.ndarray
    found: np.ndarray
    association: np.ndarray
    recalled: np.ndarray
    precise: np.ndarray
    similarity: np.ndarray

    @classmethod
    def nothing(cls) -> Hota:
        """Of no video."""
        return cls(*(_zeros() for _ in fields(cls)))

    def __add__(self, other: Hota) -> Hota:
        return Hota(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def scores(self) -> dict[str, float]:
        """Percent, means over the thresholds: HOTA, DetA, AssA, DetRe, DetPr, AssRe, AssPr, LocA."""
        m = self.matches
        either = self.objects + self.found - m
        detection, association = m / np.maximum(1, either), self.association / np.maximum(1, m)
        values = {
            "HOTA": np.sqrt(detection * association),
            "DetA": detection,
            "AssA": association,
            "DetRe": m / np.maximum(1, self.objects),
            "DetPr": m / np.maximum(1, self.found),
            "AssRe": self.recalled / np.maximum(1, m),
            "AssPr": self.precise / np.maximum(1, m),
            "LocA": np.where(m > 0, self.similarity / np.maximum(1, m), 1),  # as TrackEval has it
        }
        empty = not either.any()
        return {name: float("nan") if empty else 100 * float(value.mean()) for name, value in values.items()}


def count_hota(scene: Scene, aligned: bool = True) -> Hota:
    """Match each frame, and count at every threshold.

    Parameters
    ----------
    aligned : bool
        Prefer pairs of ids that go together over the whole video, as HOTA is defined (equation 12; TrackEval,
        ``metrics/hota.py``). PoseTrack21's kit matches joints by their similarity alone (``hota_pose.py``).
    """
    scene, n, m = scene.numbered()
    together, lives, shown = np.zeros((n, m)), np.zeros((n, 1)), np.zeros((1, m))
    for truth, found, similarity in zip(scene.truth, scene.found, scene.similarity, strict=True):
        either = similarity.sum(0) + similarity.sum(1, keepdims=True) - similarity
        share = np.divide(similarity, either, out=np.zeros_like(either), where=either > EXACT)
        together[np.ix_(truth, found)] += share
        lives[truth] += 1
        shown[0, found] += 1
    bond = together / np.maximum(lives + shown - together, 1) if aligned else np.ones((n, m))

    similar = _zeros()
    pairs, rights = [np.zeros(0, int)], [np.zeros((len(THRESHOLDS), 0), bool)]
    for truth, found, similarity in zip(scene.truth, scene.found, scene.similarity, strict=True):
        q, p = linear_sum_assignment(bond[np.ix_(truth, found)] * similarity, maximize=True)
        alike = similarity[q, p]
        right = alike >= THRESHOLDS[:, None] - EXACT
        similar += (right * alike).sum(1)
        pairs.append(truth[q] * m + found[p])
        rights.append(right)
    known, which = np.unique(np.concatenate(pairs), return_inverse=True)
    frames = np.array([np.bincount(which, right, len(known)) for right in np.concatenate(rights, 1)])
    life, show = lives[known // max(m, 1), 0], shown[0, known % max(m, 1)]
    either, true, their = (
        (frames * frames / np.maximum(1, whole)).sum(1) for whole in (life + show - frames, life, show)
    )
    one = np.ones(len(THRESHOLDS))
    return Hota(frames.sum(1), one * lives.sum(), one * shown.sum(), either, true, their, similar)
