"""Options of overlays: each changes what it says, where it says, and nothing else."""

import numpy as np
import pytest

from bupose.errors import OptionsError
from bupose.people import People
from bupose.skeletons import COCO17
from bupose.viz import OverlayOptions, distinct_colors, draw_overlay, draw_people

GREY = np.full((240, 360, 3), 128, np.uint8)


@pytest.fixture
def people():
    """Three who stand apart, of scores 0.9, 0.5, 0.1; each has joints of scores 0.2 and 0.8."""
    rng = np.random.default_rng(2)
    xy = rng.uniform((10, 60), (90, 200), (3, 17, 2)) + np.array([[[0, 0]], [[120, 0]], [[240, 0]]])
    score = np.tile(np.where(np.arange(17) % 3, 0.8, 0.2), (3, 1))
    return People(xy, score, [0.9, 0.5, 0.1], COCO17)


def touched(drawn):
    """Which thirds of the picture differ from the photo."""
    return [bool((drawn[:, 120 * n : 120 * n + 120] != 128).any()) for n in range(3)]


def test_by_default_it_is_what_draw_people_draws(people):
    np.testing.assert_array_equal(draw_overlay(GREY, people), draw_people(GREY, people))


def test_people_and_joints_below_a_score_are_left_out(people):
    assert touched(draw_overlay(GREY, people, OverlayOptions(min_person_score=0.5))) == [True, True, False]
    np.testing.assert_array_equal(
        draw_overlay(GREY, people, OverlayOptions(min_score=0.3)), draw_people(GREY, people, min_score=0.3)
    )
    assert touched(draw_overlay(GREY, people, OverlayOptions(min_score=0.9))) == [False] * 3


def test_a_colour_for_each_person_which_stays_when_others_go(people):
    options, colors = OverlayOptions(colors="person"), distinct_colors(3)
    np.testing.assert_array_equal(draw_overlay(GREY, people, options), draw_people(GREY, people, person_colors=colors))
    alone = draw_overlay(GREY, people, options, only=[1])
    assert touched(alone) == [False, True, False]
    np.testing.assert_array_equal(alone, draw_people(GREY, people[[1]], person_colors=colors[[1]]))


@pytest.mark.parametrize(
    ("labels", "written"),
    [(("number",), ["0", "1", "2"]), (("score",), ["0.90", "0.50", "0.10"]),
     (("number", "score"), ["0: 0.90", "1: 0.50", "2: 0.10"])],
)  # fmt: skip
def test_labels(people, labels, written):
    drawn = draw_overlay(GREY, people, OverlayOptions(labels=labels))
    np.testing.assert_array_equal(drawn, draw_people(GREY, people, labels=written))
    assert (drawn != draw_overlay(GREY, people)).any()
    nobody = draw_overlay(GREY, People.nobody(COCO17), OverlayOptions(labels=labels, colors="person", boxes=True))
    np.testing.assert_array_equal(nobody, GREY)


@pytest.mark.parametrize("colors", ["limb", "person"])
def test_a_box_frames_a_persons_joints_and_nothing_within(people, colors):
    plain, boxed = (draw_overlay(GREY, people, OverlayOptions(colors=colors, boxes=b)) for b in (False, True))
    changed = (plain != boxed).any(2)
    for n in range(3):
        v, u = np.nonzero(changed[:, 120 * n : 120 * n + 120])
        low, high = people.xy[n].min(0), people.xy[n].max(0)
        frame = np.array([u.min() + 120 * n, v.min(), u.max() + 120 * n, v.max()])
        assert (frame[:2] < low).all()
        assert (frame[2:] > high).all()
        np.testing.assert_allclose(frame, [*low, *high], atol=12)
        inside = changed[int(low[1]) + 1 : int(high[1]), int(low[0]) + 1 : int(high[0])]
        assert not inside.any()


def test_boxes_wear_their_persons_colour(people):
    no_joints = OverlayOptions(colors="person", boxes=True, width=4, opacity=0)
    white = draw_overlay(GREY, people, OverlayOptions(boxes=True, width=4, opacity=0))
    drawn = draw_overlay(GREY, people, no_joints)
    for color in distinct_colors(3):
        assert (drawn == color).all(2).sum() > 100
        assert not (white == color).all(2).any()


def test_boxes_of_people_far_away_do_not_overflow(people):
    people.xy[0, 0] = 9e5, -9e5
    with_box, without = (draw_overlay(GREY, people, OverlayOptions(boxes=boxes)) for boxes in (True, False))
    assert (with_box != without).any()  # its near sides are in the picture


def test_lines_grow_with_their_width(people):
    areas = [(draw_overlay(GREY, people, OverlayOptions(width=w)) != 128).any(2).sum() for w in (0.5, 1, 3)]
    assert areas[0] < areas[1] < areas[2]
    faint, strong = (draw_overlay(GREY, people, OverlayOptions(opacity=a)).astype(int) for a in (0.2, 0.9))
    assert abs(faint - 128).sum() < 0.5 * abs(strong - 128).sum()


@pytest.mark.parametrize(
    "values", [{"colors": "joint"}, {"labels": ["name"]}, {"labels": "score"}, {"width": 0}, {"min_score": 2}], ids=str
)
def test_out_of_range(values):
    with pytest.raises(OptionsError, match=f"overlay.{next(iter(values))}"):
        OverlayOptions(**values)
