"""Large photos in tiles: everybody is found once, whatever their size and wherever a seam is; memory is bounded."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
from atlas import AtlasNetwork, paint, people_at
from test_second_look import LARGE, distances, joined, run

from bupose.errors import OptionsError
from bupose.estimate.estimator import Estimator
from bupose.estimate.merging import SAME, Sighting, merge, similarity
from bupose.estimate.windows import tile_scales, tile_windows
from bupose.people import People
from bupose.skeletons import COCO18

WIDE = (4000, 2600)  # at height 368 a pixel becomes 0.14


def found_in(labels, **options):
    net = AtlasNetwork([(labels, WIDE)], least=45)
    return Estimator(net, **options)(paint(*WIDE)), net


def test_people_of_every_size_are_found_once():
    rng = np.random.default_rng(0)
    columns, rows = np.meshgrid(np.arange(150, 3000, 260), np.arange(100, 2300, 340))
    places = np.stack([columns.ravel(), rows.ravel()], 1) + rng.uniform(-60, 60, (columns.size, 2))
    labels = joined(people_at(places, rng.uniform(80, 250, len(places))), people_at([(3500, 200)], [2000]))
    plain, _ = found_in(labels)
    tiled, net = found_in(labels, tiles=1 / 0.1415)
    assert len(plain) == 1
    assert len(tiled) == len(labels)
    assert sorted(distances(tiled, labels).argmin(1).tolist()) == list(range(len(labels)))
    small = distances(tiled, labels).min(0)[:-1]
    assert np.median(small) < 4  # half a cell at full resolution
    assert len(set(net.seen)) <= 3  # one shape for each scale


def test_tiles_leave_no_gap_and_overlap_by_the_size_of_small_people():
    for size, scale in (((4000, 2600), 1.0), ((4000, 2600), 0.37), ((900, 5000), 0.5), ((300, 200), 2.0)):
        windows = tile_windows(size, scale, 368, 16)
        rng = np.random.default_rng(0)
        side = 0.43 * 368 / scale
        for _ in range(300):
            corner = rng.uniform(0, 1, 2) * np.maximum(np.array(size) - side, 0)
            box = np.concatenate([corner, np.minimum(corner + side, size)])
            assert any(
                (np.array(w.box[:2]) <= box[:2] + 1e-6).all() and (box[2:] <= np.array(w.box[2:]) + 1e-6).all()
                for w in windows
            )


def test_scales_are_halved_from_the_finest():
    assert tile_scales(0.09, 1.0) == [0.125, 0.25, 0.5, 1.0]
    assert tile_scales(0.9, 1.0) == []


@pytest.mark.parametrize("value", ["auto", "off", "False"])
def test_photos_of_usual_size_stay_whole(value):
    people, net = run(LARGE, tiles=value)
    assert people == run(LARGE)[0]
    assert len(net.seen) == 1


@pytest.mark.parametrize("value", ["many", "0", "-2", "nan", "inf", "1"])
def test_other_values_are_refused(value):
    with pytest.raises(OptionsError, match=r"tiles is .*; give off, auto, or a number"):
        Estimator(AtlasNetwork([(LARGE, (900, 600))]), tiles=value)


_CHILD = """
import sys, torch
from bupose.estimate import Estimator
from bupose.nn.model import NetworkConfig, PoseNet
from bupose.skeletons import COCO17
torch.set_num_threads(1)
net = PoseNet(NetworkConfig(COCO17, "mobilenet_v2", "plain", {"width": 0.25})).eval()
Estimator(net, tiles=2)(sys.argv[1])
with open("/proc/self/status") as status:  # ru_maxrss would count what the parent held when it forked
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read as Linux reports it")
def test_96_megapixels_take_less_than_2_gb(tmp_path):
    path = tmp_path / "large.jpg"
    cv2.imwrite(str(path), np.full((8000, 12000, 3), 90, np.uint8))
    done = subprocess.run([sys.executable, "-c", _CHILD, path], capture_output=True, text=True, check=True)
    assert int(done.stdout) * 1024 < 2e9


def test_two_whom_a_coarse_view_saw_as_one_are_both_found():
    """Each resembles what was seen between them, and they do not resemble each other."""
    xy = np.random.default_rng(0).uniform(0, 1, (18, 2)).astype(np.float32) * (50, 120)

    def seen(places, scores, scale):
        many = np.stack([xy + (place, 0) for place in places]).astype(np.float32)
        people = People(many, np.full(many.shape[:2], 0.9, np.float32), np.array(scores, np.float32), COCO18)
        return Sighting(people, np.full(len(places), scale))

    coarse, fine = seen([13], [0.3], 0.5), seen([0, 26], [0.8, 0.7], 1.0)
    assert (similarity(coarse.people, fine.people) > SAME).all()
    assert similarity(fine.people, fine.people)[0, 1] < SAME
    merged = merge(coarse, [fine], small=200)
    assert np.sort(merged.people.xy[:, :, 0].mean(1) - xy[:, 0].mean()).round().tolist() == [0, 26]
    again = merge(coarse, [fine, fine], small=200)  # two tiles overlap there
    assert len(again.people) == 2


@pytest.mark.parametrize(("score", "stays"), [(0.2, False), (0.3, True)])
def test_a_faint_figure_makes_room_for_the_surer_person_it_resembles(score, stays):
    """A figure too large for a closer view to change, and somebody within it; it stays from half of their score on."""
    xy = np.random.default_rng(0).uniform(0, 1, (18, 2)).astype(np.float32) * (50, 120)

    def seen(joints, score, scale):
        people = People(joints[None], np.full((1, 18), 0.9, np.float32), np.array([score], np.float32), COCO18)
        return Sighting(people, np.full(1, scale))

    figure, person = seen(1.3 * xy, score, 0.5), seen(xy, 0.5, 1.0)
    assert similarity(figure.people, person.people) > SAME
    assert figure.sizes > 50
    merged = merge(figure, [person], small=50).people
    np.testing.assert_array_equal(merged.xy, (figure if stays else person).people.xy)
