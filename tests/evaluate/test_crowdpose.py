"""CrowdPose's rules, its three levels, and the crowd index by hand."""

import math

import numpy as np
import pytest

from bupose.annotations import crowd_index
from bupose.evaluate import coco_ap, crowdpose_ap, read_ground_truth
from bupose.evaluate.crowdpose import crowd_indices
from bupose.skeletons import CROWDPOSE14

JOINTS = tuple("head" if j == "top_head" else j for j in CROWDPOSE14.joints)


@pytest.fixture
def crowds(make):
    """Pictures 1 to 5 with one person each and crowd indices 0.05, 0.1, 0.5, 0.8 and 0.15."""
    person = make.person(100, 100, joints=CROWDPOSE14.joints)
    data = make.coco({n: [person] for n in range(1, 6)}, JOINTS)
    for image, index in zip(data["images"], (0.05, 0.1, 0.5, 0.8, 0.15), strict=True):
        image["crowdIndex"] = index
    return data, person


def test_levels_in_one_run(make, crowds):
    data, person = crowds
    got = crowdpose_ap([make.result(person, i) for i in (1, 3, 5)], data)
    assert got["AP"] == pytest.approx(100 * 61 / 101)  # recall 0.6
    assert got["AP_easy"] == pytest.approx(100)  # of picture 1
    assert got["AP_medium"] == pytest.approx(100 * 67 / 101)  # of 2, 3, 5: recalls 0 to 0.66
    assert got["AP_hard"] == 0  # of 4
    assert got["AP_easy02"] == pytest.approx(100 * 67 / 101)  # of 1, 2, 5
    assert got["AP_medium02"] == pytest.approx(100)  # of 3


def test_annotations_against_themselves(crowds):
    data, _ = crowds
    got = crowdpose_ap(read_ground_truth(data).as_results(), data)
    assert got == pytest.approx(dict.fromkeys(got, 100.0))


def test_area_is_always_half_the_box(make, crowds):
    data, person = crowds
    off = person.copy()
    off[:, 0] += 6
    results = [make.result(off, i) for i in range(1, 6)]
    plain = crowdpose_ap(results, data)
    for a in data["annotations"]:
        a["area"] *= 0.1
    assert crowdpose_ap(results, data) == pytest.approx(plain)
    assert coco_ap(results, data)["AP"] < plain["AP"] - 10


def test_samples_of_the_set_itself(shared):
    truth = read_ground_truth(shared / "data" / "samples" / "crowdpose" / "test_crowdpose.json")
    assert truth.joints == CROWDPOSE14.joints
    got = crowdpose_ap(truth.as_results(), truth)
    assert got["AP"] == got["AP_medium"] == pytest.approx(100)
    assert math.isnan(got["AP_easy"])
    published = {i: image.pop("crowdIndex") for i, image in truth.images.items()}
    assert crowd_indices(truth) == pytest.approx(published, abs=0.005)  # as the set's authors computed it


def test_crowd_index_by_hand():
    a, b = [(1, 1), (2, 2), (8, 8), (9, 9)], [(8, 9), (20, 20), (0, 0), (0, 0)]
    xy, box = np.array([a, b], float), np.array([[0, 0, 10, 10], [7, 7, 20, 20.0]])
    present = np.array([[True] * 4, [True, True, False, False]])
    # in a's box: one joint of b, for four of its own; in b's box: two of a, for two of its own
    assert crowd_index(xy, present, box) == pytest.approx((1 / 4 + 2 / 2) / 2)
    away = np.array([[0, 0, 10, 10], [19, 19, 2, 2.0]])
    assert crowd_index(xy, present, away) == pytest.approx((1 / 4 + 0 / 2) / 2)  # its own count in the box or not
    assert crowd_index(xy[:1], present[:1], box[:1]) == 0
    assert crowd_index(xy[:0], present[:0], box[:0]) == 0
    assert crowd_index(xy, present & [[True], [False]], box) == 0
    alike = np.repeat(xy[:1], 5, 0), np.ones((5, 4), bool), np.repeat(box[:1], 5, 0)
    assert crowd_index(*alike) == 1  # 4 by the formula: the paper's range ends at 1


def test_crowd_index_against_every_box_and_joint():
    rng = np.random.default_rng(0)
    xy, present = rng.integers(0, 200, (12, 14, 2)).astype(float), rng.random((12, 14)) < 0.6
    box = np.concatenate([rng.integers(0, 150, (12, 2)), rng.integers(1, 40, (12, 2))], 1).astype(float)
    ratios = []
    for p, (x, y, w, h) in enumerate(box):
        others = 0
        for q in range(12):
            for k in range(14):
                a, b = xy[q, k]
                others += bool(q != p and present[q, k] and x <= a <= x + w and y <= b <= y + h)
        ratios.append(others / present[p].sum())
    assert 0 < np.mean(ratios) < 1
    assert crowd_index(xy, present, box) == pytest.approx(np.mean(ratios))


def test_crowds_do_not_count_for_the_index(make):
    data = make.coco(
        {1: [make.person(100, 100, joints=CROWDPOSE14.joints), make.person(104, 100, joints=CROWDPOSE14.joints)]},
        JOINTS,
    )
    assert crowd_indices(read_ground_truth(data))[1] > 0.5
    data["annotations"][1]["iscrowd"] = 1
    assert crowd_indices(read_ground_truth(data))[1] == 0


def test_index_is_computed_where_the_file_has_none(make):
    data = make.coco({1: [make.person(100, 100), make.person(104, 100)], 2: [make.person(100, 100)]})
    got = crowdpose_ap(read_ground_truth(data).as_results(), data)
    assert [got["AP_easy"], got["AP_hard"]] == pytest.approx([100, 100])
    assert math.isnan(got["AP_medium"])
