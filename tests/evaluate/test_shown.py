"""Whether what is shown is right, against counts by hand."""

import numpy as np
import pytest

from bupose.evaluate import evaluate
from bupose.skeletons import COCO17


def moved(triples, joint, by):
    """The same person with one joint elsewhere."""
    out = triples.copy()
    out[COCO17.index[joint], :2] += by
    return out


def test_counts_by_hand(make):
    """Two of four shown people are annotated; one has two joints wrong and one left out, one a limb across it all."""
    a, b = make.person(100, 100), make.person(300, 100)
    truth = make.coco({1: [a, b], 2: [make.person(100, 100)]})
    first = moved(moved(a, "left_wrist", 25), "right_ankle", -25)
    first[COCO17.index["nose"]] = 0
    second = moved(b, "left_ankle", (290, 0))
    results = [make.result(first, 1, 0.9), make.result(second, 1, 0.8), make.result(a + [200, 250, 0], 1, 0.7)]
    shown = evaluate([*results, make.result(a + [300, 0, 0], 2, 0.6)], truth, gains=False).shown
    assert (shown.people, shown.found, shown.joints, shown.right) == (4, 2, 33, 30)
    assert shown.impossible == 1
    assert shown.precision == pytest.approx(100 * 30 / 33)


@pytest.mark.parametrize(("sigmas", "right"), [(1.5, 1), (1.6, 0)])
def test_a_joint_is_right_from_a_similarity_of_0_3(sigmas, right, make):
    """exp(-d² / 2 s² κ²) is 0.3 at d = 1.552 s κ."""
    a = make.person(100, 100)
    truth = make.coco({1: [a]})
    kappa = 2 * COCO17.sigmas[COCO17.index["left_hip"]]
    away = sigmas * kappa * np.sqrt(truth["annotations"][0]["area"])
    shown = evaluate([make.result(moved(a, "left_hip", (away, 0)))], truth, gains=False).shown
    assert (shown.joints, shown.right) == (17, 16 + right)


def test_those_who_are_shown_may_be_others_than_those_who_are_ranked(make):
    a, b = make.person(100, 100), make.person(300, 100)
    every = [make.result(a, 1, 0.9), make.result(b, 1, 0.1)]
    report = evaluate(every, make.coco({1: [a, b]}), gains=False, shown=every[:1])
    assert report.metrics["AP"] == pytest.approx(100)
    assert (report.shown.people, report.shown.joints) == (1, 17)
    assert report.to_dict()["shown"]["precision"] == 100
