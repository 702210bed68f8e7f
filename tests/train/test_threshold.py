"""From which score on people are believed."""

import numpy as np
import pytest

from bupose import weights
from bupose.estimate.estimator import Estimator
from bupose.evaluate.person_matching import Matched, match_all
from bupose.evaluate.results import as_results
from bupose.train.run import train
from bupose.train.threshold import best_score
from bupose.train.validation import truth_of


def picture(scores, whose, annotated):
    """One in which somebody of each score is one of the annotated people, or nobody: −1."""
    nothing, results = np.zeros(0), [{"score": score} for score in scores]
    ignored = np.zeros(annotated, bool)
    return Matched(0, results, [], nothing, nothing, nothing, nothing, ignored, nothing, np.array(whose))


def f1(matched, least):
    """By counting, from the definition."""
    predicted = [(r["score"], q) for m in matched for r, q in zip(m.results, m.whose, strict=True)]
    kept = [q for score, q in predicted if score >= least]
    annotated = sum(len(m.ignored) for m in matched)
    return 2 * sum(q >= 0 for q in kept) / (len(kept) + annotated)


def test_no_other_score_is_better():
    rng = np.random.default_rng(0)
    for _ in range(50):
        matched = []
        for _ in range(4):
            whose = rng.permutation([-1, -1, -1, 0, 1, 2])[: rng.integers(1, 7)]
            scores = np.sort(rng.integers(0, 12, len(whose)) / 12)[::-1]
            matched.append(picture(scores.tolist(), whose, 3))
        chosen = best_score(matched)
        if chosen is None:
            assert not any(len(m.found) for m in matched)
        else:
            assert f1(matched, chosen) == pytest.approx(max(f1(matched, s) for s in np.arange(-1, 25) / 24))


def test_it_lies_in_the_middle_of_the_gap():
    assert best_score([picture([0.9, 0.6, 0.2], [0, 1, -1], 2)]) == 0.4
    assert best_score([picture([0.9, 0.6], [0, 1], 2)]) == 0.3
    assert best_score([picture([0.9], [-1], 2)]) is None
    assert best_score([]) is None


def test_it_is_written_into_the_best_network(small_training, tmp_path, caplog):
    caplog.set_level("INFO")
    options = small_training(steps=12, validate_every=12, ema=0.5, optim={"lr": 0.01, "warmup": 0})
    options.decoder.peak_threshold, options.decoder.min_joints, options.choose_score = 0.01, 1, True
    options.decoder.min_person_score = 0.0
    train(options)
    net, samples = weights.load(tmp_path / "run" / "best.safetensors"), options.val.open()
    truth = truth_of(options.val, samples, 2)
    found = {n: Estimator(net, decoder={"min_person_score": 0.0})(samples[n].image) for n in range(2)}
    expected = best_score(match_all(as_results(found, truth), truth, 0.5))
    assert net.config.decoder["min_person_score"] == (0.0 if expected is None else expected)
    assert (f"decoder.min_person_score={expected} " in caplog.text) == (expected is not None)
    assert net.config.metrics["AP"] >= 0
