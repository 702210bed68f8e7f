"""Average precision of feet, faces and hands, as COCO-WholeBody's own evaluation has it."""

import copy
import json

import numpy as np
import pytest

from bupose.annotations.categories import CategoryOptions
from bupose.errors import LabelsError
from bupose.evaluate import evaluate, read_ground_truth
from bupose.people import Labels, People
from bupose.predict import output
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO17, COCO_WHOLEBODY

LISTS = {"keypoints": (0, 17), "foot_kpts": (17, 23), "face_kpts": (23, 91), "lefthand_kpts": (91, 112),
         "righthand_kpts": (112, 133)}  # fmt: skip
SCORES = {"feet": "foot_score", "face": "face_score", "left_hand": "lefthand_score", "right_hand": "righthand_score"}
# By xtcocotools 1.14.3 (jin-s13/xtcocoapi, the set's authors), of the numbers that ``made`` gives; AP and AR.
PUBLISHED = {
    "whole": (11.7095, 23.3333), "body": (66.2703, 73.6111), "feet": (65.9166, 68.3333), "face": (4.9843, 13.5484),
    "left_hand": (26.9069, 36.4286), "right_hand": (33.7132, 41.3043),
}  # fmt: skip


def made():
    """Annotations and results of 12 pictures by plain arithmetic: the joints of three people, and people near them."""
    rng = np.random.RandomState(5)  # its numbers are the same for good
    images, annotations, results = [], [], []
    for i in range(12):
        images.append({"id": i, "file_name": f"{i}.jpg", "width": 640, "height": 480})
        for p in range(3):
            body = rng.uniform((200 * p, 20), (200 * p + 180, 460), (133, 2)).round(1)
            seen = np.where(rng.uniform(size=133) < 0.8, 2, 0)
            for first, last in list(LISTS.values())[1:]:
                if rng.uniform() < 0.25:  # not valid
                    seen[first:last] = 0
            triples = np.where(seen[:, None] > 0, np.column_stack([body, seen]), 0)
            box = [200 * p, 20, 180, 440]
            entry = {"id": 3 * i + p + 1, "image_id": i, "category_id": 1, "iscrowd": 0, "area": 42000.0, "bbox": box}
            entry |= {key: triples[a:b].reshape(-1).tolist() for key, (a, b) in LISTS.items()}
            entry |= {f"{part}_valid": True for part in ("foot", "face", "lefthand", "righthand")}
            annotations.append(entry | {"num_keypoints": int((seen[:17] > 0).sum())})
            if rng.uniform() < 0.1:
                continue
            off = body + rng.normal(0, 1, (133, 2)) * rng.uniform(0.5, 14)
            found = np.column_stack([off, rng.uniform(0.2, 1, 133)]).round(2)
            for first, last in list(LISTS.values())[1:]:
                if rng.uniform() < 0.2:  # not found
                    found[first:last] = 0
            result = {"image_id": i, "category_id": 1} | {
                k: found[a:b].reshape(-1).tolist() for k, (a, b) in LISTS.items()
            }
            names = ("score", *SCORES.values(), "wholebody_score")
            results.append(result | {name: round(rng.uniform(), 3) for name in names})
    category = {"id": 1, "name": "person", "keypoints": list(COCO17.joints), "skeleton": []}
    return {"images": images, "annotations": annotations, "categories": [category]}, results


def test_numbers_are_the_published_programs():
    annotations, results = made()
    report = evaluate(results, annotations, gains=False)
    found = {"whole": report.metrics} | report.parts
    assert {part: (m["AP"], m["AR"]) for part, m in found.items()} == {
        part: pytest.approx(both, abs=1e-4) for part, both in PUBLISHED.items()
    }
    rows = report.table().splitlines()
    named = [row.split()[0] for row in rows if row.startswith(("feet", "face", "left_hand"))]
    assert named == 2 * ["feet", "face", "left_hand"]  # their precision, and their joints in a row each
    assert json.loads(json.dumps(report.to_dict()))["parts"]["feet"]["AP"] == pytest.approx(65.9166, abs=1e-3)


def test_without_scores_of_parts_the_persons_counts():
    annotations, results = made()
    plain = [{k: v for k, v in r.items() if k not in (*SCORES.values(), "wholebody_score")} for r in results]
    told = [r | dict.fromkeys((*SCORES.values(), "wholebody_score"), r["score"]) for r in plain]
    a, b = (evaluate(r, annotations, gains=False) for r in (plain, told))
    np.testing.assert_equal([a.parts, a.metrics], [b.parts, b.metrics])
    assert a.parts["face"] != evaluate(results, annotations, gains=False).parts["face"]


def test_only_a_skeleton_of_several_parts_has_them():
    annotations, results = made()
    assert evaluate(results, annotations, skeleton="coco17", gains=False).parts == {}
    report = evaluate(results, annotations, skeleton="body25", gains=False)
    assert report.parts == {}
    assert report.metrics["AP"] > 0


def people() -> People:
    labels = Labels.from_coco([], COCO_WHOLEBODY)
    rng = np.random.default_rng(0)
    score = np.where(rng.random((3, 133)) < 0.2, 0, rng.uniform(0.1, 1, (3, 133))).round(3)
    xy = np.where(score[..., None] > 0, rng.uniform(5, 300, (3, 133, 2)).round(2), np.nan)
    return People(xy, score, [0.9, 0.5, 0.25], labels.skeleton)


def test_results_have_the_sets_lists_and_names():
    them = people()
    results = them.to_coco(7)
    keys = {*LISTS, "score", *SCORES.values(), "wholebody_score", "image_id", "category_id"}
    assert all(set(r) == keys for r in results)
    for r, xy, score, person in zip(results, them.xy, them.score, them.person_score, strict=True):
        for key, (first, last) in LISTS.items():
            triples = np.reshape(r[key], (-1, 3))
            np.testing.assert_allclose(triples[:, :2], np.nan_to_num(xy[first:last]), atol=1e-4)
        assert r["score"] == r["wholebody_score"] == person
        assert r["lefthand_score"] == pytest.approx(score[91:112].mean(), abs=1e-6)
    again = People.from_coco(json.loads(json.dumps(results)), COCO_WHOLEBODY)
    np.testing.assert_allclose(again.xy, them.xy, atol=1e-4)
    a, b = (evaluate(found, made()[0], gains=False) for found in (results, {7: them}))
    np.testing.assert_equal(a.parts, b.parts)


def test_a_networks_own_order_of_joints_is_kept():
    them = people()
    same = CategoryOptions(3, "person", list(COCO_WHOLEBODY.joints))
    assert output.as_coco(them, 7, same) == them.to_coco(7, None, 3)
    order = ["tail", *COCO_WHOLEBODY.joints[::-1]]
    (first, *_) = output.as_coco(them, 7, CategoryOptions(3, "person", order))
    assert set(first) & set(LISTS) == {"keypoints"}
    triples = np.reshape(first["keypoints"], (-1, 3))
    assert (triples[0] == 0).all()
    np.testing.assert_allclose(triples[1:, :2], np.nan_to_num(them.xy[0, ::-1]), atol=1e-4)


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("foot_kpts", [1, 2, 3], "3 foot_kpt numbers"),
        ("face_kpts", "x", "face_kpts that are text"),
        ("foot_score", [1], "as its foot_score"),
    ],
)
def test_odd_lists_and_scores_are_refused(key, value, why):
    annotations, results = made()
    results = copy.deepcopy(results[:3])
    results[1][key] = value
    with pytest.raises(LabelsError, match=why):
        evaluate(results, annotations, gains=False)


def test_parts_of_an_own_skeleton_are_evaluated_by_name():
    joints = ["shoulder", "elbow", "wrist", "thumb", "finger"]
    limbs = [["shoulder", "elbow"], ["elbow", "wrist"], ["wrist", "thumb"], ["wrist", "finger"]]
    arm = Skeleton("arm", joints, limbs, parts={"body": joints[:3], "hand": joints[3:]})
    labels = Labels([[(10, 10), (40, 10), (70, 10), (80, 5), (85, 20)]], np.full((1, 5), 2), arm)
    category = {"id": 1, "name": "arm", "keypoints": joints, "skeleton": [[1, 2], [2, 3], [3, 4], [3, 5]]}
    annotation = {"id": 1, "image_id": 7, "category_id": 1, "area": 900.0, "bbox": [5, 0, 90, 30]}
    annotation["keypoints"] = np.concatenate([labels.xy[0], labels.visibility[0][:, None]], 1).reshape(-1).tolist()
    data = {"images": [{"id": 7, "file_name": "7.jpg"}], "annotations": [annotation], "categories": [category]}
    them = labels.to_people()
    assert [set(r) for r in them.to_coco(7)] == [{"image_id", "category_id", "keypoints", "score", "hand_score"}]
    truth = read_ground_truth(data, skeleton=arm)
    assert truth.parts == (("body", (0, 1, 2)), ("hand", (3, 4)))
    away = People(them.xy + np.where(np.arange(5) > 2, 60, 0)[:, None], them.score, them.person_score, arm)
    report = evaluate({7: away}, truth, gains=False)
    assert report.parts["body"]["AP"] == pytest.approx(100)
    assert report.parts["hand"]["AP"] == 0
