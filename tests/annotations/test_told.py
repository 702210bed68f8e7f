"""What a file leaves out, contradicts or writes in its own way is told by training and evaluation alike."""

import pytest

from bupose.data import open_samples
from bupose.errors import BuposeError
from bupose.evaluate import read_truth


def both(path, **options):
    """How many people training and evaluation get, which is the same; and what each tells."""
    samples = open_samples("coco", {"annotations": path, "with_people": False, **options})
    truth = read_truth(path)
    people = sum(len(samples.labels(n)) for n in range(len(samples)))
    assert people == len(truth.as_results())
    told = " ".join(samples.notes)
    assert all(note in told for note in truth.notes)
    return people, " ".join(truth.notes)


def each(key, value):
    """A change of every annotation."""
    return lambda data: [a.update({key: value(a[key]) if callable(value) else value}) for a in data["annotations"]]


def first(key, value):
    """A change of the first annotation."""
    return lambda data: data["annotations"][0].update({key: value})


KITE, RIDER = {"id": 2, "name": "kite"}, {"id": 3, "name": "rider", "keypoints": []}


def test_people_of_no_category_are_told(sets):
    assert both(sets.changed(first("category_id", 9))) == (
        2, "Of categories that are not listed or name no joints, left out: 1 of 4 annotations (category 9).",
    )  # fmt: skip
    people, told = both(sets.changed(lambda d: (d["categories"].append(RIDER), first("category_id", 3)(d))))
    assert people == 2
    assert "left out: 1 of 4 annotations (category 3)" in told
    people, told = both(sets.changed(each("category_id", "person")))
    assert people == 0
    assert "left out: 4 of 4 annotations (category 'person')" in told
    people, told = both(sets.changed(lambda d: (d["categories"].append(KITE), d["annotations"][0].pop("category_id"))))
    assert people == 3
    assert told == "Without a category_id, read as 'person': 1 of 4 annotations."


def test_other_things_are_not_told(sets):
    """COCO's own files list kites, whose boxes are nobody's joints."""
    kite = {"id": 9, "image_id": 1, "category_id": 2, "bbox": [1, 2, 3, 4], "area": 5, "iscrowd": 0}
    assert both(sets.changed(lambda d: (d["categories"].append(KITE), d["annotations"].append(kite)))) == (3, "")
    assert both(sets.changed(lambda d: [a.pop("category_id") for a in d["annotations"]])) == (3, "")


@pytest.mark.parametrize(
    ("flag", "people"),
    [(0, 3), (False, 3), ("0", 3), ("false", 3), (None, 3), (1, 2), (True, 2), ("1", 2), ("True", 2)],
)
def test_flags_are_read_as_they_are_meant(sets, flag, people):
    assert both(sets.changed(first("iscrowd", flag)))[0] == people
    path = sets.changed(lambda d: d["images"][1].update(is_labeled=flag))
    assert both(path)[0] == (3 if people == 2 or flag is None else 2)


@pytest.mark.parametrize("where", ["images", "annotations"])
def test_flags_that_may_mean_anything_are_refused(sets, where):
    key = {"images": "is_labeled", "annotations": "iscrowd"}[where]
    for flag in ("partly", [1], {}, float("nan")):
        with pytest.raises(BuposeError, match=f"{key}; write 0 or 1"):
            both(sets.changed(lambda d, flag=flag: d[where][0].update({key: flag})))
