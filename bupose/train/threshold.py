"""The score from which a network's people are to be believed, as the pictures that it was measured on tell."""

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

SIMILAR = 0.5  # the similarity from which somebody is found, as AP50 has it


def settle_score(path: Path, samples, truth: GroundTruth) -> float | None:
    """Write ``decoder.min_person_score`` into a network's file: :func:`best_score` on the pictures of ``truth``.

    None, and the file as it was, where nobody is found in them.
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
    """In the middle between the worst score that is worth believing and the next below it; None where there is none.

    Worth it is what gives the highest F1: twice those found, by all predicted and all annotated together.
    """
    found = [(m.results[p]["score"], True) for m in matched for p, _ in m.found]
    false = [(m.results[p]["score"], False) for m in matched for p in m.false]
    if not found:
        return None
    ranked = sorted(found + false, reverse=True)
    scores, right = np.array([score for score, _ in ranked]), np.cumsum([is_found for _, is_found in ranked])
    annotated = sum(int((~m.ignored).sum()) for m in matched)
    f1 = 2 * right / (np.arange(1, len(ranked) + 1) + annotated)
    f1[:-1][scores[:-1] == scores[1:]] = 0  # equal scores stand or fall together
    last = int(np.argmax(f1))
    below = scores[last + 1] if last + 1 < len(scores) else 0.0
    return round(float(scores[last] + below) / 2, 3)
