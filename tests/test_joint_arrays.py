"""What People and Labels do as values: indices, names, equality, the line that is printed, tables."""

import csv
import sys
from dataclasses import fields, replace

import numpy as np
import pytest

from bupose.errors import DependencyError, LabelsError
from bupose.people import Labels, People
from bupose.predict import write_csv
from bupose.skeletons import COCO17, COCO18

MAKE = pytest.mark.parametrize("make", ["people", "labels"])


def some(make, count=4, seed=0, skeleton=COCO17):
    rng = np.random.default_rng(seed)
    shape = count, len(skeleton.joints)
    xy = rng.uniform(5, 300, (*shape, 2))
    if make == "labels":
        return Labels(xy, rng.integers(0, 3, shape), skeleton, rng.uniform(1, 9, count), ids=np.arange(count))
    absent = rng.random(shape) < 0.3
    xy[absent] = np.nan
    score = np.where(absent, 0, rng.uniform(0.1, 1, shape))
    told = {"completed": rng.random(shape) < 0.2, "hidden": rng.random(shape) < 0.1}
    return People(xy, score, np.sort(rng.random(count))[::-1], skeleton, ids=np.arange(count), **told)


@MAKE
def test_everybodys_joint_by_its_name(make):
    everyone = some(make)
    third = everyone.score if make == "people" else everyone.visibility
    for k, name in enumerate(COCO17.joints):
        triples = everyone[name]
        assert triples.dtype == np.float32
        assert triples.shape == (4, 3)
        np.testing.assert_array_equal(triples[:, :2], everyone.xy[:, k])
        np.testing.assert_array_equal(triples[:, 2], third[:, k])
    assert some(make, 0)["nose"].shape == (0, 3)


@MAKE
@pytest.mark.parametrize(("name", "hint"), [("left_writs", "'left_wrist'"), ("x", "nose, left_eye"), ("", "nose")])
def test_a_joint_that_is_none(make, name, hint):
    with pytest.raises(LabelsError, match=f"coco17 has no joint '{name}'; .*{hint}"):
        some(make)[name]


@MAKE
def test_rows_keep_everything(make):
    everyone = some(make)
    for rows in (slice(1, 3), [1, 2], np.array([False, True, True, False])):
        part = everyone[rows]
        assert type(part) is type(everyone)
        for f in fields(everyone):
            if f.name not in ("skeleton", "data", "joint_data"):  # further data has tests of its own, in test_people.py
                np.testing.assert_array_equal(getattr(part, f.name), getattr(everyone, f.name)[1:3])
    assert [len(one) for one in everyone] == [1] * 4
    with pytest.raises(IndexError):
        everyone[4]


@MAKE
def test_equal_is_the_same_to_the_last_number(make):
    everyone = some(make)
    assert everyone == some(make)
    assert everyone != everyone[:3]
    assert everyone != some(make, seed=1)
    assert everyone != some("labels" if make == "people" else "people")
    assert everyone != 5
    assert some(make, 0) == some(make, 0)
    for f in fields(everyone):
        if f.name not in ("skeleton", "data", "joint_data"):
            changed = getattr(everyone, f.name).copy()
            number = changed.reshape(-1)
            number[-1] = not number[-1] if number.dtype == bool else np.nan_to_num(number[-1]) + 1
            assert replace(everyone, **{f.name: changed}) != everyone, f.name
    assert some(make, 0) != some(make, 0, skeleton=COCO18)


@MAKE
def test_nobody_can_be_hashed(make):
    with pytest.raises(TypeError, match="unhashable"):
        hash(some(make))


def test_they_are_printed_as_one_short_line():
    assert repr(some("people")[:2]) == "People(2 people of coco17: {:.2f}, {:.2f})".format(
        *some("people").person_score[:2].tolist()
    )
    assert repr(some("people", 1, skeleton=COCO18)).startswith("People(1 person of coco18: ")
    assert repr(some("people", 0)) == "People(0 people of coco17)"
    crowd = repr(some("people", 900))
    assert crowd.endswith(", …)")
    assert len(crowd) < 80
    assert repr(some("labels", 900)) == "Labels(900 people of coco17)"


def test_a_table_is_the_one_that_a_run_writes(tmp_path):
    pytest.importorskip("pandas", reason="needs pandas, which the extra explore brings")
    people = some("people")
    table = people.to_pandas()
    write_csv(tmp_path / "people.csv", [(1, "a.jpg", people)], COCO17)
    with (tmp_path / "people.csv").open() as file:
        titles, *rows = csv.reader(file)
    assert list(table.columns) == titles[3:]
    written = np.array([[float(cell or "nan") for cell in row[3:]] for row in rows])
    np.testing.assert_allclose(table.to_numpy(), written, atol=6e-5)  # written with four decimals
    assert some("people", 0).to_pandas().shape == (0, 52)


def test_without_pandas_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(DependencyError, match=r"pandas.*pip install"):
        some("people").to_pandas()


@MAKE
def test_picking_rows(make):
    everyone = some(make)
    for rows in (slice(1, 3), [1, 2], np.array([1, 2]), np.array([False, True, True, False])):
        np.testing.assert_array_equal(everyone[rows].xy, everyone.xy[1:3])
    assert len(everyone[2]) == len(everyone[np.int64(-1)]) == 1
    np.testing.assert_array_equal(np.concatenate([one.xy for one in everyone]), everyone.xy)


K17 = np.zeros((2, 17))
BAD_PEOPLE = [
    (np.zeros((2, 16, 2)), K17, [1, 1], None),
    (np.zeros((2, 17, 3)), K17, [1, 1], None),
    (np.zeros((2, 34)), K17, [1, 1], None),
    (np.zeros((2, 17, 2)), np.zeros((3, 17)), [1, 1], None),
    (np.zeros((2, 17, 2)), K17, [1], None),
    (np.zeros((2, 17, 2)), K17, [1, 1], np.zeros((2, 18))),
    (np.zeros((0, 17, 2)), K17, [], None),
    ("ab", K17, [1, 1], None),
    ([[1, 2], [3]], K17, [1, 1], None),
    (np.zeros((2, 17, 2)), None, [1, 1], None),
]


@pytest.mark.parametrize("arrays", BAD_PEOPLE, ids=range(len(BAD_PEOPLE)))
def test_people_that_do_not_fit_are_refused(arrays):
    xy, score, person_score, completed = arrays
    with pytest.raises(LabelsError, match=r"^[^\n]+$"):
        People(xy, score, person_score, COCO17, completed)


@pytest.mark.parametrize(
    "change",
    [
        {"xy": np.zeros((2, 16, 2))},
        {"visibility": np.zeros((2, 16))},
        {"visibility": [["a"] * 17] * 2},
        {"box": np.zeros((3, 4))},
        {"area": [1.0]},
        {"area": ["a", "b"]},
    ],
    ids=str,
)
def test_labels_that_do_not_fit_are_refused(change):
    fitting = {"xy": np.zeros((2, 17, 2)), "visibility": K17}
    Labels(**fitting, skeleton=COCO17)
    with pytest.raises(LabelsError, match=r"^[^\n]+$"):
        Labels(**{**fitting, **change}, skeleton=COCO17)
