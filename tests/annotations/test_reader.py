"""What is odd in a file: read alike by training and evaluation and told, or refused by both in one sentence."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from bupose.annotations import read
from bupose.data import open_samples
from bupose.errors import LabelsError
from bupose.evaluate import coco_ap, evaluate, read_ground_truth
from bupose.people import Labels
from bupose.skeletons import COCO17


def put(**values):
    """A change of the first annotation."""
    return lambda data: data["annotations"][0].update(values)


def renumber(ids):
    def change(data):
        for image in data["images"]:
            image["id"] = ids[image["id"]]
        for a in data["annotations"]:
            a["image_id"] = ids[a["image_id"]]

    return change


# --- ids ---


@pytest.mark.parametrize(
    "ids",
    [
        {1: "1", 2: "2"}, {1: "frame_1", 2: "frame_2"}, {1: 10.0, 2: 20.0}, {1: -1, 2: 0}, {1: "007", 2: "7"},
        {1: 10**15, 2: 10**18}, {1: 2**70, 2: "ä b"}, {1: 5, 2: "word"}, {1: "", 2: " "},
    ],
)  # fmt: skip
def test_ids_of_any_kind(sets, ids):
    path = sets.changed(renumber(ids))
    assert {name: len(labels) for name, labels in sets.taught(path).items()} == {"1.png": 2, "2.png": 1}
    truth = read_ground_truth(path)
    results = truth.as_results()
    assert {json.dumps(r["image_id"]) for r in results} == {json.dumps(i) for i in ids.values()}  # the file's own
    assert coco_ap(results, path)["AP"] == pytest.approx(100)
    samples = open_samples("coco", {"annotations": path})
    assert [samples.image_id(n) for n in range(2)] == [ids[1], ids[2]]
    people = {samples.image_id(n): samples.labels(n).to_people() for n in range(2)}
    assert coco_ap(people, path)["AP"] == pytest.approx(100)


def test_ids_written_in_two_ways(sets):
    def change(data):
        data["images"][0]["id"], data["annotations"][0]["image_id"] = "1", 1.0

    path = sets.changed(change)
    assert len(sets.taught(path)["1.png"]) == 2
    results = [r | {"image_id": {"1": 1, 2: "2"}[r["image_id"]]} for r in read_ground_truth(path).as_results()]
    assert coco_ap(results, path)["AP"] == pytest.approx(100)
    assert coco_ap(results, path, image_ids=[1])["AP"] == pytest.approx(100)


@pytest.mark.parametrize("wrong", [None, True, 1.5, math.nan, math.inf, [], [1], {}, {"a": 1}])
@pytest.mark.parametrize("where", ["images", "annotations", "categories"])
def test_what_is_no_id(sets, wrong, where):
    def change(data):
        data[where][0]["image_id" if where == "annotations" else "id"] = wrong

    sets.refused_by_both(sets.changed(change), "id")


def test_two_pictures_of_one_id(sets):
    sets.refused_by_both(sets.changed(lambda d: d["images"][1].update(id="1")), "two images have the id")
    path = sets.changed(lambda d: d["images"].append(dict(d["images"][0])))
    assert "Listed more than once, taken once: 1 of 3 images" in sets.notes(path)
    assert coco_ap(read_ground_truth(path).as_results(), path)["AP"] == pytest.approx(100)


def test_annotations_of_no_picture_are_told(sets):
    path = sets.changed(put(image_id=77))
    assert "Of images that are not listed, left out: 1 of 4 annotations (image 77)" in sets.notes(path)
    assert any("image 77" in note for note in read_ground_truth(path).notes)
    path = sets.changed(lambda d: [a.update(image_id=f"{a['image_id']}.png") for a in d["annotations"]])
    sets.refused_by_both(path, r"of image '1\.png', '2\.png', which is not listed")


def test_results_of_no_picture_are_told(sets):
    path = sets.write(sets.people())
    results = read_ground_truth(path).as_results()
    report = evaluate([*results, results[0] | {"image_id": 99}], path)
    assert report.metrics["AP"] == pytest.approx(100)
    assert "Of pictures that are not annotated, left out: 1 of 4 results (image 99)." in report.table()


# --- names ---


@pytest.mark.parametrize("spelling", ["Left Eye", "LeftEye", "eye_l"])
def test_names_are_matched_in_evaluation_too(sets, spelling):
    """By the names alone: predictions come as people, not in the file's order."""
    spelt = {"Left Eye": lambda j: j.replace("_", " ").title(), "LeftEye": lambda j: j.title().replace("_", ""),
             "eye_l": lambda j: f"{j.split('_')[1]}_{j[0]}" if "_" in j else j}[spelling]  # fmt: skip
    path = sets.changed(lambda d: d["categories"][0].update(keypoints=[spelt(j) for j in COCO17.joints]))
    truth = read_ground_truth(path)
    assert truth.joints == COCO17.joints
    assert truth.sigmas.tolist() == list(COCO17.sigmas)
    assert truth.notes == ()
    found = {n: labels.to_people() for n, labels in zip((1, 2), sets.taught(path).values(), strict=True)}
    assert coco_ap(found, path)["AP"] == pytest.approx(100)
    assert "Joints matched: 17 of 17 of coco17." in sets.notes(path)


def test_names_that_fit_in_part_are_told(sets):
    strange = ["nose", *(f"{j}_of_fish" for j in COCO17.joints[1:])]
    path = sets.changed(lambda d: d["categories"][0].update(keypoints=strange))
    told = sets.notes(path, skeleton="coco17")
    assert "Joints matched: 1 of 17 of coco17; not in the file, so never labelled: left_eye" in told
    assert "in the file, but not used: left_eye_of_fish" in told
    assert "Joints matched: 1 of 17 of coco17." in " ".join(read_ground_truth(path, skeleton="coco17").notes)
    found = {1: sets.taught(path, skeleton="coco17")["1.png"].to_people()}
    assert "Joints matched: 1 of 17 annotated; coco17 lacks" in evaluate(found, path, image_ids=[1]).table()
    with pytest.raises(LabelsError, match="share no joint with the annotations"):
        evaluate(found, sets.changed(lambda d: d["categories"][0].update(keypoints=[f"x{n}" for n in range(17)])))


# --- visibility, boxes, areas ---


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), (1, 1), (2, 2), (True, 1), (False, 0), ("2", 2), (2.0, 2), (0.7, 1), (1.6, 2), (3, 2), (-1, 0),
     (math.nan, 0), (None, 0), (1e308, 2)],
)  # fmt: skip
def test_visibility(sets, value, expected):
    def change(data):
        data["annotations"][0]["keypoints"][2] = value

    path = sets.changed(change)
    assert sets.taught(path)["1.png"].visibility[0].tolist() == [expected] + [2] * 16
    triples = np.reshape(read_ground_truth(path).annotations[0]["keypoints"], (-1, 3))
    assert triples[:, 2].tolist() == [expected] + [2] * 16
    assert ("Visibility other than 0, 1 and 2" in sets.notes(path)) == (value not in (0, 1, 2, "2"))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None, 1e7])
def test_a_joint_at_no_place_is_not_labelled(sets, value):
    def change(data):
        data["annotations"][0]["keypoints"][3] = value

    path = sets.changed(change)
    assert sets.taught(path)["1.png"].visibility[0, :3].tolist() == [2, 0, 2]
    assert read_ground_truth(path).annotations[0]["num_keypoints"] == 16
    assert "Labelled joints without a finite place, taken as not labelled: 1 of 4 annotations (1)" in sets.notes(path)


@pytest.mark.parametrize(
    "box", [None, [], [10, 20, 0, 60], [10, 20, 30, -5], [10, 20, math.nan, 60], [0, 0, math.inf, 9], "gone"]
)
def test_a_box_of_no_use_is_drawn_around_the_joints(sets, box):
    path = sets.changed(put(bbox=box) if box != "gone" else lambda d: d["annotations"][0].pop("bbox"))
    assert sets.taught(path)["1.png"].box[0].tolist() == [10, 20, 30, 60]
    assert read_ground_truth(path).annotations[0]["bbox"] == [10, 20, 30, 60]
    assert ("Box flat, negative or not finite" in sets.notes(path)) == (box not in (None, [], "gone"))


def test_a_nested_box_is_read(sets):
    assert sets.taught(sets.changed(put(bbox=[[1, 2, 30, 40]])))["1.png"].box[0].tolist() == [1, 2, 30, 40]


@pytest.mark.parametrize("area", [0, -5, None, math.nan, math.inf, "gone"])
def test_an_area_of_no_use_is_taken_from_the_box(sets, area):
    """COCO's similarity of a person of area 0 is 0 wherever the prediction is not exact."""
    path = sets.changed(put(area=area) if area != "gone" else lambda d: d["annotations"][0].pop("area"))
    assert sets.taught(path)["1.png"].area[0] == pytest.approx(0.53 * 40 * 70)
    truth = read_ground_truth(path)
    assert truth.annotations[0]["area"] == pytest.approx(0.53 * 40 * 70)
    assert "Area missing, 0 or less, taken as 0.53 of the box: 1 of 4 annotations (1)." in truth.notes
    results = truth.as_results()
    results[0]["keypoints"] = (np.reshape(results[0]["keypoints"], (-1, 3)) + [0.5, 0, 0]).reshape(-1).tolist()
    assert coco_ap(results, path)["AP"] == pytest.approx(100)


def test_somebody_without_any_size_is_told(sets):
    dot = {"id": 1, "name": "dot", "keypoints": ["dot"]}
    data = sets.people() | {"categories": [dot]}
    data["annotations"] = [{"image_id": 1, "category_id": 1, "keypoints": [5, 6, 2]}]
    truth = read_ground_truth(sets.write(data))
    assert truth.annotations[0]["area"] == 1
    assert "Neither area nor box, and joints in one place or line, taken as 1 px² large" in " ".join(truth.notes)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (put(bbox=[1, 2, 3]), "annotation 1 has a bbox of 3 numbers"),
        (put(bbox="1 2 3 4"), "annotation 1 has a bbox that is text"),
        (put(bbox=["a", 2, 3, 4]), "annotation 1 has bbox that are no list of numbers"),
        (put(area="big"), "annotation 1 has 'big' as area; write a number"),
        (put(area=[1]), "annotation 1 has .* as area; write a number"),
        (put(iscrowd="some"), "annotation 1 has 'some' as iscrowd; write 0 or 1"),
        (put(keypoints=7), "annotation 1 has keypoints that are a number"),
        (put(keypoints={"nose": [1, 2, 2]}), "annotation 1 has keypoints that are an object"),
        (put(keypoints=[1, 2] * 17), "annotation 1 has 34 keypoint numbers; its category's 17 joints need 51"),
        (put(keypoints=[[1]] * 51), "annotation 1 has keypoints that are no list of numbers"),
        (put(segmentation="x"), "annotation 1 has a segmentation that is neither polygons"),
        (lambda d: d.update(annotations=None), "set.json has null for annotations; it must be a list of objects"),
        (lambda d: d["annotations"].insert(0, "x"), "entry 0 of annotations is text; it must be an object"),
        (lambda d: d.update(images={"1": {}}), "set.json has an object for images"),
        (lambda d: d.update(categories=5), "set.json has a number for categories"),
        (lambda d: d["images"][0].update(file_name=5), "image 1 has the file_name 5; write text"),
    ],
)
def test_what_cannot_be_read_is_refused_by_both(sets, change, says):
    assert "set.json" in sets.refused_by_both(sets.changed(change), says)


# --- categories, limbs ---


def test_two_categories_of_one_name_are_one(sets):
    def change(data):
        data["categories"].append(dict(data["categories"][0], id=2))
        data["annotations"][1]["category_id"] = 2

    path = sets.changed(change)
    assert sum(map(len, sets.taught(path).values())) == len(read_ground_truth(path).as_results()) == 3
    assert "Categories named 'person', all of them read: 2 (ids 1, 2)." in sets.notes(path)
    data = json.loads(Path(path).read_text(encoding="utf-8"))
    data["categories"][1]["keypoints"][0] = "beak"
    sets.refused_by_both(sets.write(data), "2 categories named 'person' have different joints")
    assert sum(map(len, sets.taught(sets.write(data), category="2").values())) == 1


def test_person_is_read_among_several(sets):
    bird = {"id": "5", "name": "bird", "keypoints": ["beak", "tail"]}
    path = sets.changed(lambda d: d["categories"].insert(0, bird))
    assert sum(map(len, sets.taught(path).values())) == len(read_ground_truth(path).as_results()) == 3
    assert "Categories with keypoints are bird, person; person is read." in sets.notes(path)
    path = sets.changed(lambda d: (d["categories"].insert(0, bird), d["categories"][1].update(name="people")))
    sets.refused_by_both(path, "several categories with keypoints; it has bird, people; choose one")
    for choice in ("people", "1", 1):
        assert len(read_ground_truth(path, category=choice).as_results()) == 3


def test_results_of_another_category_are_not_persons(sets):
    bird = {"id": 5, "name": "bird", "keypoints": ["beak", "tail"]}
    path = sets.changed(lambda d: d["categories"].insert(0, bird))
    persons = read_ground_truth(path).as_results()
    birds = [{"image_id": 1, "category_id": "5", "score": 1, "keypoints": [1, 2, 1, 3, 4, 1]}] * 9
    report = evaluate(persons + birds, path)
    assert report.metrics["AP"] == pytest.approx(100)
    assert "Of other categories, left out: 9 of 12 results (id '5')." in report.truth.notes
    strangers = [r | {"category_id": 5} for r in persons]  # of a program that knows no ids
    report = evaluate(strangers, path)
    assert report.metrics["AP"] == pytest.approx(100)
    assert "Of another category (id 5), taken as 'person': all results." in report.truth.notes


def test_results_without_scores_are_told(sets):
    path = sets.write(sets.people())
    results = read_ground_truth(path).as_results()
    del results[0]["score"]
    assert "Without a score, taken as 1: 1 of 3 results." in evaluate(results, path).truth.notes


def test_limbs_are_counted_from_1_or_from_0(sets):
    joints = ("head", "mid", "rear", "tail")
    for first in (0, 1):
        limbs = [[first, first + 1], [first + 1, first + 2], [first + 2, first + 3]]
        path = sets.changed(lambda d, limbs=limbs: d["categories"][0].update(skeleton=limbs), joints)
        skeleton = open_samples("coco", {"annotations": path}).skeleton
        assert skeleton.limbs == (("head", "mid"), ("mid", "rear"), ("rear", "tail"))
        assert read_ground_truth(path).skeleton().limbs == skeleton.limbs
        assert ("counted from 0" in sets.notes(path)) == (first == 0)


@pytest.mark.parametrize(
    "limbs", [[[1, 5]], [[0, 4]], [[1, -1]], [[1]], [[1, 2, 3]], [1, 2], 5, "12", [["a", 1]], [None]]
)
def test_limbs_of_joints_that_are_not_there(sets, limbs):
    path = sets.changed(lambda d: d["categories"][0].update(skeleton=limbs), ("head", "mid", "rear", "tail"))
    with pytest.raises(LabelsError, match=r"set\.json: the category's skeleton has the limb"):
        open_samples("coco", {"annotations": path})
    assert len(read_ground_truth(path).as_results()) == 3  # nobody asked for limbs


# --- what a set gives ---


def test_labels_of_one_picture_are_read_alike(sets):
    data = sets.people()
    data["annotations"][0] |= {"bbox": None, "area": 0, "keypoints": np.reshape(sets.body(10, 20), (17, 3)).tolist()}
    labels = Labels.from_coco(data["annotations"][:2], COCO17)
    same = sets.taught(sets.write(data))["1.png"]
    for name in ("xy", "visibility", "box", "area"):
        np.testing.assert_array_equal(getattr(labels, name), getattr(same, name))


def test_pictures_that_received_nobody(sets):
    def change(data):
        data["images"] += [{"id": 3, "file_name": "c.png", "width": 9, "height": 9}]
        data["annotations"][3] |= {"keypoints": [0] * 51}

    for with_people in (True, False):
        samples = open_samples("coco", {"annotations": sets.changed(change), "with_people": with_people})
        assert list(samples.empty()) == [
            ("2.png", "only crowds, or people without joints"),
            ("c.png", "no annotation"),
        ]
        assert any("left out: 2 of 3" in note for note in samples.notes) == with_people


def test_odd_sizes_are_told(sets):
    for value in (-5, "wide", 1e30, [1], math.nan):
        path = sets.changed(lambda d, value=value: d["images"][0].update(width=value))
        samples = open_samples("coco", {"annotations": path})
        assert samples.size(0) == (200, 120)  # from the picture itself
        assert "Width, height or crowdIndex of no use, not used: 1 of 2 images (1)." in sets.notes(path)
    assert read(sets.changed(lambda d: d["images"][0].update(width="200"))).images[0]["width"] == 200
