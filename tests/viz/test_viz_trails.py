"""People of videos: each keeps a colour and a number, and leaves a trail."""

from dataclasses import replace

import numpy as np

from bupose import viz
from bupose.people import People
from bupose.skeletons import COCO17

GREY = np.full((120, 200, 3), 128, np.uint8)


def people_at(*xs, ids):
    """Upright people of 60 px; all joints are found."""
    rng = np.random.default_rng(0)
    body = np.stack([rng.uniform(-8, 8, 17), np.linspace(-30, 30, 17)], 1)
    xy = np.array([body + (x, 70) for x in xs])
    return People(xy, np.full((len(xs), 17), 0.8), np.full(len(xs), 0.9), COCO17, ids=ids)


def painted(picture, color):
    """x of the pixels of a colour."""
    near = np.abs(picture.astype(int) - color).max(2) < 40
    return np.nonzero(near)[1]


def test_a_person_keeps_the_colour_whoever_else_is_there():
    colors = viz.colors_of(np.array([0, 3, 7]))
    np.testing.assert_array_equal(colors, viz.distinct_colors(8)[[0, 3, 7]])
    one = viz.draw_overlay(GREY, people_at(40, 150, ids=[3, 7]))
    other = viz.draw_overlay(GREY, people_at(150, 40, ids=[7, 3]))
    for picture in (one, other):
        assert np.median(painted(picture, colors[1])) < 70
        assert np.median(painted(picture, colors[2])) > 120
    plain = viz.draw_overlay(GREY, people_at(40, 150, ids=[3, 7]), viz.OverlayOptions(ids=False))
    np.testing.assert_array_equal(plain, viz.draw_overlay(GREY, people_at(40, 150, ids=None)))


def test_people_without_an_id_are_grey_and_have_no_number():
    known, unknown = (viz.draw_overlay(GREY, people_at(100, ids=[i])) for i in (4, -1))
    colorful = [(picture.max(2).astype(int) - picture.min(2) > 30).sum() for picture in (known, unknown)]
    assert colorful[0] > 200
    assert colorful[1] == 0
    plates = [(picture[:36] != GREY[:36]).any(2).sum() for picture in (known, unknown)]
    assert plates[0] > plates[1] + 50


def test_trails_reach_back_as_long_as_they_should():
    trails = viz.Trails(1.0)
    for n in range(30):
        (trail,) = trails.update(people_at(10 + 5 * n, ids=[2]), n / 10) or (None,)
    assert trail.id == 2
    np.testing.assert_allclose(np.diff(trail.xy[:, 0]), 5, atol=1e-3)
    assert len(trail.xy) in (10, 11)  # of the last second
    assert trails.update(people_at(10, ids=[-1]), 3.0) == []
    assert trails.update(people_at(160, ids=[2]), 9.0) == []  # it was gone for long


def test_a_trail_is_drawn_where_somebody_was():
    trails = viz.Trails(2.0)
    for n in range(15):
        drawn = trails.update(people_at(20 + 10 * n, ids=[1]), n / 10)
    last = people_at(160, ids=[1])
    bare, picture = (viz.draw_overlay(GREY, last, trails=one) for one in ((), drawn))
    new = np.nonzero((bare != picture).any(2))[1]
    assert new.min() < 30
    gone = replace(last, xy=last.xy + np.float32(np.inf))
    viz.draw_overlay(GREY, gone, trails=[viz.Trail(1, np.array([[0, 0], [1e9, -1e9]]))])
    assert (GREY == 128).all()
