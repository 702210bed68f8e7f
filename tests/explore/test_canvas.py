"""The large picture shows what it says, where it is."""

import cv2
import numpy as np
import pytest

from bupose import geometry
from bupose.explore.canvas import draw_view, list_views, shown_joints
from bupose.explore.observation import look
from bupose.explore.session import Session
from bupose.viz import OverlayOptions, distinct_colors, draw_overlay

VIEWS = ("people", "heatmap", "limbs", "photo")


def changed(one, other):
    """Bounding box of what differs between two pictures: left, top, right, bottom."""
    rows, columns = np.nonzero(cv2.absdiff(one, other).max(2) > 20)
    return columns.min(), rows.min(), columns.max(), rows.max()


def place(session, scenes, person, joint):
    labels = scenes[0].labels
    return geometry.apply(
        session.observation.matrix, labels.xy[person, labels.skeleton.joints.index(joint)].astype(float)
    )


def test_views_of_part_affinity_fields(session):
    assert tuple(list_views(session.observation.maps)) == VIEWS


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_as_large_as_the_photo(session, view):
    picture = draw_view(session, view, peaks=True)
    assert picture.shape == session.observation.image.shape
    assert picture.dtype == np.uint8


def test_the_photo_is_the_photo_and_stays_untouched(session):
    before = session.observation.image.copy()
    for view in VIEWS:
        draw_view(session, view, 3, 4, True)
    np.testing.assert_array_equal(session.observation.image, before)
    np.testing.assert_array_equal(draw_view(session, "photo"), before)


def test_people_are_drawn_where_they_are(session):
    left, top, right, bottom = changed(draw_view(session, "people"), session.observation.image)
    xy = session.trace.people.xy
    low, high = np.nanmin(xy, (0, 1)), np.nanmax(xy, (0, 1))
    assert (left, top) == pytest.approx(low, abs=15)
    assert (right, bottom) == pytest.approx(high, abs=15)
    assert np.array_equal(draw_view(session.regroup({"peak_threshold": 1.0}), "people"), session.observation.image)


def test_heat_is_brightest_at_the_joint(session, scenes):
    k = session.trace.maps.skeleton.joints.index("neck")
    bare = session.regroup({"peak_threshold": 1.0})  # no rings on the peaks
    grey = cv2.cvtColor(draw_view(bare, "heatmap", k), cv2.COLOR_RGB2GRAY)
    for person in range(4):
        x, y = np.rint(place(session, scenes, person, "neck")).astype(int)
        assert grey[y, x] > 200
    assert np.median(grey) < 160


def test_a_limbs_field_colours_the_limb(session, scenes):
    limb = session.trace.maps.skeleton.limb_names.index("left_hip-left_knee")
    bare = session.regroup({"peak_threshold": 1.0})
    picture = draw_view(bare, "limbs", None, limb).astype(int)
    x, y = np.rint((place(session, scenes, 1, "left_hip") + place(session, scenes, 1, "left_knee")) / 2).astype(int)
    assert np.ptp(picture[y, x]) > 60  # coloured
    assert np.ptp(picture[5:15, 5:15], axis=2).max() == 0  # grey


def test_the_picked_joint_is_ringed(session, scenes):
    x, y = place(session, scenes, 1, "left_ankle")
    plain, picked = draw_view(session, "photo"), draw_view(session.click((x, y)), "photo")
    left, top, right, bottom = changed(picked, plain)
    assert left <= x - 8 <= x + 8 <= right
    assert top <= y - 8 <= y + 8 <= bottom


def test_a_picked_person_stands_out(session):
    everybody, one = draw_view(session, "people"), draw_view(session.pick_person(0), "people")
    photo, xy = session.observation.image, session.trace.people.xy
    strength = {n: [] for n in range(len(xy))}
    for n, person in enumerate(xy):
        for x, y in np.rint(person[~np.isnan(person[:, 0])]).astype(int):
            there = np.s_[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4]
            strength[n].append(
                cv2.absdiff(one[there], photo[there]).mean()
                / max(cv2.absdiff(everybody[there], photo[there]).mean(), 1)
            )
    assert np.mean(strength[0]) > 0.9
    assert all(np.mean(strength[n]) < 0.5 for n in (1, 2, 3))


def test_peaks_are_dotted(session, scenes):
    nobody = session.regroup({"min_joints": 19})
    dotted = draw_view(nobody, "photo", peaks=True)
    for x, y in np.rint(nobody.trace.maps.grid.to_pixels(nobody.trace.peaks.xy)).astype(int):
        assert (dotted[y, x] != session.observation.image[y, x]).any()


def test_what_a_click_into_a_view_can_mean(session):
    skeleton = session.trace.maps.skeleton
    limb = skeleton.limb_names.index("neck-nose")
    assert shown_joints(session, "people", 3, 4) is None
    assert shown_joints(session, "heatmap", 3, limb) == (3,)
    assert shown_joints(session, "heatmap", None, limb) is None
    assert {skeleton.joints[k] for k in shown_joints(session, "limbs", 3, limb)} == {"neck", "nose"}


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (5, 5)])
def test_pictures_of_few_pixels(estimator, size):
    tiny = Session.begin(look(estimator, np.full((*size, 3), 90, np.uint8)), estimator.decoder)
    for view in VIEWS:
        assert draw_view(tiny, view, peaks=True).shape == tiny.observation.image.shape


def test_people_are_drawn_as_asked_and_a_picked_one_stands_out(session):
    style = OverlayOptions(colors="person", labels=("score",), boxes=True)
    drawn = draw_view(session, "people", overlay=style)
    np.testing.assert_array_equal(drawn, draw_overlay(session.observation.image, session.trace.people, style))
    picked = draw_view(session.pick_person(1), "people", overlay=style)
    color = distinct_colors(len(session.trace.people))[1].astype(int)  # its own still, and nobody else's
    near = [
        (np.abs(picture.astype(int) - color).max(2) < 12).sum()
        for picture in (drawn, picked, session.observation.image)
    ]
    assert near[1] - near[2] > 0.5 * (near[0] - near[2]) > 0
    np.testing.assert_array_equal(draw_view(session, "photo", overlay=style), session.observation.image)
