"""PoseTrack's measures: numbers that poseval and PoseTrack21's kit gave for made videos, and by hand."""

import copy
import json

import numpy as np
import pytest

from bupose.errors import LabelsError
from bupose.evaluate.tracking import PosevalOptions, evaluate_tracks, read_truth

NAMES = ["nose", "head_bottom", "head_top", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
         "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
         "right_ankle"]  # fmt: skip


def sequence(number, frames, people, found, regions=()):
    """One video in PoseTrack's form: people and found are functions of frame to {id: joints (17, 2)}."""
    images, annotations, results = [], [], []
    for t in range(frames):
        name = f"{number:06d}"
        image = {"id": 10000 * number + t, "file_name": f"images/{name}/{t:06d}.jpg", "vid_id": name}
        image |= {"is_labeled": True, "ignore_regions_x": [x for x, _ in regions]}
        image["ignore_regions_y"] = [y for _, y in regions]
        images.append(image)
        for who, xy in people(t).items():
            annotations.append(entry(image, len(annotations), who, xy) | {"bbox_head": [5, 5, 30, 40]})  # 50 px across
        for rank, (who, xy) in enumerate(found(t).items()):
            scores = [(0.618034 * (83 * number + 17 * (9 * rank + t) + k)) % 1 for k in range(17)]  # all different
            results.append(entry(image, len(results), who, xy) | {"scores": scores})
    category = {"id": 1, "name": "person", "keypoints": NAMES, "skeleton": []}
    return tuple({"images": images, "annotations": rows, "categories": [category]} for rows in (annotations, results))


def entry(image, number, who, xy):
    here = np.isfinite(xy).all(1)
    here[3:5] = False
    triples = np.column_stack([np.where(here[:, None], xy, 0), here])
    return {"id": 100 * image["id"] + number, "image_id": image["id"], "category_id": 1, "track_id": who,
            "keypoints": triples.reshape(-1).tolist(), "bbox": [0, 0, 9, 9]}  # fmt: skip


BODY = np.array([[10 * k % 70, 17 * k % 110] for k in range(17)], float)


def walker(who, t):
    """A person's joints in a frame, some not labelled."""
    xy = BODY + [100.17 + 120 * who + 3 * t, 150.09 + 2 * who * t]
    xy[[(5 * who + t) % 17, (7 * who + 2 * t) % 17]] = np.nan
    return xy


def missteps(scale, t, who):
    """What a network adds: up to ``scale`` px, different for each joint, frame and person."""
    k = np.arange(17)
    return scale * np.column_stack([(3 * k + 5 * t + who) % 7 - 3, (5 * k + 3 * t + 2 * who) % 7 - 3]) / 3


def video(number, frames=9):
    """Three walkers; one hidden for a while, ids swapped once, a ghost, a frame without a found person."""

    def people(t):
        return {} if t == 4 else {who: walker(who, t) for who in range(3) if (who, t) != (1, 2)}

    def found(t):
        if t == 6:
            return {}
        called = {0: 0, 1: 1, 2: 2} if t < 5 else {0: 1, 1: 0, 2: 7}
        seen = {
            called[w]: walker(w, t + (t == 1)) + missteps(8.3 + 3 * number, t, w) for w in range(3) if (w, t) != (2, 3)
        }
        return seen | ({9: BODY + [300, 20]} if t in (0, 4, 7) else {})

    return sequence(
        number, frames, people, found, [([150, 260, 260, 150], [120, 120, 190, 190])] if number == 2 else ()
    )


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("posetrack")
    for number in (1, 2):
        for name, content in zip(("truth", "found"), video(number), strict=True):
            (root / name).mkdir(exist_ok=True)
            (root / name / f"{number:06d}.json").write_text(json.dumps(content))
    return root / "found", root / "truth"


# Of these videos by poseval (commit of 2023) and py-motmetrics 1.4, evaluateAP and evaluateTracking.
POSEVAL = {
    "right_ankle": (40.627388, -5.882353), "right_knee": (39.193277, 3.703704), "right_hip": (33.301435, 0),
    "left_hip": (42.208462, 3.125), "left_knee": (52.095238, 11.538462), "left_ankle": (54.091031, 12.5),
    "right_wrist": (45.510338, 13.333333), "right_elbow": (53.062287, 16.129032), "right_shoulder": (42.931983, -6.25),
    "left_shoulder": (31.7763, -9.375), "left_elbow": (46.247277, 15.384615), "left_wrist": (45.062358, -5.882353),
    "neck": (47.314293, -3.703704), "nose": (40.330214, 3.846154), "top_head": (35.22404, -10),
}  # fmt: skip
# The same by PoseTrack21's kit (hota_pose.py), without the frame of nobody, on which it stops with an error.
KIT = {"HOTA": 9.724083808, "DetA": 8.557793347, "AssA": 11.323204210}


def test_poseval_counts_the_same(folders):
    report = evaluate_tracks(*folders)
    assert report.protocol == "posetrack"
    assert len(report.joints) == 15
    for row in report.joints:
        assert (row["AP"], row["MOTA"]) == pytest.approx(POSEVAL[row["joint"]], abs=1e-6)
    ours = [report.metrics[name] for name in ("mAP", "MOTA", "precision", "recall")]
    assert ours == pytest.approx([43.265061464, 2.564459365, 58.459713321, 65.014937893], abs=1e-8)


def test_the_kit_counts_the_same(folders):
    found, truth = (
        [json.loads(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("*.json"))] for folder in folders
    )
    for content in truth:
        content["images"][4]["is_labeled"] = False
    together = {key: truth[0][key] + truth[1][key] for key in ("images", "annotations")}
    together["categories"] = truth[0]["categories"]
    report = evaluate_tracks(found[0]["annotations"] + found[1]["annotations"], together)
    assert {name: report.metrics[name] for name in KIT} == pytest.approx(KIT, abs=1e-8)
    assert len(report.videos) == 2
    assert "Of frames that are not annotated, left out: 8 of 52 results (image 10004, 20004)." in report.notes


def one_joint(people, found, frames=4, **image):
    """A video of a single joint, the nose: ids and places by frame."""

    def body(place):
        xy = np.full((17, 2), np.nan)
        xy[0] = place
        return xy

    truth, results = sequence(1, frames, lambda t: {w: body(p) for w, p in people[t].items()},
                              lambda t: {w: body(p) for w, p in found[t].items()})  # fmt: skip
    for one in truth["images"]:
        one.update(image)
    return results, truth


def nose(results, truth, **options):
    report = evaluate_tracks(results["annotations"], truth, poseval=PosevalOptions(**options))
    return next(row for row in report.joints if row["joint"] == "nose")


def test_the_last_frame_is_left_out():
    """The second of two frames has the only miss."""
    videos = one_joint([{1: (50, 50)}] * 2, [{1: (50, 50)}, {2: (90, 50)}], frames=2)
    assert (nose(*videos)["objects"], nose(*videos)["MOTA"]) == (1, 100)
    row = nose(*videos, last_frame=True)
    assert (row["objects"], row["missed"], row["false"], row["MOTA"]) == (2, 1, 1, 0)
    assert row["AP"] == pytest.approx(25)  # of both frames, either way; the false one is surer


def test_a_frame_without_a_found_person_counts_once():
    """Three are missed; poseval counts one missed and one false."""
    people = [{1: (50, 50), 2: (150, 50), 3: (250, 50)}] * 3
    videos = one_joint(people, [people[0], {}, {}], frames=3)
    assert [nose(*videos)[name] for name in ("objects", "missed", "false")] == [4, 1, 1]
    assert [nose(*videos, one_sided=True)[name] for name in ("objects", "missed", "false")] == [6, 3, 0]


def test_joints_in_ignored_regions_do_not_count():
    region = {"ignore_regions_x": [[0, 100, 100, 0]], "ignore_regions_y": [[0, 0, 100, 100]]}
    people, found = [{1: (50, 50), 2: (150, 50)}] * 3, [{2: (150, 50), 8: (70, 70)}] * 3
    videos = one_joint(people, found, frames=3, **region)
    assert [nose(*videos)[name] for name in ("objects", "missed", "false")] == [2, 0, 0]
    assert [nose(*videos, ignore_regions=False)[name] for name in ("objects", "missed", "false")] == [4, 2, 2]


def test_a_joint_counts_within_half_a_head():
    """The head's box has a diagonal of 50 px: half of 0.6 of it is 15 px."""
    for off, right in ((14.9, 100), (15.1, -100)):
        videos = one_joint([{1: (50, 50)}] * 2, [{1: (50 + off, 50)}] * 2, frames=2)
        assert nose(*videos)["MOTA"] == pytest.approx(right)


def test_absent_joints():
    """Truth against itself: HOTA is 100 only if joints that are never shown are left out."""
    results, truth = one_joint([{1: (50, 50)}] * 2, [{1: (50, 50)}] * 2, frames=2)
    assert evaluate_tracks(results["annotations"], truth).metrics["AssA"] == pytest.approx(100 / 15)
    whole = evaluate_tracks(results["annotations"], truth, poseval=PosevalOptions(absent_joints=True))
    assert whole.metrics["HOTA"] == pytest.approx(100)


def test_hidden_joints_of_posetrack21_are_labelled():
    results, truth = one_joint([{1: (50, 50)}] * 2, [{1: (50, 50)}] * 2, frames=2)
    for one in truth["annotations"]:
        one["keypoints"][2] = 0
    assert nose(results, truth)["MOTA"] == 100


def test_people_without_ids_count_in_average_precision_alone():
    results, truth = one_joint([{1: (50, 50)}] * 3, [{1: (50, 50)}] * 3, frames=3)
    for one in results["annotations"]:
        del one["track_id"]
    report = evaluate_tracks(results["annotations"], truth)
    assert (report.metrics["mAP"], report.metrics["MOTA"]) == (100, -100)  # of two frames, each one missed, one false
    assert "Without an id, left out where ids count: 3 of 3 found people." in report.notes


def test_annotations_without_heads_or_ids_are_refused():
    results, truth = one_joint([{1: (50, 50)}] * 2, [{1: (50, 50)}] * 2, frames=2)
    headless, nameless = copy.deepcopy(truth), copy.deepcopy(truth)
    for one in headless["annotations"]:
        del one["bbox_head"]
    for one in nameless["annotations"]:
        del one["track_id"]
    with pytest.raises(LabelsError, match=r"need the heads' boxes, .* use protocol=mot"):
        evaluate_tracks(results["annotations"], headless, protocol="posetrack")
    assert evaluate_tracks(results["annotations"], headless).protocol == "mot"
    with pytest.raises(LabelsError, match="does not say who is who; give annotations with a track_id"):
        read_truth(nameless)
    results["annotations"].append(results["annotations"][0])
    with pytest.raises(LabelsError, match="2 people of frame 10000 have the id 1"):
        evaluate_tracks(results["annotations"], truth)
