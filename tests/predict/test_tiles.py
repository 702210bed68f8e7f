"""Large photos in tiles: everybody is found once, whatever their size and wherever a seam is; memory is bounded."""

import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
from atlas import AtlasNetwork, paint, people_at
from test_second_look import LARGE, distances, joined, run

from bupose.errors import OptionsError
from bupose.estimate.estimator import Estimator
from bupose.estimate.merging import SAME, Sighting, fuse, merge, similarity
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


@pytest.mark.parametrize("most", [0.1, 0.4])
def test_a_second_look_may_take_a_share_of_the_tiles_too(most):
    places = np.random.default_rng(0).uniform((0, 0), np.array(WIDE) - 100, (400, 2))
    labels = people_at(places, [100] * 400)
    _, tiles = found_in(labels, tiles=1 / 0.1415)
    _, both = found_in(labels, tiles=1 / 0.1415, refine=True, refine_most=most)
    crops = sum(width * height for width, height in both.seen[len(tiles.seen) :])
    before = sum(width * height for width, height in tiles.seen)
    assert both.seen[: len(tiles.seen)] == tiles.seen
    assert most * before - 352**2 < crops <= most * before


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


XY = np.random.default_rng(0).uniform(0, 1, (18, 2)).astype(np.float32) * (50, 120)


def seen(places, scores, scale):
    """People of one pose, moved to the right."""
    many = np.stack([XY + (place, 0) for place in places]).astype(np.float32)
    people = People(many, np.full(many.shape[:2], 0.9, np.float32), np.array(scores, np.float32), COCO18)
    return Sighting(people, np.full(len(places), scale))


def places(people):
    return np.sort(people.xy[:, :, 0].mean(1) - XY[:, 0].mean())


def test_two_whom_a_coarse_view_saw_as_one_are_both_found():
    """Each resembles what was seen between them, and they do not resemble each other."""
    coarse, fine = seen([13], [0.3], 0.25), seen([0, 26], [0.8, 0.7], 1.0)
    assert (similarity(coarse.people, fine.people) > SAME).all()
    assert similarity(fine.people, fine.people)[0, 1] < SAME
    for views in ([fine], [fine, fine]):  # two tiles overlap there
        np.testing.assert_allclose(places(merge(coarse, views).people), [0, 26], atol=1)


def test_a_crowd_stays_one():
    """Two who resemble each other are two if each view shows two."""
    views = [seen([0, 8], [0.8, 0.3], 1.0), seen([1, 9], [0.7, 0.3], 1.0), seen([0.5], [0.3], 0.5)]
    assert similarity(views[0].people, views[0].people)[0, 1] > SAME
    for order in ([0, 1, 2], [2, 0, 1], [2, 1, 0]):
        first, *others = (views[n] for n in order)
        np.testing.assert_allclose(places(merge(first, others).people), [0.5, 8.5], atol=0.51)


def test_pieces_of_somebody_are_dropped():
    """A tile's border cut off a trunk, and the limbs came as two people."""
    whole = seen([0], [0.6], 1.0)
    pieces = Sighting(seen([0, 0], [0.4, 0.3], 1.0).people, np.ones(2))
    pieces.people.xy[0, 3:], pieces.people.xy[1, :-3] = np.nan, np.nan
    for first, second in ((whole, pieces), (pieces, whole)):
        merged = merge(first, [second]).people
        assert len(merged) == 1
        np.testing.assert_allclose(merged.xy[0], XY, rtol=1e-6)


def test_a_joint_seen_twice_is_more_exact_than_once():
    """Errors of one view pixel: variances add up as those of the least squares estimate, 1 / (1/a + 1/b)."""
    rng = np.random.default_rng(0)
    scales = 1.0, 2.0
    views = []
    for scale in scales:
        one = seen([0] * 2000, [0.5] * 2000, scale)
        views.append(
            replace(one, people=replace(one.people, xy=one.people.xy + rng.normal(0, 1 / scale, (2000, 18, 2))))
        )
    errors = [np.square(view.people.xy - XY).mean() for view in (*views, fuse(*views))]
    assert errors[2] == pytest.approx(1 / (1 / errors[0] + 1 / errors[1]), rel=0.03)


def test_where_two_views_disagree_the_heavier_joint_counts():
    """By its score times the square of the scale."""
    first, closer = seen([0], [0.5], 1.0), seen([0], [0.5], 2.0)
    closer.people.xy[0, :2] += 500
    closer.people.score[0, :2] = 0.9 / 4 + 0.01, 0.9 / 4 - 0.01
    fused = fuse(first, closer).people
    np.testing.assert_allclose(fused.xy[0, :2], [XY[0] + 500, XY[1]], rtol=1e-6)
    np.testing.assert_allclose(fused.score[0, :2], [0.9 / 4 + 0.01, 0.9], rtol=1e-6)
    np.testing.assert_allclose(fused.xy[0, 2:], XY[2:], rtol=1e-6)


@pytest.mark.parametrize(("first", "closer", "both"), [(0.3, 0.6, 0.6), (0.6, 0.3, 0.4)])
def test_a_closer_look_counts_more(first, closer, both):
    fused = fuse(seen([0], [first], 1.0), seen([0], [closer], 2.0))
    assert fused.people.person_score[0] == pytest.approx(both)
    assert fused.scale[0] == 2
