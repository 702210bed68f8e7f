"""Boxes of whole bodies."""

import numpy as np
from walkers import people_at

from bupose.people import People
from bupose.skeletons import COCO17
from bupose.track import body_boxes


def test_a_box_holds_the_joints_and_grows_with_the_person():
    small, large = people_at([(300, 300)], size=50), people_at([(600, 600)], size=100)
    x, y, w, h = body_boxes(small)[0]
    jx, jy, jw, jh = small.boxes()[0]
    assert x < jx < jx + jw < x + w
    assert y < jy < jy + jh < y + h
    assert 1.05 < h / jh < 1.3
    np.testing.assert_allclose(body_boxes(large), 2 * body_boxes(small), rtol=1e-5)


def test_an_upright_box_has_the_usual_shape():
    people = people_at([(300, 300)])
    tight, loose = body_boxes(people)[0], body_boxes(people, upright=True)[0]
    np.testing.assert_allclose(loose[2], 0.41 * tight[3], rtol=1e-5)
    np.testing.assert_allclose(loose[0] + loose[2] / 2, tight[0] + tight[2] / 2, rtol=1e-5)
    lying = People(people.xy[..., ::-1], people.score, people.person_score, COCO17)
    np.testing.assert_array_equal(body_boxes(lying), body_boxes(lying, upright=True))


def test_nobody_and_nowhere():
    assert body_boxes(people_at([])).shape == (0, 4)
    assert not body_boxes(People(np.full((1, 17, 2), np.nan), np.zeros((1, 17)), np.ones(1), COCO17)).any()
