"""People who overlap: how many are found, how many are made up, against floors recorded when this was written."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from bupose.benchmark.crowd import standing, tight_crowd_labels
from bupose.methods.paf import LimbCandidates
from bupose.methods.paf.matching import match_limbs
from bupose.methods.peaks import Peaks
from bupose.people import Labels
from bupose.skeletons import COCO18

SIZE = (640, 368)
SEEDS = range(10)


def tally(labels, people):
    """Labelled people of whom at least 60 % of the joints were found within a cell, labelled ones, and the surplus."""
    near = np.linalg.norm(people.xy[:, None] - labels.xy[None], axis=3) < 8  # False where either is absent
    count = labels.present.sum(1)
    share = (near & labels.present[None]).sum(2) / np.maximum(count, 1) * (count >= 3)
    found = (share[linear_sum_assignment(share, maximize=True)] >= 0.6).sum()
    return np.array([found, (count >= 3).sum(), len(people) - found])


# recall and surplus people per labelled one, measured: hungarian 0.970 0.070, 0.980 0.040, 0.872 0.168; greedy 0.960
# 0.100, 0.905 0.160, 0.758 0.358
@pytest.mark.parametrize(
    ("people", "matching", "recall", "surplus"),
    [
        (10, "hungarian", 0.95, 0.10),
        (20, "hungarian", 0.96, 0.06),
        (40, "hungarian", 0.86, 0.18),
        (10, "greedy", 0.94, 0.12),
        (20, "greedy", 0.88, 0.18),
        (40, "greedy", 0.73, 0.38),
    ],
)
def test_crowds_drawn_perfectly(people, matching, recall, surplus, crowd, codec_of):
    codec, total = codec_of(matching=matching), np.zeros(3)
    for seed in SEEDS:
        labels = crowd(people, seed, SIZE)
        total += tally(labels, codec.decode(codec.encode(labels, SIZE)))
    assert total[0] / total[1] >= recall
    assert total[2] / total[1] <= surplus


def test_crowds_in_noise(crowd, codec_of, noisy):
    codec, total = codec_of(min_person_score=0.4), np.zeros(3)
    for seed in range(5):
        labels = crowd(10, seed, SIZE)
        total += tally(labels, codec.decode(noisy(codec.encode(labels, SIZE), seed, 0.03)))
    assert total[0] / total[1] >= 0.92  # measured: 0.96
    assert total[2] / total[1] <= 0.08  # measured: 0.04


@pytest.mark.parametrize("noise", [0, 0.01])
@pytest.mark.parametrize("seed", range(5))
def test_hungarian_is_optimal_and_greedy_never_above(seed, noise, crowd, codec_of, noisy):
    codec = codec_of()
    fields = codec.encode(crowd(25, seed, SIZE), SIZE)
    trace = codec.explain(noisy(fields, seed, noise) if noise else fields)
    c, weight = trace.candidates, trace.candidates.weight.astype(np.float64)
    greedy = match_limbs(c, trace.peaks, codec.with_decoder(matching="greedy").decoder)
    for limb in range(len(codec.skeleton.limbs)):
        here = c.limb == limb
        for chosen in (trace.matched, greedy):
            first, second = c.first[here & chosen], c.second[here & chosen]
            assert len(set(first)) == len(set(second)) == len(first)
        table = np.zeros((len(trace.peaks), len(trace.peaks)))
        table[c.first[here], c.second[here]] = weight[here]
        table = table[np.ix_(table.any(1), table.any(0))]
        best = table[linear_sum_assignment(table, maximize=True)].sum()
        assert weight[here & trace.matched].sum() == pytest.approx(best, rel=1e-9)
        assert weight[here & greedy].sum() <= best * (1 + 1e-9)


def test_people_of_one_crowd_do_not_depend_on_another(separated, codec_of, same_people):
    """Pairs within reach of the field alone give what all pairs give: far people never meet."""
    codec = codec_of()
    labels, size = separated(codec.skeleton, 8, 1, columns=6, rows=6)
    fields = codec.encode(labels, size)
    cut, uncut = (
        codec.with_decoder(prune_above=0).explain(fields),
        codec.with_decoder(prune_above=100_000).explain(fields),
    )
    same_people(cut.people, uncut.people)
    assert len(cut.people) == 36
    assert set(map(tuple, cut.candidates.ids.tolist())) <= set(map(tuple, uncut.candidates.ids.tolist()))


def test_work_in_a_tight_crowd_grows_with_people_and_loses_nobody(codec_of):
    """Where everybody's field touches everybody's: candidates a person stay as many, people are all found."""
    codec, each = codec_of(COCO18), []
    for people in (200, 800):
        labels, size = tight_crowd_labels(people)
        trace = codec.explain(codec.encode(labels, size))
        assert tally(labels, trace.people)[0] >= 0.995 * people
        assert len(trace.people) <= 1.01 * people
        each.append(len(trace.candidates) / people)
    assert each[1] < 1.2 * each[0]


def test_a_large_person_before_a_tight_crowd_keeps_his_joints(codec_of):
    codec = codec_of(COCO18)
    small, size = tight_crowd_labels(400)
    large = np.array([[size[0] / 2, 0.05 * size[1]]]) + 0.85 * size[1] * standing()
    apart = np.full(small.xy.shape[:2], np.inf)
    for a, b in large[COCO18.limb_joints]:  # what he hides nobody sees
        along = np.clip((small.xy - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
        apart = np.minimum(apart, np.linalg.norm(small.xy - a - along[..., None] * (b - a), axis=2))
    xy = np.concatenate([small.xy, large[None]])
    seen = np.concatenate([small.visibility * (apart > 20), np.full((1, 18), 2)])
    people = codec.decode(codec.encode(Labels(xy, seen, COCO18), size))
    found = (np.linalg.norm(people.xy - large, axis=2) < 8).sum(1)
    assert found.max() >= 14


def test_no_candidates_match_to_nothing(codec_of):
    peaks = Peaks(np.zeros(0, np.int32), np.zeros((0, 2), np.float32), np.zeros(0, np.float32), np.zeros(18, np.int32),
                  np.zeros((0, 2), np.int32))  # fmt: skip
    nothing = LimbCandidates(np.zeros((0, 3), np.int32), np.zeros((0, 3), np.float32))
    for matching in ("hungarian", "greedy"):
        assert match_limbs(nothing, peaks, codec_of(matching=matching).decoder).shape == (0,)
