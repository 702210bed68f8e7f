"""Training, validation and evaluation are of one mind about every format: the same people, the same ignored places."""

import json

import numpy as np
import pytest

from bupose import geometry
from bupose.annotations import match_names, read
from bupose.annotations.formats import mpii as mpii_format
from bupose.data import open_samples
from bupose.errors import LabelsError
from bupose.evaluate import coco_ap, evaluate, read_ground_truth
from bupose.evaluate.sampled import ground_truth_of_samples
from bupose.evaluate.undeclared import Undeclared
from bupose.images import Sample
from bupose.people import Labels, People
from bupose.skeletons import COCO17

SAMPLES = {
    "crowdpose": ("crowdpose/test_crowdpose.json", 5),
    "ochuman": ("ochuman/test_ochuman.json", 5),
    "posetrack": ("posetrack18/annotations/test_posetrack18_val.json", 14),
    "mpii": ("mpii/test_mpii.json", 5),
    "aichallenger": ("aic/test_aic.json", 9),
}


def people_of(samples, truth):
    """Of both: image id, the joints they share (N, K, 3), area and box of every person, sorted alike."""
    wanted = [j for j in samples.skeleton.joints if match_names([j], truth.joints)[0] >= 0]
    derived = {j for j, _ in samples.skeleton.derived}
    ours = [samples.skeleton.index[j] for j in wanted if j not in derived]
    theirs = match_names([j for j in wanted if j not in derived], truth.joints)
    rows = {0: [], 1: []}
    for i in range(len(samples)):
        labels = samples.labels(i)
        triples = np.concatenate([labels.xy, labels.visibility[..., None]], 2)[:, ours]
        for p, t in enumerate(triples):
            t = np.where(t[:, 2:] > 0, t, 0)
            rows[0].append((samples.image_id(i), *t.ravel(), labels.area[p], *labels.box[p]))
    for a in truth.annotations:
        t = np.reshape(a["keypoints"], (-1, 3))
        if (t[:, 2] > 0).any() and not a["iscrowd"]:
            t = np.where(t[:, 2:] > 0, t, 0)[theirs]
            rows[1].append((a["image_id"], *t.ravel(), a["area"], *a["bbox"]))
    return [np.array(sorted(r), np.float64) for r in rows.values()]


@pytest.mark.parametrize("kind", SAMPLES)
def test_published_formats(shared, kind):
    file, count = SAMPLES[kind]
    path = shared / "data" / "samples" / file
    images = str(shared / "data" / "samples" / "posetrack18") if kind == "posetrack" else ""
    options = {"annotations": str(path), "images": images, "with_people": False}
    samples, truth = open_samples(kind, options | {"skeleton": "crowdpose14"}), read_ground_truth(path)
    trained, evaluated = people_of(samples, truth)
    assert len(trained) == sum(a["num_keypoints"] > 0 and not a["iscrowd"] for a in truth.annotations)
    assert count - 2 <= len(trained) <= count
    np.testing.assert_allclose(trained, evaluated, rtol=1e-6, atol=1e-4)  # float32 against float64
    validated = ground_truth_of_samples(samples, len(samples))
    assert len(validated.as_results()) == len(trained)
    found = {n: samples.labels(n).to_people() for n in range(len(samples))}
    assert coco_ap(found, validated)["AP"] == pytest.approx(100)


def test_the_real_file(shared):
    """Validation's truth is evaluation's: COCO's numbers of noisy predictions are the same."""
    folder, rng = shared / "data" / "coco", np.random.default_rng(0)
    options = {"annotations": str(folder / "val.json"), "images": str(folder / "val")}
    samples, truth = open_samples("coco", options | {"with_people": False}), read_ground_truth(folder / "val.json")
    trained, evaluated = people_of(samples, truth)
    np.testing.assert_allclose(trained, evaluated, rtol=1e-6, atol=1e-4)
    by_id, by_number = {}, {}
    for n in range(len(samples)):
        people = samples.labels(n).to_people()
        moved = people.xy + rng.normal(0, 4, people.xy.shape)
        by_number[n] = by_id[samples.image_id(n)] = type(people)(
            moved, people.score, rng.random(len(people)), people.skeleton
        )
    expected, got = coco_ap(by_id, truth), coco_ap(by_number, ground_truth_of_samples(samples, len(samples)))
    assert 20 < expected["AP"] < 95
    assert got == pytest.approx(expected, abs=0.02)


# --- places that a set declares as not annotated ---


def posetrack(sets):
    """The labelled frame 1 with two people and a region to ignore, and the unlabelled frame 2."""
    data = sets.people(["nose", "head_bottom", "head_top", *COCO17.joints[3:]])
    data["annotations"] = [a for a in data["annotations"] if a["id"] in (1, 2)]
    for a in data["annotations"]:
        a["keypoints"] = [bool(v) * 1 if n % 3 == 2 else v for n, v in enumerate(a["keypoints"])]
    data["images"][0] |= {"is_labeled": True, "vid_id": "1", "ignore_regions_x": [[120, 199, 199, 120]]}
    data["images"][0] |= {"ignore_regions_y": [[0, 0, 119, 119]]}
    data["images"][1] |= {"is_labeled": False, "vid_id": "1"}
    return data


def add_people(truth, places):
    """Results of everybody, less sure than somebody at each of the places (image, x, y)."""
    results = truth.as_results()
    first = np.reshape(results[0]["keypoints"], (-1, 3))
    for image, x, y in places:
        moved = first + [x - first[0, 0], y - first[0, 1], 0]
        results.append({**results[0], "image_id": image, "keypoints": moved.ravel().tolist()})
    for n, r in enumerate(results):
        r["score"] = (n + 1) / 100
    return results


def test_posetrack_ignores_what_its_annotators_did(sets):
    path = sets.write(posetrack(sets))
    truth = read_ground_truth(path)
    assert truth.joints[1:3] == ("neck", "top_head")
    assert list(truth.images) == [1]
    for places in ([], [(1, 140, 30)], [(2, 10, 20)], [(1, 140, 30), (1, 150, 40), (2, 1, 1)]):
        report = evaluate(add_people(truth, places), path)
        assert report.metrics["AP"] == pytest.approx(100)
        assert report.diagnosis.people["background"] == report.diagnosis.people["duplicate"] == 0
    # half a person's joints outside the region and above it, where nobody is: a false alarm of the best score
    wrong = evaluate(add_people(truth, [(1, 108, 70)]), path)
    assert wrong.metrics["AP"] < 70
    assert wrong.diagnosis.people["background"] + wrong.diagnosis.people["duplicate"] == 1
    samples = open_samples("posetrack", {"annotations": path, "skeleton": "coco17"})
    validated = ground_truth_of_samples(samples, len(samples))
    found = {0: samples.labels(0).to_people()}
    assert coco_ap(found, validated)["AP"] == pytest.approx(100)
    extra = found[0].xy[:1] + [130, 10]
    both = np.concatenate([extra, found[0].xy]), np.ones((3, 17)), [1, 0.9, 0.8]
    assert coco_ap({0: type(found[0])(*both, COCO17)}, validated)["AP"] == pytest.approx(100)


def test_hidden_and_seen_are_one_in_posetrack(sets):
    path = sets.write(posetrack(sets))
    assert set(np.unique(read(path).table.visibility)) == {0, 2}
    assert set(np.unique(open_samples("posetrack", {"annotations": path}).labels(0).visibility)) == {0, 2}


@pytest.mark.parametrize(
    ("x", "y"), [([[1, 2, 3]], [[1, 2]]), ([[1, 2, 3]], []), (5, 5), ([["a", 2, 3]], [[1, 2, 3]]), ([[[]]], [[[]]])]
)
def test_regions_that_are_none(sets, x, y):
    data = posetrack(sets)
    data["images"][0] |= {"ignore_regions_x": x, "ignore_regions_y": y}
    with pytest.raises(LabelsError, match="image 1 has ignore_regions_x"):
        read(data)


def test_one_region_may_come_without_a_list_around(sets):
    data = posetrack(sets)
    data["images"][0] |= {"ignore_regions_x": [120, 199, 199, 120], "ignore_regions_y": [0, 0, 119, 119]}
    assert read(data).region.sum() == 1


def test_a_folder_of_files_is_one_set(sets):
    first, second = posetrack(sets), posetrack(sets)
    for image in second["images"]:
        image["id"] += 10
    for a in second["annotations"]:
        a["image_id"] += 10
    (sets.folder / "val").mkdir()
    for name, data in (("a.json", first), ("b.json", second)):
        (sets.folder / "val" / name).write_text(json.dumps(data))
    truth = read_ground_truth(sets.folder / "val")
    assert len(truth.as_results()) == 4
    assert coco_ap(truth.as_results(), sets.folder / "val")["AP"] == pytest.approx(100)
    second["categories"][0]["keypoints"][0] = "beak"
    (sets.folder / "val" / "b.json").write_text(json.dumps(second))
    with pytest.raises(LabelsError, match=r"b\.json has other categories than a\.json"):
        read_ground_truth(sets.folder / "val")


def test_unlisted_people_are_no_false_alarms(sets):
    """Where a picture holds people who are not annotated, only the surroundings of those who are count."""
    data = sets.people()
    data["images"][0]["unlisted_people"] = True
    path = sets.write(data)
    truth = read_ground_truth(path)
    for places, right in (([(1, 10, 58)], False), ([(1, 150, 60)], True), ([(2, 10, 20)], False)):
        report = evaluate(add_people(truth, places), path)
        assert (report.metrics["AP"] > 99.9) == right
        samples = open_samples("coco", {"annotations": path})
        numbers = {1: 0, 2: 1}
        results = [r | {"image_id": numbers[r["image_id"]]} for r in add_people(truth, places)]
        assert coco_ap(results, ground_truth_of_samples(samples, 2)) == pytest.approx(
            report.metrics, abs=0.01, nan_ok=True
        )


def test_masks_of_pictures_count_pixel_by_pixel():
    """Whoever is found where a picture in memory declares that nothing is known is no false alarm."""

    class One:
        skeleton = COCO17

        def __len__(self):
            return 1

        def __getitem__(self, n):
            ignore = np.zeros((100, 160), bool)
            ignore[:, 80:] = True
            labels = Labels(place((20, 20)), np.full((1, 17), 2), COCO17)
            return Sample(np.zeros((100, 160, 3), np.uint8), labels, ignore)

    def place(*corners):
        grid = np.array([(k % 5 * 8, k // 5 * 15) for k in range(17)], float)
        return np.array([grid + corner for corner in corners])

    truth = ground_truth_of_samples(One(), 1)
    for other, right in (((100, 30), True), ((78, 30), True), ((44, 30), False)):
        people = People(place(other, (20, 20)), np.ones((2, 17)), [0.9, 0.8], COCO17)
        assert (coco_ap({0: people}, truth)["AP"] > 99.9) == right


def test_polygons_hold_what_they_cover():
    """Against the mask that OpenCV paints of the same polygon."""
    from bupose.data.regions import fill_polygon

    rng = np.random.default_rng(0)
    for _ in range(5):
        ring = rng.uniform(5, 95, (7, 2)).astype(np.float32)  # crosses itself, too
        mask = np.zeros((100, 100), np.uint8)
        fill_polygon(mask, geometry.apply(geometry.IDENTITY, ring), 1)
        points = rng.integers(0, 100, (400, 2)).astype(float)
        held = Undeclared([ring]).holds(points[:, None])
        painted = mask[points[:, 1].astype(int), points[:, 0].astype(int)]
        assert (held == painted).mean() > 0.93  # OpenCV paints the border, too


def test_people_without_joints_are_held_by_nothing():
    nobody = np.full((2, 17, 2), np.nan)
    for region in (Undeclared(), Undeclared([]), Undeclared(mask=np.ones((9, 9), bool))):
        assert region.holds(nobody).tolist() == [0, 0]
        assert region.holds(nobody[:0]).shape == (0,)


# --- MPII and AI Challenger ---


def mpii(**changes):
    points = [[11.0 + 5 * n, 21.0 + 3 * n] for n in range(16)]
    entry = {"image": "1.png", "joints": points, "joints_vis": [1] * 16, "scale": 0.5, "center": [50, 50]}
    return [entry | changes]


def test_mpii_flags_say_what_is_labelled(sets):
    """0 is not labelled (HRNet's authors), wherever the joint is said to be; hidden joints have 1."""
    flags = [1] * 14 + [0, 0]
    path = sets.write(mpii(joints_vis=flags))
    samples = open_samples("mpii", {"annotations": path, "skeleton": "crowdpose14"})
    labels, triples = samples.labels(0), np.reshape(read_ground_truth(path).annotations[0]["keypoints"], (-1, 3))
    assert triples[:, 2].tolist() == [2 * f for f in flags]
    assert triples[0, :2].tolist() == [10, 20]  # counted from 1 there
    assert not labels.present[0, samples.skeleton.index["left_elbow"]]
    assert not labels.present[0, samples.skeleton.index["left_wrist"]]
    assert labels.present[0, samples.skeleton.index["left_shoulder"]]
    names = dict(zip(mpii_format.JOINTS, triples[:, 2], strict=True))
    assert names["left_elbow"] == names["left_wrist"] == 0


@pytest.mark.parametrize(
    "change",
    [{"joints": None}, {"joints": [[1, 2]]}, {"joints": "x"}, {"joints_vis": None}, {"joints_vis": [1]},
     {"image": None}, {"image": 5}, {"scale": "big"}, {"scale": [1, 2]}, {"head_box": [1]}, {"head_box": "x"}],
)  # fmt: skip
def test_what_is_not_mpii(sets, change):
    data = mpii(**change)
    if change == {"scale": [1, 2]}:
        assert len(read(data).row) == 1  # no size: the joints' own box
        return
    with pytest.raises(LabelsError) as problem:
        read(data)
    assert str(problem.value).isprintable()


def test_aichallengers_own_list_is_evaluated(sets):
    flat = [v for k in range(14) for v in (10 + 7 * k, 20 + 3 * k, 1 + k % 3)]
    person = {"keypoint_annotations": {"human1": flat}, "human_annotations": {"human1": [5, 6, 120, 80]}}
    path = sets.write([{"image_id": "1", **person}])
    truth = read_ground_truth(path)
    assert truth.annotations[0]["bbox"] == [5, 6, 115, 74]
    visibility = np.reshape(truth.annotations[0]["keypoints"], (-1, 3))[:, 2]
    assert visibility.tolist() == ([2, 1, 0] * 5)[:14]  # the list's 1, 2, 3
    assert coco_ap(truth.as_results(), path)["AP"] == pytest.approx(100)
