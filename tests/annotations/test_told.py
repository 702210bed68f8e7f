"""What a file leaves out, contradicts or writes in its own way is told by training and evaluation alike."""

import gzip
import json

import numpy as np
import pytest

from bupose.annotations import load_json, read
from bupose.data import find_defects, open_samples
from bupose.errors import BuposeError, InputError
from bupose.evaluate import coco_ap, read_ground_truth


def both(path, **options):
    """How many people training and evaluation get, which is the same; and what each tells."""
    samples = open_samples("coco", {"annotations": path, "with_people": False, **options})
    truth = read_ground_truth(path)
    people = sum(len(samples.labels(n)) for n in range(len(samples)))
    assert people == len(truth.as_results())
    told = " ".join(samples.notes)
    assert all(note in told for note in truth.notes)
    return people, " ".join(truth.notes)


def each(key, value):
    """A change of every annotation."""
    return lambda data: [a.update({key: value(a.get(key)) if callable(value) else value}) for a in data["annotations"]]


def first(key, value):
    """A change of the first annotation."""
    return lambda data: each(key, value)({"annotations": data["annotations"][:1]})


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


@pytest.mark.parametrize("area", [1e-9, 0.08, 1e5, 1e12, 1e300])
def test_areas_of_other_units_are_taken_from_the_box(sets, area):
    """As near 0, so at a share of the picture COCO's similarity is 0; above 1e10 it takes nobody into account."""
    path = sets.changed(first("area", area))
    told = both(path)[1]
    assert told == "Area that does not fit the box, taken as 0.53 of it: 1 of 4 annotations (1)."
    truth = read_ground_truth(path)
    assert truth.annotations[0]["area"] == pytest.approx(0.53 * 40 * 70)
    results = truth.as_results()
    results[0]["keypoints"] = (np.reshape(results[0]["keypoints"], (-1, 3)) + [0.5, 0, 0]).reshape(-1).tolist()
    assert coco_ap(results, path)["AP"] == pytest.approx(100)


@pytest.mark.parametrize("area", [10, 1400, 2800, 20000])
def test_areas_that_may_be_are_left(sets, area):
    path = sets.changed(first("area", area))
    assert both(path) == (3, "")
    assert read_ground_truth(path).annotations[0]["area"] == area


def test_numbers_of_keypoints_that_lie_are_told(sets):
    """COCO's own evaluation leaves out people whose num_keypoints is 0, whatever their joints."""
    for count in (0, 3, "many", "16"):
        people, told = both(sets.changed(first("num_keypoints", count)))
        assert people == 3
        assert told.startswith("Number of keypoints that is not that of the labelled joints, counted anew: 1 of 4")
    for count in (17, 17.0, "17", None):
        assert both(sets.changed(first("num_keypoints", count))) == (3, "")


def test_shares_of_the_picture_are_refused(sets):
    def shares(values):
        return [v / 200 if n % 3 < 2 else v for n, v in enumerate(values)]

    with pytest.raises(BuposeError, match=r"set\.json: all joints lie between 0 and 1.*write pixels"):
        both(sets.changed(each("keypoints", shares)))
    assert both(sets.changed(first("keypoints", shares)))[0] == 3  # somebody in a corner


def test_polygons_of_pairs_are_outlines(sets):
    ring = [[10, 20], [40, 20], [40, 80], [25, 99]]
    flat = read(sets.changed(first("segmentation", [[v for pair in ring for v in pair]]))).outlines[0]
    pairs = read(sets.changed(first("segmentation", [ring]))).outlines[0]
    assert len(pairs.rings) == len(flat.rings) == 1
    assert (pairs.rings[0] == flat.rings[0]).all()
    assert not pairs.is_box


def test_a_key_that_stands_twice_hides_nothing(sets):
    text = json.dumps(sets.people())
    path = sets.folder / "set.json"
    path.write_text(text[:-1] + ', "annotations": []}')
    with pytest.raises(InputError, match="'annotations' stands twice in one object"):
        load_json(path)


def test_compressed_files_say_so(tmp_path):
    path = tmp_path / "set.json.gz"
    path.write_bytes(gzip.compress(b"{}"))
    with pytest.raises(InputError, match=r"set\.json\.gz' is not JSON but compressed; unpack it with gunzip"):
        load_json(path)


def test_boxes_of_two_corners_are_defects(sets):
    path = sets.changed(each("bbox", lambda box: [*box[:2], box[0] + box[2], box[1] + box[3]]))
    defects = [str(d) for d in find_defects(open_samples("coco", {"annotations": path}))]
    assert "2.png: person 0: the box [85, 35, 125, 105] leaves 200x120: is it x, y, width, height?" in defects
    sound = find_defects(open_samples("coco", {"annotations": sets.write(sets.people())}))
    assert not any("the box" in str(d) for d in sound)


def test_copies_of_annotations_are_taken_once(sets):
    path = sets.changed(lambda d: d["annotations"].append(dict(d["annotations"][0])))
    assert both(path) == (3, "Listed more than once, taken once: 1 of 5 annotations (1).")
    changed = {"id": 1, "image_id": 2}
    people = both(sets.changed(lambda d: d["annotations"].append(d["annotations"][0] | changed)))
    assert people == (4, "")  # somebody else of the same id


def test_results_that_are_shares_of_the_picture_are_refused(sets):
    path = sets.write(sets.people())
    results = read_ground_truth(path).as_results()
    for result in results:
        result["keypoints"] = [v / 200 if n % 3 < 2 else v for n, v in enumerate(result["keypoints"])]
    with pytest.raises(BuposeError, match=r"all joints lie between 0 and 1.*write pixels"):
        coco_ap(results, path)


@pytest.mark.parametrize("name", ["Person", "person ", "PERSON"])
def test_names_of_categories_differ_by_more_than_case(sets, name):
    def change(data):
        data["categories"].append(data["categories"][0] | {"id": 2, "name": name})
        data["annotations"][0]["category_id"] = 2

    people, told = both(sets.changed(change))
    assert people == 3
    assert "all of them read: 2 (ids 1, 2)" in told


def test_people_of_other_categories_are_counted(sets):
    dog = {"id": 2, "name": "dog", "keypoints": ["nose", "tail"]}
    people, told = both(sets.changed(lambda d: (d["categories"].append(dog), first("category_id", 2)(d))))
    assert people == 2
    assert "Of other categories with keypoints, left out: 1 of 4 annotations (category 2)." in told
    with pytest.raises(BuposeError, match=r"two categories have the id 1: 'person' and 'dog'; give each its own"):
        both(sets.changed(lambda d: d["categories"].append(dog | {"id": 1})))


@pytest.mark.parametrize("box", [[10, 10, 0, 5], [10, 10, -5, 5], [30, 30, 9, None], [1, 2, 3]])
def test_heads_without_size_are_refused(sets, box):
    """PCKh measures by the head's size: nobody would ever be within."""
    with pytest.raises(BuposeError, match="annotation 1 has a head_box"):
        both(sets.changed(first("head_box", box)))
    assert both(sets.changed(first("head_box", [10, 10, 5, 5]))) == (3, "")
