"""The person score threshold of a network, chosen on its validation pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bupose import weights
from bupose.data.picture import picture_of
from bupose.estimate.estimator import Estimator
from bupose.evaluate import GroundTruth
from bupose.evaluate.person_matching import Matched, match_all
from bupose.evaluate.results import as_results

SIMILAR = 0.5  # OKS from which a person counts as found, as in AP50


def settle_score(path: Path, samples, truth: GroundTruth) -> float | None:
    """Write ``decoder.min_person_score`` into a network's file: :func:`best_score` on the pictures of ``truth``.

    None, with the file unchanged, if nobody is found.
    """
    net = weights.load(path)
    estimator = Estimator(net, decoder={"min_person_score": 0.0})
    found = {number: estimator(picture_of(samples, number).photo(estimator.pipeline.least)) for number in truth.images}
    score = best_score(match_all(as_results(found, truth), truth, SIMILAR))
    if score is not None:
        net.config = replace(net.config, decoder={**net.config.decoder, "min_person_score": score})
        weights.save(net, path)
    return score


def best_score(matched: Sequence[Matched]) -> float | None:
    """The score threshold of highest F1, half-way between two scores; None if nobody is found.

    F1 is twice the number of people found by the number of predicted plus annotated people.
    """
    found = [(m.results[p]["score"], True) for m in matched for p, _ in m.found]
    false = [(m.results[p]["score"], False) for m in matched for p in m.false]
    if not found:
        return None
    ranked = sorted(found + false, reverse=True)
    scores, right = np.array([score for score, _ in ranked]), np.cumsum([is_found for _, is_found in ranked])
    annotated = sum(int((~m.ignored).sum()) for m in matched)
    f1 = 2 * right / (np.arange(1, len(ranked) + 1) + annotated)
    f1[:-1][scores[:-1] == scores[1:]] = 0  # equal scores cannot be separated
    last = int(np.argmax(f1))
    below = scores[last + 1] if last + 1 < len(scores) else 0.0
    return round(float(scores[last] + below) / 2, 3)
