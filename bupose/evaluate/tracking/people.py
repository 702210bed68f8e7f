"""Measures of whole people, matched by their boxes or by object keypoint similarity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from bupose.evaluate.oks import oks_matrix
from bupose.evaluate.tracking.clear import Clear, count_clear
from bupose.evaluate.tracking.hota import Hota, count_hota
from bupose.evaluate.tracking.identity import Identity, count_identity
from bupose.evaluate.tracking.scene import EXACT, Scene, box_overlap
from bupose.evaluate.tracking.tracks import Tracks, TrueTracks

ALIKE = 0.5  # intersection over union, or object keypoint similarity, from which a person is found


@dataclass(frozen=True)
class Counts:
    """Counts of one or several videos; they are added."""

    clear: Clear
    identity: Identity
    hota: Hota

    @classmethod
    def nothing(cls) -> Counts:
        """Of no video."""
        return cls(Clear(), Identity(), Hota.nothing())

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.clear + other.clear, self.identity + other.identity, self.hota + other.hota)

    def scores(self) -> dict[str, float]:
        """Percent, and counts."""
        clear, identity, hota = self.clear, self.identity, self.hota.scores()
        return {
            "MOTA": clear.mota,
            "MOTP": clear.motp,
            "IDF1": identity.idf1,
            **{name: hota[name] for name in ("HOTA", "DetA", "AssA")},
            "recall": clear.recall,
            "precision": clear.precision,
            "objects": clear.objects,
            "missed": clear.missed,
            "false": clear.false,
            "switches": clear.switches,
        }


def count_people(truth: TrueTracks, found: Tracks, sigmas: np.ndarray) -> Counts:
    """MOTA, IDF1 and HOTA of one video's people.

    People of boxes are alike by intersection over union, people with joints by object keypoint similarity; from 0.5 on
    they match. Found people without an id do not count. Those that match a distractor, when all are matched, do not
    either (TrackEval, ``datasets/mot_challenge_2d_box.py``), nor those who match nobody, in a region where nobody is
    annotated.
    """
    scene = scene_of_people(truth, found, sigmas)
    return Counts(count_clear(scene, ALIKE), count_identity(scene, ALIKE), count_hota(scene))


def scene_of_people(truth: TrueTracks, found: Tracks, sigmas: np.ndarray) -> Scene:
    """The scene that :func:`count_people` counts."""
    ids = np.where(truth.ids < 0, -2 - np.arange(len(truth.ids)), truth.ids)  # an unknown person is nobody else
    parts = []
    for n, (q, p) in enumerate(zip(truth.rows, found.rows, strict=True)):
        p = p[found.ids[p] >= 0]
        alike = box_overlap(truth.box[q], found.box[p]) if not len(sigmas) else _oks(truth, q, found, p, sigmas)
        near = np.where(alike >= ALIKE - EXACT, alike, 0)
        rows, columns = linear_sum_assignment(near, maximize=True)
        rows, columns = rows[near[rows, columns] > 0], columns[near[rows, columns] > 0]
        real = ~truth.distractor[q]
        odd = np.isin(np.arange(len(p)), columns[~real[rows]])
        if n in truth.regions:
            odd |= (truth.regions[n].holds(found.xy[p]) > 0) & ~np.isin(np.arange(len(p)), columns)
        parts.append((ids[q[real]], found.ids[p[~odd]], alike[np.ix_(real, ~odd)]))
    return Scene(*zip(*parts, strict=True)) if parts else Scene((), (), ())


def _oks(truth: TrueTracks, q: np.ndarray, found: Tracks, p: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    here = ~np.isnan(truth.xy[q, :, 0])
    return oks_matrix(found.xy[p], np.nan_to_num(truth.xy[q]), here, truth.area[q], truth.box[q], sigmas).T
