"""The cost of each kind of error: average precision if it alone were repaired (Ronchi & Perona 2017, section 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bupose.evaluate.diagnosis import GOOD, KINDS, Diagnosis, PictureErrors
from bupose.evaluate.ground_truth import GroundTruth
from bupose.evaluate.oks import keypoint_similarity, run_coco_eval, summarize
from bupose.evaluate.person_matching import Matched

WRONG = KINDS[1:]


def repair_gains(diagnosis: Diagnosis, truth: GroundTruth) -> dict[str, float]:
    """AP gained by repairing one kind of error.

    A repaired joint is as exact as the system's good joints on average (the paper moves it to the border of good, or
    for a miss of jitter). ``scores``: people are ranked by their true similarity. ``background``, ``duplicates``: these
    people are removed. ``people missed``: they are found, with every labelled joint. Gains are not additive.
    """
    before = _ap([r for p in diagnosis.pictures for r in p.matched.results], truth)
    exact = _typical_similarity(diagnosis, truth)
    repairs = {kind: [kind] for kind in WRONG} | {"all joints": list(WRONG)}
    after = {
        name: [r for p in diagnosis.pictures for r in _with_joints(p, kinds, exact, truth)]
        for name, kinds in repairs.items()
    }
    after["scores"] = [r for p in diagnosis.pictures for r in rank_by_truth(p.matched)]
    after["background"] = [r for p in diagnosis.pictures for r in _without(p, p.background)]
    after["duplicates"] = [r for p in diagnosis.pictures for r in _without(p, p.duplicate)]
    after["people missed"] = [r for p in diagnosis.pictures for r in _with_missed(p, exact, truth)]
    return {name: _ap(results, truth) - before for name, results in after.items()}


def rank_by_truth(matched: Matched) -> list[dict]:
    """A picture's results, each with its similarity to the person it is matched to as its score; 0 where to nobody."""
    similarity = {p: float(matched.similarity[p, q]) for p, q in matched.found}
    return [{**r, "score": similarity.get(p, 0.0)} for p, r in enumerate(matched.results)]


def _ap(results: Sequence[Mapping], truth: GroundTruth) -> float:
    return summarize(run_coco_eval(results, truth))["AP"]


def _typical_similarity(diagnosis: Diagnosis, truth: GroundTruth) -> float:
    """Mean keypoint similarity of the good joints."""
    good = []
    for picture in diagnosis.pictures:
        m = picture.matched
        for p, q in m.found:
            alike = keypoint_similarity(((m.xy[p] - m.truth[q]) ** 2).sum(1), m.area[q], truth.sigmas)
            good += alike[picture.kinds[p] == KINDS.index("good")].tolist()
    return float(np.mean(good)) if good else (1 + GOOD) / 2


def _beside(truth_xy: np.ndarray, area: float, similarity: float, sigmas: np.ndarray) -> np.ndarray:
    """(K, 2): offsets to the right of the true joints at which their keypoint similarity is the given one."""
    away = 2 * sigmas * np.sqrt(-2 * np.log(similarity) * area)
    return truth_xy + np.stack([away, np.zeros_like(away)], 1)


def _with_joints(picture: PictureErrors, kinds: Sequence[str], similarity: float, truth: GroundTruth) -> list[dict]:
    m, out = picture.matched, [dict(r) for r in picture.matched.results]
    for p, q in m.found:
        triples = np.array(out[p]["keypoints"], np.float64).reshape(-1, 3)
        wrong = np.isin(picture.kinds[p], [KINDS.index(k) for k in kinds])
        triples[wrong, :2] = _beside(m.truth[q], m.area[q], similarity, truth.sigmas)[wrong]
        out[p]["keypoints"] = triples.reshape(-1).tolist()
    return out


def _without(picture: PictureErrors, people: np.ndarray) -> list[dict]:
    return [r for p, r in enumerate(picture.matched.results) if p not in set(people.tolist())]


def _with_missed(picture: PictureErrors, similarity: float, truth: GroundTruth) -> list[dict]:
    m, out = picture.matched, list(picture.matched.results)
    for q in m.missed:
        xy = _beside(m.truth[q], m.area[q], similarity, truth.sigmas)
        triples = np.concatenate([xy, np.ones((len(xy), 1))], 1) * m.seen[q][:, None]
        result = {"image_id": m.image_id, "category_id": truth.category["id"], "score": 1.0}
        out.append({**result, "keypoints": triples.reshape(-1).tolist()})
    return out
