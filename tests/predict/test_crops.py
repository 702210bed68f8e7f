"""People one by one: each is found where drawn, once, with the scores of box and joints, whoever says where to look."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from atlas import AtlasNetwork, OnePerson, paint, people_at

from bupose import weights
from bupose.annotations.detections import Boxes, read_detections
from bupose.errors import BuposeError, InputError, OptionsError
from bupose.estimate import Estimator, Failure
from bupose.estimate.crops.finders import BottomUp, boxes_of
from bupose.estimate.crops.options import CropsOptions
from bupose.estimate.preprocess import prepare_crop
from bupose.images import Photo
from bupose.nn.config import NetworkConfig
from bupose.nn.model import PoseNet
from bupose.predict.options import InferOptions
from bupose.predict.predict import infer
from bupose.skeletons import COCO18

SIZE = (900, 600)
STANDING = people_at([(450, 60), (700, 300), (20, 200), (830, 330)], [480, 80, 300, 230])  # two near borders


def boxes(labels, scores=None, image_id=0):
    """Detections of people, some pixels larger than their joints."""
    x, y, w, h = (labels.box + (0.5 - 6, 0.5 - 8, 12, 16)).T
    scores = np.ones(len(labels)) if scores is None else scores
    rows = zip(np.stack([x, y, w, h], 1).tolist(), scores, strict=True)
    return [{"image_id": image_id, "category_id": 1, "bbox": box, "score": float(score)} for box, score in rows]


class Given:
    """A finder that knows."""

    def __init__(self, entries):
        self.boxes = Boxes(
            np.array([e["bbox"] for e in entries]).reshape(-1, 4), np.array([e["score"] for e in entries])
        )

    def plan(self, photo, source):
        return []

    def find(self, views, photos, sources, each):
        return [self.boxes] * len(photos)


def run(labels, entries, **options):
    net = OnePerson([(labels, SIZE)], **options.pop("preprocess", {}))
    return Estimator(net, mode="crops", boxes=Given(entries), **options)(paint(*SIZE)), net


def furthest(people, labels):
    """Of each labelled person the largest distance of a joint, of whoever of ``people`` is nearest."""
    distance = np.hypot(*np.moveaxis(people.xy[:, None] - labels.xy, -1, 0))
    return np.nanmax(distance[np.nanmean(distance, 2).argmin(0), np.arange(len(labels))], 1)


@pytest.mark.parametrize(
    "options",
    [{}, {"flip": True}, {"height": 384}, {"crops": CropsOptions(margin=1.6)}, {"preprocess": {"width": 256}}],
)
def test_people_lie_where_they_were_drawn(options):
    people, net = run(STANDING, boxes(STANDING), **options)
    assert len(people) == len(STANDING)
    assert people.person_score.min() > 0.6
    height = options.get("height", 256)
    assert set(net.seen) == {(options.get("preprocess", {}).get("width", height * 3 // 4), height)}
    # A colour step is 3.6 px of the photo, and rounding up after averaging shifts colours by a quarter of it.
    assert furthest(people, STANDING).max() < 1.0


class Cornered(OnePerson):
    """Its cells are centred on multiples of the stride."""

    def _choose(self, labels, width, height):
        return super()._choose(replace(labels, xy=labels.xy + np.float32(self.grid.offset)), width, height)


@pytest.mark.parametrize("flip", [False, True])
def test_cells_lie_where_the_network_says(flip):
    """Of a network that says nothing they lie 3.5 px of a crop too far, some 8 px here."""
    off = []
    for told in ({"first_cell": 0.0}, {}):
        net = Cornered([(STANDING, SIZE)], **told)
        people = Estimator(net, mode="crops", boxes=Given(boxes(STANDING)), flip=flip)(paint(*SIZE))
        off.append(furthest(people, STANDING).max())
    assert off[0] < 1.5  # as above, and maps of mirror images are resampled
    assert off[1] > 6


@pytest.mark.parametrize("scale", [0.11, 0.4, 0.9, 3.7])
@pytest.mark.parametrize("corner", [(30.3, 41.8), (-25.0, -7.5), (331.2, 255.9)])
def test_a_crop_shows_what_its_matrix_says(scale, corner):
    """A straight ramp stays one, whatever the interpolation; what lies outside the photo is padding."""
    y, x = np.indices((300, 400), np.float32)
    image = np.stack([x / 4 + 20, y / 4 + 60, np.full_like(x, 40)], 2)
    photo = Photo.whole(image)  # not rounded to colours, so that a hundredth of a pixel is seen
    sides = 48 / scale, 64 / scale
    view = prepare_crop(photo, (*corner, corner[0] + sides[0], corner[1] + sides[1]), (48, 64), (0, 0, 255))
    assert view.pixels.shape == (64, 48, 3)
    assert view.size == (48, 64)
    v, u = np.indices((64, 48), np.float64)
    px = corner[0] + (u + 0.5) / scale - 0.5  # half a pixel of the view from its border is half a pixel, scaled
    py = corner[1] + (v + 0.5) / scale - 0.5
    border = 8 / scale + 10  # px that averaging mixes with padding
    inside = (px > border) & (px < 399 - border) & (py > border) & (py < 299 - border)
    outside = (px < -border) | (px > 399 + border) | (py < -border) | (py > 299 + border)
    assert (view.pixels[outside] == (0, 0, 255)).all()
    wanted = np.stack([px / 4 + 20, py / 4 + 60], 2)
    # OpenCV looks at 1/32 px of what it warps, which is up to 8 px of the photo.
    assert np.abs(view.pixels[inside][:, :2] - wanted[inside]).max(initial=0) < (1 / scale + 1) / 64 / 4 + 1e-4
    assert inside.any() or outside.any() or scale < 0.2


def test_a_persons_score_is_the_boxs_times_the_joints():
    scores = [0.9, 0.3, 0.6, 0.5]
    found, _ = run(STANDING, boxes(STANDING, scores))
    assert (np.diff(found.person_score) <= 0).all()
    whose = np.hypot(*np.moveaxis(found.xy[:, None] - STANDING.xy, -1, 0)).mean(2).argmin(1)
    assert whose.tolist() == [0, 2, 3, 1]
    for n, person in zip(whose, range(4), strict=True):
        joints = found.score[person][found.score[person] > 0.2]
        assert found.person_score[person] == pytest.approx(scores[n] * joints.mean(), rel=1e-5)


def test_a_person_with_several_boxes_is_found_once_and_neighbours_stay():
    twins = people_at([(400, 100), (440, 105)], [300, 300])
    several = [*boxes(twins), *boxes(people_at([(405, 104), (436, 108)], [296, 300]), [0.8, 0.7])]
    people, net = run(twins, several)
    assert len(net.seen) == 4
    assert len(people) == 2
    assert furthest(people, twins).max() < 0.5
    everybody, _ = run(twins, several, crops=CropsOptions(suppress=2.28))
    assert len(everybody) == 4


def test_boxes_that_are_unsure_or_elsewhere_are_left_out():
    entries = boxes(STANDING, [0.9, 0.04, 0.6, 0.5])
    entries.append({"bbox": [950, 10, 50, 80], "score": 1.0})
    people, net = run(STANDING, entries, crops=CropsOptions(most=2))
    assert len(people) == len(net.seen) == 2
    assert furthest(people, STANDING).argsort()[:2].tolist() in ([0, 2], [2, 0])
    assert len(run(STANDING, [])[0]) == 0


def test_a_bottom_up_network_finds_them():
    labels = people_at([(450, 60), (150, 100)], [480, 300])
    finder = BottomUp(Estimator(AtlasNetwork([(labels, SIZE)])).pipeline)
    people = Estimator(OnePerson([(labels, SIZE)]), mode="crops", boxes=finder)(paint(*SIZE))
    assert len(people) == 2
    assert furthest(people, labels).max() < 1.0


@pytest.mark.parametrize(("refine", "looks"), [(None, 2), (False, 1)])
def test_what_finds_people_in_videos_looks_again_at_small_ones(refine, looks):
    labels = people_at([(300, 200)], [90])
    net = AtlasNetwork([(labels, SIZE)])
    finder = BottomUp(Estimator(net).pipeline)
    Estimator(OnePerson([(labels, SIZE)]), mode="crops", boxes=finder, refine=refine).for_videos()(paint(*SIZE))
    assert len(net.seen) == looks


def test_boxes_around_people_hold_their_joints():
    people = STANDING.to_people()
    found = boxes_of(people)
    low, high = found.xywh[:, None, :2], found.xywh[:, None, :2] + found.xywh[:, None, 2:]
    assert (low <= people.xy + 0.5).all()
    assert (people.xy + 0.5 <= high).all()


# --- files, runs, mistakes ---


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A network for one person that has learned nothing."""
    torch.manual_seed(0)
    config = NetworkConfig(COCO18, "mobilenet_v2", "plain", {"width": 0.25}, method="single")
    config.decoder = {"min_person_score": 0, "min_joints": 1, "min_joint_score": 0, "peak_threshold": 0}
    return weights.save(PoseNet(config).eval(), tmp_path_factory.mktemp("reader") / "one.safetensors")


@pytest.fixture
def photos(tmp_path, lab):
    for number in (7, 8, 9):
        lab.save(tmp_path / "in" / f"{number:012}.png", paint(*SIZE))
    listed = boxes(STANDING, image_id=7) + boxes(STANDING[:2], image_id=9)
    (tmp_path / "boxes.json").write_text(json.dumps(listed))
    return tmp_path


def test_a_run_writes_the_people_of_each_picture(photos, reader, lab, caplog):
    options = {"input": str(photos / "in"), "weights": str(reader), "runtime": "torch", "mode": "crops",
               "boxes": str(photos / "boxes.json"), "crops": CropsOptions(min_box_score=0)}  # fmt: skip
    summary = infer(InferOptions(**options, output=str(photos / "out")))
    assert (summary.pictures, summary.failed) == (3, 0)
    results = lab.read_json(photos / "out" / "coco_results.json")
    assert {r["image_id"] for r in results} <= {7, 9}
    assert "boxes.json has no box in image 8" in caplog.text
    assert (photos / "out" / "overlays" / f"{7:012}.jpg").exists()
    again = read_detections(photos / "out" / "coco_results.json")  # results serve as boxes, too
    assert set(again.by_id) == {r["image_id"] for r in results} != set()
    (photos / "boxes.json").write_text(json.dumps(boxes(STANDING, image_id=7)))
    with pytest.raises(BuposeError, match=r"boxes\.json"):
        infer(InferOptions(**options, output=str(photos / "out"), resume=True))


def test_pictures_are_known_by_name_or_number(photos, reader):
    named = {
        "images": [{"id": 70, "file_name": "in/000000000008.png"}],
        "annotations": [{**entry, "image_id": 70, "score": 1} for entry in boxes(STANDING[:1])],
        "categories": [{"id": 1, "name": "person"}],
    }
    (photos / "named.json").write_text(json.dumps(named))
    estimator = Estimator(reader, mode="crops", boxes=photos / "named.json", runtime="torch")
    finder = estimator.pipeline.finder
    photo = Photo.whole(paint(*SIZE))
    assert len(finder.find([], [photo], [photos / "in" / f"{8:012}.png"], map)[0]) == 1
    assert len(finder.find([], [photo], [photos / "in" / f"{9:012}.png"], map)[0]) == 0
    failed = list(estimator.stream([paint(*SIZE), photos / "in" / f"{8:012}.png"]))
    assert isinstance(failed[0], Failure)
    assert "in memory has no name" in str(failed[0].problem)
    assert not isinstance(failed[1], Failure)
    (photos / "in" / f"{8:012}.png").rename(photos / "seven.png")
    with pytest.raises(InputError, match="has no number"):
        estimator(photos / "seven.png")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{}", "holds no detections"),
        ('[{"image_id": 1, "bbox": [1, 2, 3]}]', "write x, y, width, height"),
        ('[{"image_id": 1, "bbox": [1, 2, 3, null]}]', "write x, y, width, height"),
        ('[{"image_id": 1, "score": 0.5}]', "neither a bbox nor keypoints"),
        ('[{"image_id": 1, "bbox": [1, 2, 0, 4]}]', "without width or height"),
        ('[{"image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]}]', "no box of category 1 among 1 entry"),
        ('[{"image_id": [1], "bbox": [1, 2, 3, 4]}]', "image_id"),
        (json.dumps([{"image_id": 1, "bbox": [0.1, 0.2, 0.3, 0.4]}] * 3), "shares"),
    ],
)
def test_a_file_that_is_no_boxes_says_so(tmp_path, content, told):
    (tmp_path / "b.json").write_text(content)
    with pytest.raises(BuposeError, match=told):
        Estimator(OnePerson([]), mode="crops", boxes=tmp_path / "b.json")


def test_an_empty_list_of_boxes_is_nobody(tmp_path):
    (tmp_path / "b.json").write_text("[]")
    estimator = Estimator(OnePerson([]), mode="crops", boxes=tmp_path / "b.json")
    assert len(estimator(np.zeros((64, 48, 3), np.uint8))) == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "needs a network for one person .* method is paf"),
        ({"scales": [1, 2]}, "scales"),
        ({"mode": "whole", "boxes": "b.json"}, "mode=crops"),
        ({"mode": "tops"}, "mode"),
        ({"crops": {"margin": 0.5}}, "crops"),
    ],
)
def test_options_that_do_not_fit(options, told):
    with pytest.raises(OptionsError, match=told):
        Estimator(AtlasNetwork([]), **{"mode": "crops", **options})


def test_there_are_no_maps_of_a_whole_picture():
    with pytest.raises(OptionsError, match="without mode=crops"):
        Estimator(OnePerson([]), mode="crops", boxes=Given([])).fields(paint(*SIZE))
    with pytest.raises(OptionsError, match="fields"):
        InferOptions(input="a.jpg", mode="crops", fields=True)


class Crowded(OnePerson):
    """Sees two people in every crop: the first always clearest, the second best where it is meant."""

    def _look(self, image):
        self.heat = []
        whole = super()._look(image)[0]
        return [np.maximum(whole * self.strength, self.heat[0])]

    def _choose(self, labels, width, height):
        meant = super()._choose(labels, width, height)
        second = abs(meant.box[0, 3] / labels.box[0, 3] - 1) > 0.05
        self.strength = 0.6 if second else 0.95
        other = labels[:1] if second else labels[1:]
        inside = ((other.xy >= 0) & (other.xy < (width, height))).all(2)
        other = replace(other, visibility=other.visibility * inside)
        heat = self.codec.encode(other, (width, height)).maps.arrays["heat"]
        self.heat.append(heat * (0.9 if second else 0.3))
        return meant


def test_in_a_crowd_each_joint_goes_to_one_person():
    twins = people_at([(400, 100), (450, 105)], [300, 250])
    net = Crowded([(twins, SIZE)])
    found = {
        crowd: Estimator(net, mode="crops", boxes=Given(boxes(twins)), crops=CropsOptions(crowd=crowd))(paint(*SIZE))
        for crowd in (False, True)
    }
    assert len(found[False]) == 1  # both crops show the first most clearly
    assert len(found[True]) == 2
    assert furthest(found[True], twins).max() < 1.5
    assert found[True].person_score.tolist() == sorted(found[True].person_score.tolist(), reverse=True)
