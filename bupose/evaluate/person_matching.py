"""Matching of predicted to annotated people, as in COCO's evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bupose.evaluate.ground_truth import GroundTruth
from bupose.evaluate.oks import oks_matrix
from bupose.evaluate.results import result_arrays, results_by_image
from bupose.evaluate.undeclared import add_undeclared

LOOSE = 0.1  # minimum similarity of a match (Ronchi & Perona 2017, section 3)


@dataclass(frozen=True)
class Matched:
    """One picture's predicted people P and annotated people Q.

    Parameters
    ----------
    image_id : of the picture
    results : P COCO result dicts, the best score first
    rows : int array (Q,)
        Indices of the annotations in the ground truth.
    xy : float64 array (P, K, 2), pixels
        Predicted joints, NaN where absent.
    truth : float64 array (Q, K, 2), pixels
    seen : bool array (Q, K)
        Labelled joints.
    area : float64 array (Q,), pixels²
    ignored : bool array (Q,)
        Crowds and people without keypoints.
    similarity : float64 array (P, Q)
        Object keypoint similarity.
    whose : int array (P,)
        The annotated person of each predicted one, −1 for none.
    """

    image_id: object
    results: list[dict]
    rows: np.ndarray
    xy: np.ndarray
    truth: np.ndarray
    seen: np.ndarray
    area: np.ndarray
    ignored: np.ndarray
    similarity: np.ndarray
    whose: np.ndarray

    @property
    def found(self) -> list[tuple[int, int]]:
        """Pairs (predicted, annotated) of people who count."""
        return [(p, int(q)) for p, q in enumerate(self.whose) if q >= 0 and not self.ignored[q]]

    @property
    def missed(self) -> np.ndarray:
        """int: annotated people without a matching prediction."""
        return np.setdiff1d(np.flatnonzero(~self.ignored), self.whose)

    @property
    def false(self) -> np.ndarray:
        """int: predicted people who match nobody, nor a crowd."""
        return np.flatnonzero(self.whose < 0)


def match_all(results: Sequence[Mapping], truth: GroundTruth, threshold: float = LOOSE) -> list[Matched]:
    """Match the people of every picture."""
    found = results_by_image(results, truth)
    return [_match(i, found[i], rows, truth, threshold) for i, rows in truth.rows.items()]


def _match(image_id, results: list[dict], rows: np.ndarray, truth: GroundTruth, threshold: float) -> Matched:
    xy, _ = result_arrays(results, len(truth.joints))
    true_xy, visibility, area = truth.xy[rows], truth.visibility[rows], truth.area[rows]
    similarity = oks_matrix(xy, true_xy, visibility, area, truth.box[rows], truth.sigmas)
    add_undeclared(similarity, xy, [truth.undeclared[n] for n in rows])
    ignored = ~truth.person[rows]
    whose = match_people(similarity, ignored, truth.crowd[rows], threshold)
    return Matched(image_id, results, rows, xy, true_xy, visibility > 0, area, ignored, similarity, whose)


def match_people(similarity: np.ndarray, ignored: np.ndarray, crowd: np.ndarray, threshold: float) -> np.ndarray:
    """int (P,): for each prediction, best first, the most similar unmatched person; −1 below ``threshold``.

    People who count are preferred to ignored ones; crowds may be matched repeatedly (pycocotools, cocoeval.py,
    ``evaluateImg``).
    """
    whose = np.full(len(similarity), -1)
    free = np.ones(similarity.shape[1], bool)
    for p, row in enumerate(similarity):
        for group in (~ignored, ignored):
            able = np.flatnonzero(group & free & (row >= threshold))
            if able.size:
                whose[p] = able[np.argmax(row[able])]
                free[whose[p]] = crowd[whose[p]]
                break
    return whose
