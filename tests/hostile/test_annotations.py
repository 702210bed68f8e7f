"""Annotations and predictions with one thing wrong, anywhere: read alike by training and evaluation, or refused."""

import copy
import json
import random
import re
import warnings

import cv2
import numpy as np
import pytest

from bupose import geometry
from bupose.data import find_defects, open_samples, survey
from bupose.errors import BuposeError
from bupose.evaluate import coco_ap, crowdpose_ap, evaluate, pck, read_ground_truth
from bupose.people import Labels, People
from bupose.skeletons import COCO17, CROWDPOSE14

DEEP = json.loads("[" * 300 + "]" * 300)
ODD = (
    None, True, False, 0, 1, -1, 2, 3, 0.7, 1e308, 10**400, float("nan"), float("inf"), -float("inf"), "", "7", "word",
    "\ud800", "a\0b", "ä\n", "x" * 9999, [], {}, [[]], [None], [1, 2, 3], ["a", 1], {"a": 1}, {"counts": []}, DEEP,
)  # fmt: skip


def body(x, y, joints=17, step=5.0):
    return [v for k in range(joints) for v in (x + step * (k % 4), y + step * (k // 4), 1 + k % 2)]


def coco(joints=COCO17.joints):
    k = len(joints)
    annotations = [
        {"id": 1, "image_id": 7, "category_id": 1, "keypoints": body(10, 10, k), "bbox": [8, 8, 24, 30], "area": 400.0,
         "segmentation": [[8, 8, 32, 8, 32, 38, 8, 38.5, 6, 20]], "iscrowd": 0, "num_keypoints": k},
        {"id": 2, "image_id": 7, "category_id": 1, "keypoints": body(50, 12, k), "bbox": [48, 10, 24, 30],
         "segmentation": {"counts": [3000, 100, 3300], "size": [64, 100]}, "iscrowd": 0},
        {"id": 3, "image_id": 8, "category_id": 1, "keypoints": [0] * (3 * k), "bbox": [4, 4, 40, 40], "area": 900,
         "segmentation": {"counts": "Xo0T3dU5", "size": [64, 100]}, "iscrowd": 1},
        {"id": 4, "image_id": 8, "category_id": 1, "keypoints": body(60, 20, k), "bbox": [58, 18, 24, 30],
         "iscrowd": 0},
    ]  # fmt: skip
    images = [{"id": n, "file_name": f"{n}.png", "width": 100, "height": 64} for n in (7, 8)]
    limbs = [[n, n + 1] for n in range(1, k)]
    category = {"id": 1, "name": "person", "keypoints": list(joints), "skeleton": limbs}
    return {"images": images, "annotations": annotations, "categories": [category, {"id": 2, "name": "kite"}]}


def wholebody():
    data = coco()
    for annotation in data["annotations"]:
        annotation |= {"foot_kpts": body(12, 12, 6), "face_kpts": body(9, 9, 68, 1.0), "face_valid": True}
        annotation |= {
            "lefthand_kpts": body(9, 9, 21, 2.0),
            "righthand_kpts": [],
            "lefthand_valid": annotation["id"] > 1,
        }
    return data


def posetrack():
    names = ["nose", "head_bottom", "head_top", *COCO17.joints[3:]]
    data = coco(names)
    data["images"][0] |= {"is_labeled": True, "ignore_regions_x": [[70, 99, 99]], "ignore_regions_y": [[40, 40, 60]]}
    data["images"][1] |= {"is_labeled": False, "vid_id": "1"}
    return data


def mpii():
    points = [[10.0 + 5 * (k % 4), 10.0 + 5 * (k // 4)] for k in range(16)]
    entry = {"image": "7.png", "joints": points, "joints_vis": [1] * 15 + [0], "scale": 0.2, "center": [20, 20]}
    return [entry, {**copy.deepcopy(entry), "image": "8.png", "head_box": [10, 10, 5, 5]}]


def aichallenger():
    people = {"keypoint_annotations": {"human1": body(10, 10, 14)}, "human_annotations": {"human1": [8, 8, 40, 40]}}
    return [{"image_id": name, **copy.deepcopy(people)} for name in ("7", "8")]


DOCUMENTS = {
    "coco": coco,
    "coco_wholebody": wholebody,
    "crowdpose": lambda: coco(["head" if j == "top_head" else j for j in CROWDPOSE14.joints]),
    "ochuman": coco,
    "posetrack": posetrack,
    "mpii": mpii,
    "aichallenger": aichallenger,
}


def places(value, path=()):
    """Every place in a JSON value, the value itself first."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield from places(part, (*path, key))


def mutate(rng, document):
    """A copy with one thing replaced, removed, doubled, nested or turned into text; and what was done."""
    document = copy.deepcopy(document)
    everywhere = list(places(document))
    short = [p for p in everywhere if len(p) <= 3] if rng.random() < 0.7 else everywhere  # joints are the most
    path = rng.choice(short)
    if not path:
        return copy.deepcopy(rng.choice(ODD)), "all"
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    how, key = rng.choice(("odd", "odd", "odd", "odd", "gone", "twice", "nested", "text")), path[-1]
    if how == "odd":
        parent[key] = copy.deepcopy(rng.choice(ODD))
    elif how == "gone":
        del parent[key]
    elif how == "twice" and isinstance(parent, list):
        parent.insert(key, copy.deepcopy(parent[key]))
    elif how == "text":
        parent[key] = str(parent[key])
    else:
        parent[key] = [parent[key]]
    return document, f"{how} at {path}"


def tolerate(call, *arguments, **more):
    """What a call returns, or None where it refused in one sentence; anything else fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return call(*arguments, **more)
        except BuposeError as problem:
            text = str(problem)
            assert text.isprintable(), repr(text)
            assert len(text) < 2000, text[:500]
            assert not re.search(r"Traceback|NoneType|object at 0x|\b[A-Z]\w+Error\b", text), text
            return None


def look_through(kind, path, **options):
    """Read a set as check-data and training do, to the last mask; return how many people it has."""
    samples = open_samples(kind, {"annotations": str(path), "with_people": False, **options})
    assert str(survey(samples)).count("\n") < 60 + len(samples.skeleton.joints)
    assert all(str(d) for d in find_defects(samples, decode=False))
    assert all(len(entry) == 2 for entry in samples.empty())
    people = 0
    for n in range(len(samples)):
        picture = samples.picture(n)
        people += len(picture.labels)
        picture.ignore(geometry.IDENTITY, picture.size)
        for p in range(len(picture.labels)):
            picture.silhouette(p, geometry.IDENTITY, picture.size)
        for array in (picture.labels.area, picture.labels.box, picture.labels.xy[picture.labels.present]):
            assert np.isfinite(array).all()
        assert (picture.labels.area > 0).all()
    return people


def measure(path):
    """Evaluate a set against itself; return how many people it has."""
    truth = read_ground_truth(path)
    results = truth.as_results()
    report = evaluate(results, truth, gains=False)
    assert report.table()
    json.dumps(report.to_dict(), allow_nan=False)
    for protocol in (coco_ap, crowdpose_ap, pck):
        for value in protocol(results, truth).values():
            assert np.isnan(value) or 0 <= value <= 100
    people = sum(bool(a["num_keypoints"]) and not a["iscrowd"] for a in truth.annotations)
    if people and report.protocol == "coco":
        assert report.metrics["AR"] > 99.9  # whatever is odd, the labels are as good as themselves
    return people


@pytest.fixture
def pictures(tmp_path):
    """A folder with the photos that the documents name."""
    for name in ("7", "8"):
        for ending in ("png", "jpg"):
            cv2.imwrite(str(tmp_path / f"{name}.{ending}"), np.full((64, 100, 3), 90, np.uint8))
    return tmp_path


@pytest.fixture
def count(request):
    """A function that counts hostile inputs."""
    return lambda inputs: request.node.user_properties.append(("hostile", ["annotations", inputs]))


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_annotations(pictures, count, kind):
    """Whatever is wrong, training and evaluation read the same people, or both refuse."""
    rng, path = random.Random(kind), pictures / "set.json"
    for _ in range(40):
        data, what = mutate(rng, DOCUMENTS[kind]())
        path.write_text(json.dumps(data), encoding="utf-8")
        try:
            here = tolerate(look_through, "coco" if kind in ("ochuman", "coco_wholebody") else kind, path)
            there = tolerate(measure, path)
        except Exception as problem:
            problem.add_note(f"{kind}: {what}")
            raise
        if here is not None and there is not None:
            assert here == there, what
        count(1)


def test_predictions(count):
    """Whatever is wrong with results, they are measured or refused."""
    rng, data = random.Random(1), coco()
    truth = read_ground_truth(data)
    for _ in range(60):
        results, what = mutate(rng, truth.as_results())
        try:
            report = tolerate(evaluate, results, truth, gains=True)
            for protocol in (coco_ap, crowdpose_ap, pck):
                tolerate(protocol, results, truth)
            mine = results if isinstance(results, list) else [results]
            people = tolerate(People.from_coco, mine, COCO17)
            assert people is None or len(people) == len(mine)
        except Exception as problem:
            problem.add_note(what)
            raise
        if report is not None:
            assert report.table()
            json.dumps(report.to_dict(), allow_nan=False)
        count(1)


def test_labels_of_one_picture(count):
    """COCO's dicts given to Labels directly go through the same reading."""
    rng = random.Random(2)
    for _ in range(60):
        annotations, what = mutate(rng, coco()["annotations"])
        mine = annotations if isinstance(annotations, list) else [annotations]
        try:
            labels = tolerate(Labels.from_coco, mine, COCO17)
        except Exception as problem:
            problem.add_note(what)
            raise
        if labels is not None:
            assert len(labels) == len(mine)
            assert np.isfinite(labels.xy[labels.present]).all()
            assert np.isfinite(labels.box).all()
        count(1)


def changed(**values):
    """The document in COCO's format with the first annotation changed, as bytes."""
    data = coco()
    data["annotations"][0] |= values
    return json.dumps(data).encode()


WHOLE = json.dumps(coco()).encode()
FILES = [
    ("a byte order mark", b"\xef\xbb\xbf" + WHOLE, 0, "3 people"),
    ("16 bits", WHOLE.decode().encode("utf-16"), 0, "3 people"),
    ("cut short", WHOLE[:-9], 2, "is not JSON"),
    ("empty", b"", 2, "is not JSON"),
    ("a picture", b"\x89PNG\r\n\x1a\n", 2, "is not JSON"),
    ("nested deeply", b"[" * 10**6, 2, "is not JSON"),
    ("a list of nothing", b"[]", 2, "must hold images, annotations and categories"),
    ("an area of 0", changed(area=0), 0, "taken as 0.53 of the box"),
    ("a box of null", changed(bbox=None), 0, "3 people"),
    ("not a number", changed(keypoints=[float("nan"), 1, 2] * 17, bbox=[float("inf")] * 4), 0, "2 people"),
    ("run lengths that end early", changed(segmentation={"size": [64, 100], "counts": [5]}), 2, "annotation 1 has"),
    ("half a surrogate as a name", WHOLE.replace(b"7.png", b"\\udcff.png"), 1, "1 unreadable"),
    ("a name that leads away", WHOLE.replace(b"7.png", b"../../7.png"), 1, "1 unreadable"),
]


@pytest.mark.parametrize(("content", "status", "words"), [f[1:] for f in FILES], ids=[f[0] for f in FILES])
def test_files_from_the_command_line(hostile, content, status, words):
    (hostile.folder / "set.json").write_bytes(content)
    for name in ("7.png", "8.png"):
        cv2.imwrite(str(hostile.folder / name), np.full((64, 100, 3), 90, np.uint8))
    ended = hostile.run("check-data", "data=coco", "data.annotations=set.json", "data.images=.", "output=out")
    hostile.judge(ended, status, words)


@pytest.mark.parametrize(
    ("results", "status", "words"),
    [
        (b"\xef\xbb\xbf[]", 0, "3 annotated, 0 found"),
        (b"[null]", 2, "is not COCO results"),
        (b'[{"image_id": [], "keypoints": []}]', 2, "give the id of an annotated picture"),
        (b'[{"image_id": 7, "keypoints": null}]', 2, "joints need 51"),
        (b'[{"image_id": 9, "keypoints": []}]', 2, "none of which is among the 2 annotated"),
    ],
)
def test_results_from_the_command_line(hostile, results, status, words):
    (hostile.folder / "set.json").write_bytes(WHOLE)
    (hostile.folder / "found.json").write_bytes(results)
    arguments = "annotations=set.json", "predictions=found.json", "output=out", "gains=false"
    hostile.judge(hostile.run("evaluate", *arguments), status, words)
