"""Every kind of error planted by hand and found again."""

import numpy as np
import pytest

from bupose.evaluate import coco_ap, diagnose, read_ground_truth
from bupose.evaluate.diagnosis import KINDS
from bupose.evaluate.person_matching import match_all, match_people
from bupose.evaluate.repairs import repair_gains
from bupose.evaluate.results import read_results
from bupose.skeletons import COCO17

K = COCO17.index


def look(results, data):
    truth = read_ground_truth(data)
    return diagnose(match_all(read_results(results, truth), truth), truth), truth


def kinds(diagnosis, joint):
    return {kind: int(n) for kind, n in zip(KINDS, diagnosis.kinds[K[joint]], strict=True) if n}


def at_similarity(person, joint, similarity):
    """The person with one joint moved to that keypoint similarity."""
    moved = person.copy()
    span = np.ptp(person[:, :2], axis=0)
    sigma = COCO17.sigmas[K[joint]]
    moved[K[joint], 1] += 2 * sigma * np.sqrt(-2 * np.log(similarity) * 0.53 * span.prod())
    return moved


def test_all_good(make):
    a, b = make.person(100, 100), make.person(400, 100)
    d, _ = look([make.result(a), make.result(b)], make.coco({1: [a, b]}))
    assert d.kinds[:, 0].tolist() == [2] * 17
    assert d.shares()["good"] == 100
    assert d.people == {"annotated": 2, "found": 2, "missed": 0, "predicted": 2, "duplicate": 0, "background": 0,
                        "ignored": 0}  # fmt: skip


@pytest.mark.parametrize(("similarity", "kind"), [(0.86, "good"), (0.84, "jitter"), (0.51, "jitter"), (0.49, "miss")])
def test_jitter_lies_between_the_two_limits(make, similarity, kind):
    a = make.person(100, 100, 200)
    d, _ = look([make.result(at_similarity(a, "left_wrist", similarity))], make.coco({1: [a]}))
    assert kinds(d, "left_wrist") == {kind: 1}
    assert d.similarity[K["left_wrist"]] == pytest.approx(similarity, abs=1e-6)
    assert d.shares()["good"] == pytest.approx(100 * (17 if kind == "good" else 16) / 17)


def test_left_for_right_is_an_inversion(make):
    a = make.person(100, 100, 200)
    swapped = a.copy()
    swapped[[K["left_wrist"], K["right_wrist"]]] = a[[K["right_wrist"], K["left_wrist"]]]
    d, _ = look([make.result(swapped)], make.coco({1: [a]}))
    assert kinds(d, "left_wrist") == kinds(d, "right_wrist") == {"inversion": 1}
    assert kinds(d, "left_elbow") == {"good": 1}


def test_anothers_joint_is_a_swap(make):
    a, b = make.person(100, 100), make.person(300, 100)
    taken = a.copy()
    taken[K["left_knee"]] = b[K["left_knee"]]
    taken[K["left_ankle"]] = b[K["right_ankle"]]  # the other's other side is a swap, too
    d, _ = look([make.result(taken)], make.coco({1: [a, b]}))
    assert kinds(d, "left_knee") == kinds(d, "left_ankle") == {"swap": 1}
    assert d.people["missed"] == 1
    assert d.lost.tolist() == [1] * 17


def test_absent_and_unlabelled(make):
    a = make.person(100, 100)
    a[K["nose"]] = 0
    given = make.person(100, 100)
    given[K["left_hip"]] = 0
    d, _ = look([make.result(given)], make.coco({1: [a]}))
    assert kinds(d, "left_hip") == {"absent": 1}
    assert kinds(d, "nose") == {}
    assert d.kinds.sum() == 16


def test_false_people_are_told_apart(make):
    a = make.person(100, 100)
    half = a.copy()
    half[:11] = 0
    data = make.coco({1: [a]})
    region = {"id": 9, "image_id": 1, "category_id": 1, "iscrowd": 1, "num_keypoints": 0, "keypoints": [0] * 51}
    data["annotations"].append({**region, "bbox": [400, 300, 100, 100], "area": 9e3})
    results = [make.result(a, score=0.9), make.result(half, score=0.5), make.result(make.person(60, 350), score=0.7)]
    results.append(make.result(make.person(440, 310, 80), score=0.8))
    d, _ = look(results, data)
    assert (d.people["found"], d.people["duplicate"], d.people["background"], d.people["ignored"]) == (1, 1, 1, 1)


def test_missed_people_by_group(make):
    small, large = make.person(100, 100, 60), make.person(400, 100, 300)
    large[5:] = 0
    d, _ = look([make.result(small)], make.coco({1: [small, large]}))
    assert d.missed["1-5 joints labelled"] == (1, 1)
    assert d.missed["16 or more"] == (0, 1)
    assert d.missed["apart from others"] == (1, 2)
    assert sum(n for n, _ in d.missed.values()) == 3  # once by size, by labels and by company


def test_worst_picture_first(make):
    a = make.person(100, 100)
    wrong = a.copy()
    wrong[:4, :2] += 300
    worse = a.copy()
    worse[:6, :2] += 300
    results = [make.result(a, 1), make.result(wrong, 2), make.result(worse, 3)]
    d, _ = look(results, make.coco({1: [a], 2: [a], 3: [a], 4: [a]}))
    assert [(p.matched.image_id, p.badness) for p in d.pictures] == [(4, 17), (3, 6), (2, 4), (1, 0)]


def test_matching_is_by_score_and_prefers_those_who_count():
    similarity = np.array([[0.3, 0.9], [0.8, 0.85], [0.5, 0.6]])
    nobody = np.zeros(2, bool)
    assert match_people(similarity, nobody, nobody, 0.1).tolist() == [1, 0, -1]
    ignored = np.array([False, True])
    assert match_people(similarity, ignored, nobody, 0.1).tolist() == [0, 1, -1]
    assert match_people(similarity, ignored, ignored, 0.1).tolist() == [0, 1, 1]  # a crowd takes many
    assert match_people(similarity, nobody, nobody, 0.88).tolist() == [1, -1, -1]
    assert match_people(np.zeros((2, 0)), np.zeros(0, bool), np.zeros(0, bool), 0.1).tolist() == [-1, -1]


def test_repairs_bring_what_the_error_cost(make):
    a, b = make.person(100, 100, 200), make.person(400, 100, 200)
    inverted = a.copy()
    legs = [K[j] for j in ("left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle")]
    inverted[legs] = a[np.array(legs)[[1, 0, 3, 2, 5, 4]]]
    data = make.coco({1: [a], 2: [b]})
    results = [make.result(inverted, 1, 0.8), make.result(b, 2, 0.9)]
    d, truth = look(results, data)
    gains, before = repair_gains(d, truth), coco_ap(results, data)["AP"]
    assert before < 99
    assert before + gains["inversion"] == pytest.approx(100)
    assert gains["all joints"] == pytest.approx(gains["inversion"])
    assert gains["swap"] == gains["miss"] == gains["absent"] == gains["people missed"] == 0


def test_a_repaired_joint_is_as_exact_as_the_good_ones(make):
    """All joints but one at 0.93: repairing that one brings the whole person to 0.93, between two thresholds."""
    a = make.person(100, 100, 200)
    data, moved = make.coco({1: [a]}), a.copy()
    moved[K["nose"], :2] += 500
    area = 0.53 * np.prod(np.ptp(a[:, :2], axis=0))
    moved[1:, 1] = a[1:, 1] + 2 * np.array(COCO17.sigmas[1:]) * np.sqrt(-2 * np.log(0.93) * area)
    d, truth = look([make.result(moved)], data)
    assert d.similarity[1:] == pytest.approx(np.full(16, 0.93))
    before, gains = coco_ap([make.result(moved)], data)["AP"], repair_gains(d, truth)
    assert before == pytest.approx(80)  # 16 · 0.93 / 17 = 0.875: thresholds 0.5 to 0.85
    assert before + gains["miss"] == pytest.approx(90)  # to 0.9


def test_repairs_of_people(make):
    a, b = make.person(100, 100), make.person(400, 100)
    data = make.coco({1: [a], 2: [b]})
    d, truth = look([make.result(a, 1, 0.5), make.result(make.person(400, 300), 1, 0.9)], data)
    gains = repair_gains(d, truth)
    # precision 1/2 up to recall 1/2; without the false person 1 up to recall 1/2
    assert gains["background"] == pytest.approx(100 * 51 / 101 / 2)
    assert gains["scores"] == pytest.approx(gains["background"])
    assert gains["people missed"] > 30


def test_annotations_of_real_photos_hold_no_errors(shared):
    truth = read_ground_truth(shared / "data" / "coco" / "val.json")
    d = diagnose(match_all(read_results(truth.as_results(), truth), truth), truth)
    assert d.shares()["good"] == 100
    assert d.people["missed"] == d.people["background"] == d.people["duplicate"] == 0
    assert all(p.badness == 0 for p in d.pictures)
