"""Who people are over several pictures, and what else is known of them."""

from dataclasses import replace

import numpy as np
import pytest

from bupose import geometry
from bupose.errors import LabelsError
from bupose.people import Labels, People
from bupose.skeletons import COCO17, COCO18


def known_people() -> People:
    rng = np.random.default_rng(0)
    xy, score = rng.uniform(5, 300, (3, 17, 2)), rng.uniform(0.1, 1, (3, 17))
    return People(
        xy, score, [0.9, 0.5, 0.3], COCO17, score < 0.3, [7, -1, 2],
        {"tag": np.arange(6.0).reshape(3, 2), "name": ["a", "b", "c"]},
    )  # fmt: skip


@pytest.mark.parametrize("key", [1, slice(1, None), [2, 0], np.array([True, False, True])])
def test_ids_and_data_go_with_their_people(key):
    people, rows = known_people(), np.arange(3)[key].reshape(-1)
    some = people[key]
    assert some.ids.tolist() == people.ids[rows].tolist()
    assert some.data["tag"].tolist() == people.data["tag"][rows].tolist()
    assert some.data["name"].tolist() == [["a", "b", "c"][n] for n in rows]
    for moved in (some.flip(320), some.to(COCO18), some.transform(geometry.scale(2))):
        assert moved.ids.tolist() == some.ids.tolist()
        assert moved.data["tag"].tolist() == some.data["tag"].tolist()
    assert some.flip(320).flip(320).data.keys() == some.data.keys()


def test_data_of_joints_goes_with_them():
    people = known_people()
    data = {**people.data, "filled": people.completed, "raw_xy": people.xy}
    people = replace(people, data=data, joint_data=("filled", "raw_xy"))
    matrix = geometry.compose(geometry.scale(2), geometry.translate(3, 4))
    for moved in (people.to(COCO18), people.flip(320), people.transform(matrix), people.to(COCO18).flip(9)[1:]):
        np.testing.assert_array_equal(moved.data["raw_xy"], moved.xy)
        np.testing.assert_array_equal(moved.data["filled"], moved.completed)
        assert moved.data["tag"].shape == (len(moved), 2)
    with pytest.raises(LabelsError, match=r"joint_data and must have shape \(3, 17\)"):
        replace(people, joint_data=("tag",))


def test_people_with_other_ids_or_data_differ():
    people = known_people()
    assert people == known_people()
    for other in (
        {"ids": None}, {"ids": [7, -1, 3]}, {"data": {}}, {"data": {**people.data, "tag": np.zeros((3, 2))}},
        {"data": {"tag": people.data["tag"]}}, {"data": {**people.data, "more": np.zeros(3)}},
    ):  # fmt: skip
        assert people != replace(people, **other)
    unknown = replace(people, data={"tag": np.full((3, 2), np.nan)})
    assert unknown == replace(unknown, data={"tag": np.full((3, 2), np.nan)})


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"ids": [1, 2]}, r"ids has shape \(2,\)"),
        ({"ids": [1, 2, -2]}, "got -2"),
        ({"data": {"tag": np.zeros(2)}}, r"data\['tag'\] must be an array with an entry for each of 3 people"),
        ({"data": {"tag": 5}}, "got int64"),
        ({"data": {"tag": [None] * 3}}, "got object"),
        ({"data": [1]}, "data must be a dict"),
    ],
)
def test_odd_ids_and_data_are_refused(given, why):
    with pytest.raises(LabelsError, match=why):
        replace(known_people(), **given)


def test_track_ids_go_through_coco():
    people = known_people()
    results = people.to_coco(4)
    assert [r.get("track_id") for r in results] == [7, None, 2]
    assert People.from_coco(results, COCO17).ids.tolist() == [7, -1, 2]
    assert People.from_coco(replace(people, ids=None).to_coco(4), COCO17).ids is None
    rows = [{"keypoints": [5, 5, 2] * 17, "track_id": t} for t in (3, "4", None, -5)]
    labels = Labels.from_coco(rows, COCO17)
    assert labels.ids.tolist() == [3, 4, -1, -1]
    assert labels.to(COCO18).flip(9).to_people()[1:].ids.tolist() == [4, -1, -1]
