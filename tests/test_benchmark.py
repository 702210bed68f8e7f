"""What the benchmark asks the annotations, on annotations made here."""

import numpy as np
import pytest

from bupose.benchmark import mosaic
from bupose.benchmark.mosaic import found_again, paste
from bupose.benchmark.network import take_turns
from bupose.benchmark.oracle import choose_by_truth
from bupose.evaluate import coco_ap, read_ground_truth
from bupose.people import People
from bupose.skeletons import COCO17


@pytest.fixture(scope="module")
def truth():
    rng = np.random.default_rng(0)
    annotations = []
    for n in range(8):
        xy = rng.uniform(20, 220, (17, 2)) + 250 * np.array([n % 2, 0])
        triples = np.concatenate([xy, np.full((17, 1), 2)], 1)
        triples[n] = 0  # one joint of each is not labelled
        whose = {"id": n + 1, "image_id": 1 + n // 2, "category_id": 1, "iscrowd": 0}
        box = {"area": 20_000, "bbox": [*xy.min(0), 200, 200]}
        annotations.append({**whose, **box, "keypoints": triples.ravel().tolist(), "num_keypoints": 16})
    images = [{"id": i, "width": 500, "height": 250, "file_name": f"{i}.jpg"} for i in range(1, 5)]
    category = {"id": 1, "name": "person", "keypoints": list(COCO17.joints), "skeleton": []}
    return read_ground_truth({"images": images, "annotations": annotations, "categories": [category]})


def _peaks(truth, away=0.0, without=()):
    """The labelled joints of every picture as peaks, in an order of its own, and peaks far from everybody."""
    peaks = {}
    for image_id, rows in truth.rows.items():
        n, k = np.nonzero(truth.present[rows])
        k, xy = np.concatenate([k, k]), np.concatenate([truth.xy[rows][n, k] + away, np.full((len(k), 2), 5000.0)])
        kept = np.flatnonzero(~np.isin(k, without))[::-1]
        peaks[image_id] = k[kept], xy[kept]
    return peaks


def test_joints_chosen_by_the_annotations(truth):
    assert coco_ap(choose_by_truth(_peaks(truth), truth), truth)["AP"] == pytest.approx(100)
    few = choose_by_truth(_peaks(truth, without=[5, 6, 7]), truth)
    assert all(r["keypoints"][15:24] == [0] * 9 for r in few)
    assert max(r["score"] for r in few) <= 14 / 16
    assert coco_ap(choose_by_truth(_peaks(truth, away=20.0), truth), truth)["AP"] < 50


def test_no_peaks_at_all(truth):
    nothing = {i: (np.zeros(0, int), np.zeros((0, 2))) for i in truth.images}
    assert all(r["score"] == 0 and not any(r["keypoints"]) for r in choose_by_truth(nothing, truth))


def test_times_are_of_networks_that_are_ready():
    """A graph in the making is waited for, and one more run takes it into use, before anything is measured."""

    class Network:
        waited = ran = 0

        def settle(self):
            self.waited = self.ran

    network = Network()
    seen = []

    def work():
        network.ran += 1
        seen.append(network.waited)

    estimator = type("Estimator", (), {"network": network})
    assert take_turns({"one": work}, 3, [estimator])["one"].shape == (3,)
    assert seen == [0, 1, 1, 1, 1]
    assert take_turns({"one": work}, 0, [estimator])["one"].shape == (0,)  # to warm up


def test_who_is_found_again():
    """The same place, a place off by a tenth of the size, by the size, and with half of the joints."""
    rng = np.random.default_rng(0)
    xy = rng.uniform(0, 200, (4, 17, 2)).astype(np.float32) + np.arange(4)[:, None, None] * 1000
    people = People(xy, np.ones((4, 17), np.float32), np.ones(4, np.float32), COCO17)
    other = xy.copy()
    other[1] += 4
    other[2] += 200
    other[3, ::2] = np.nan
    assert found_again(people, other[::-1]).tolist() == [True, True, False, False]
    lacking = People(other[3:], np.ones((1, 17), np.float32), np.ones(1, np.float32), COCO17)
    assert found_again(lacking, xy).tolist() == [True]  # what a person does not have is not asked for


def test_photos_lie_where_they_are_said_to(tmp_path, monkeypatch):
    from bupose.images import read
    from bupose.predict.output import write_image

    monkeypatch.setattr(mosaic, "SIZE", (2000, 1300))
    files = [tmp_path / f"{n}.png" for n in range(9)]
    for n, file in enumerate(files):
        write_image(file, np.full((480, 640, 3), 10 * n, np.uint8))
    corners = paste(files, tmp_path / "all.png")
    image = read(tmp_path / "all.png").image
    assert image.shape == (1300, 2000, 3)
    assert len(corners) == 6  # three side by side
    for n, (x, y) in enumerate(corners.values()):
        assert (image[y : y + 480, x : x + 640] == 10 * n).all()
