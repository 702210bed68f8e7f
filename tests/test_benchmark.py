"""What the benchmark asks the annotations, on annotations made here."""

import numpy as np
import pytest

from bupose.benchmark.network import take_turns
from bupose.benchmark.oracle import choose_by_truth
from bupose.evaluate import coco_ap, read_ground_truth
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
