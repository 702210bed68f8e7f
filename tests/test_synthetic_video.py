"""Drawn videos: people move as people do, and the truth agrees with what is painted."""

from collections import Counter
from itertools import islice

import numpy as np
import pytest

from bupose.errors import LabelsError, OptionsError
from bupose.skeleton import Skeleton
from bupose.skeletons import BODY25, COCO17, COCO_WHOLEBODY
from bupose.synthetic import DrawnVideo, DrawnVideoOptions, SceneOptions

MAGENTA = (255, 0, 255)
FACE = [n for n, joint in enumerate(BODY25.joints) if joint.endswith(("nose", "eye", "ear"))]


def film(**options):
    return DrawnVideo(DrawnVideoOptions(**{"skeleton": "body25", "size": (320, 200)} | options))


def walk(video, seconds, rate):
    """Where the joints of those are whose left shoulder is in the picture, NaN for others."""
    _, xy = video.joints(np.arange(0, seconds, 1 / rate))
    middle = xy[:, :, video.skeleton.index["left_shoulder"], 0]
    return np.where(((middle > 0) & (middle < video.options.size[0]))[..., None, None], xy, np.nan)


def test_any_moment_can_be_had_at_once():
    first, again = film(seed=3, rate=10), film(seed=3, rate=10)
    frames = list(islice(first, 12))
    assert [f.time for f in frames] == [n / 10 for n in range(12)]
    for n in (11, 4, 0):
        frame = again.frame(n / 10)
        assert np.array_equal(frame.image, frames[n].image)
        assert frame.labels == frames[n].labels
    assert not np.array_equal(film(seed=4).frame(0).image, frames[0].image)
    far = film(seed=3).labels(1e7)
    assert len(far) == len(film(seed=3).labels(1e7))
    assert far.ids.min() > 10_000


@pytest.mark.parametrize("options", [{}, {"pan": 0.6}, {"people": 12}], ids=str)
def test_the_truth_without_a_picture_is_the_pictures(options):
    """Positions and ids to a rounding; what hides what is told from bars there, from pixels here."""
    video, both, alone, same = film(seed=5, **options), 0, 0, []
    for time in np.arange(0, 24, 0.8):
        drawn, quick = video.frame(time).labels, video.labels(time)
        alone += len(set(drawn.ids) ^ set(quick.ids))
        for person in set(drawn.ids) & set(quick.ids):
            a, b = (labels[labels.ids == person] for labels in (drawn, quick))
            both += 1
            assert np.array_equal(a.present, b.present)
            np.testing.assert_allclose(a.xy, b.xy, atol=1e-3)
            same.append((a.visibility == b.visibility).mean())
            ids, xy = video.joints([time])
            where = xy[0, list(ids[0]).index(person)]
            np.testing.assert_allclose(a.xy[0][a.present[0]], where[a.present[0]], atol=1e-3)
    assert both > 30
    assert alone < 0.03 * both
    assert np.mean(same) > 0.9


@pytest.mark.parametrize("pan", [0, 0.5])
def test_a_visible_joint_is_on_a_painted_person(pan):
    video, seen = film(seed=2, pan=pan, scene=SceneOptions(props=(0, 0))), 0
    video._place[:] = MAGENTA
    for time in np.arange(0, 20, 0.9):
        image, labels, _ = video.frame(time)
        x, y = np.rint(labels.xy[labels.visibility == 2]).astype(int).T
        assert (image[y, x] != MAGENTA).any(1).all()
        seen += len(x)
    assert seen > 400


def test_people_cross_hide_each_other_leave_and_return():
    video, last, spells, hidden, orders = film(seed=1, people=4, visits=2), {}, Counter(), 0, {}
    crossed = set()
    for time in np.arange(0, 90, 0.2):
        labels = video.labels(time)
        ids = labels.ids.tolist()
        assert len(set(ids)) == len(ids)
        spells.update(i for i in ids if time - last.get(i, -9) > 0.5)
        last.update(dict.fromkeys(ids, time))
        hidden += (labels.visibility == 1).sum()
        middle = dict(zip(ids, labels["neck"][:, 0], strict=True))
        for pair in ((a, b) for a in ids for b in ids if a < b):
            order = middle[pair[0]] < middle[pair[1]]
            crossed |= {pair} if orders.setdefault(pair, order) != order else set()
    assert len(crossed) > 10
    assert hidden > 500
    assert max(spells.values()) == 2
    assert sum(n == 2 for n in spells.values()) > 4
    assert len(spells) > 10


def test_nobody_jumps_and_motion_has_no_kinks():
    """Halving the time between frames halves every step, and leaves the accelerations."""
    video = film(seed=6, size=(640, 360))
    coarse, fine = (walk(video, 30, rate) for rate in (50, 100))
    steps = [np.nanmax(np.abs(np.diff(xy, axis=0))) for xy in (coarse, fine)]
    assert steps[0] < 360 * 4 / 50  # no joint is as fast as four heights of the picture a second
    assert steps[1] == pytest.approx(steps[0] / 2, rel=0.1)
    size = [np.nanmean(np.abs(np.diff(xy, 2, axis=0))) * rate**2 for xy, rate in ((coarse, 50), (fine, 100))]
    assert size[1] == pytest.approx(size[0], rel=0.03)
    fingers = DrawnVideo(DrawnVideoOptions(seed=6, skeleton=COCO_WHOLEBODY))
    xy = walk(fingers, 10, 25)
    hand = xy[:, :, COCO_WHOLEBODY.part_joints["left_hand"]] - xy[:, :, [COCO_WHOLEBODY.index["left_wrist"]]]
    body = xy[:, :, COCO_WHOLEBODY.index["left_wrist"]]
    assert np.nanmean(np.abs(np.diff(hand, axis=0))) < 0.3 * np.nanmean(np.abs(np.diff(body, axis=0)))


def test_feet_stand_while_the_body_moves_on():
    xy = walk(film(seed=8, stops=0, people=8), 12, 100)
    speed = np.linalg.norm(np.diff(xy, axis=0), axis=-1)
    soles = [BODY25.index[side + joint] for side in ("left", "right") for joint in ("_ankle", "_heel", "_big_toe")]
    feet, body = speed[..., soles].min(-1), speed[..., BODY25.index["mid_hip"]]
    assert np.median(feet[body > 0] / body[body > 0]) < 0.35


def test_a_stop_is_a_stop():
    assert (film(seed=8, stops=1).joints([0])[1] != film(seed=8, stops=0).joints([0])[1]).any()
    xy = walk(film(seed=8, stops=1), 40, 25)
    x = xy[..., BODY25.index["mid_hip"], 0]
    moved = np.abs(np.diff(x, axis=0))
    assert 0.05 < (moved[~np.isnan(moved)] < 0.05).mean() < 0.6


def test_faces_look_where_people_go():
    """The nose is before the ears on the way."""
    video, ahead = film(seed=9, people=8, stops=0), []
    xy = walk(video, 10, 10)
    way = np.diff(xy[..., BODY25.index["neck"], 0], axis=0)
    nose, left, right = (xy[1:, :, BODY25.index[j], 0] for j in ("nose", "left_ear", "right_ear"))
    fast = np.abs(way) > np.nanmedian(np.abs(way))
    ahead = np.sign(way) * (nose - (left + right) / 2) > 0
    assert ahead[fast].mean() > 0.95


def test_joints_that_no_body_has_are_missing():
    tail = Skeleton("cat_person", ("nose", "neck", "tail"), (("nose", "neck"), ("neck", "tail")))
    _, xy = film(skeleton=tail).joints([0.0, 1.0])
    assert np.isnan(xy[:, :, 2]).all()
    assert not np.isnan(xy[:, :, :2]).any()
    assert (film(skeleton=tail).labels(3).visibility[:, 2] == 0).all()
    assert film(skeleton=COCO17).labels(3).skeleton == COCO17


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: film(people=0), OptionsError, "people is 0.*from 1"),
        (lambda: film(away=(3, 1)), OptionsError, "away is .*ascending"),
        (lambda: film(scene="tidy"), OptionsError, "tidy.*clean, simple, training"),
        (lambda: film(skeleton=Skeleton("arm", ("base", "tip"), (("base", "tip"),))), LabelsError, "none of .*'arm'"),
        (lambda: film().labels(-1.0), OptionsError, "time .* is -1.*seconds from 0"),
    ],
)
def test_bad_input_is_one_sentence(make, error, words):
    with pytest.raises(error, match=words):
        make()
