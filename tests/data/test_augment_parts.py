"""Each part of an augmentation does something, and to the right people."""

from dataclasses import replace

import numpy as np
import pytest

from bupose import geometry
from bupose.data.affine import choose_person
from bupose.data.augment import AugmentOptions, augment
from bupose.data.paste import paste_person
from bupose.data.picture import Drawn
from bupose.people import Labels
from bupose.skeletons import COCO17
from bupose.synthetic.camera import photograph

SIZE = (256, 224)


def changed(lit, **options) -> tuple:
    """A crop without and with some options, all else and all chance alike."""
    return tuple(augment(np.random.default_rng(1), lit, 0, SIZE, AugmentOptions(**o))[0] for o in ({}, options))


@pytest.mark.parametrize("options", [{"color": 1.0}, {"camera": 1.0}], ids=str)
def test_looks_change_and_nothing_moves(lit, options):
    plain, other = changed(lit, **options)
    assert (plain.image != other.image).mean() > 0.1
    np.testing.assert_array_equal(plain.labels.xy, other.labels.xy)
    np.testing.assert_array_equal(plain.labels.visibility, other.labels.visibility)


def test_things_in_front_hide_joints(lit):
    plain, other = changed(lit, occlusions=(3, 3))
    hidden = other.labels.visibility == 1
    assert (plain.labels.visibility == 2).all()
    assert 0 < hidden.sum() < hidden.size
    at = np.rint(other.labels.xy[hidden]).astype(int)
    assert (plain.image != other.image)[at[:, 1], at[:, 0]].any(1).all()


def test_ignored_places_stay_ignored_in_the_crop(lit):
    sample = replace(lit[0], ignore=np.ones(lit[0].image.shape[:2], bool))
    crop, matrix = augment(np.random.default_rng(0), [sample], 0, SIZE, AugmentOptions())
    height, width = sample.image.shape[:2]
    corners = geometry.apply(matrix, np.array([[0.0, 0.0], [width - 1.0, height - 1.0]])).round().astype(int)
    (left, top), (right, bottom) = corners.tolist()
    assert crop.ignore[top + 1 : bottom, left + 1 : right].all()


def test_people_under_a_pasted_one_are_hidden(lit):
    """Somebody whose head is where the other has hips: legs are covered, the head is not."""
    under = lit[1]
    pasted = paste_person(under, Drawn(lit[2]), 0, geometry.translate(0, 90))
    assert len(pasted.labels) == 2
    below, above = pasted.labels.visibility
    assert (above == 2).all()
    assert 3 < (below == 1).sum() < 14


def test_who_is_too_small_or_has_few_joints_is_chosen_only_where_nobody_else_is():
    xy = np.random.default_rng(0).uniform(0, 100, (3, 17, 2))
    xy[1] *= 0.1  # 10 px
    visibility = np.full((3, 17), 2)
    visibility[2, 3:] = 0  # three joints
    labels, options = Labels(xy, visibility, COCO17), AugmentOptions()
    draws = np.linspace(0, 0.999, 20)
    assert {choose_person(labels, which, options) for which in draws} == {0}
    assert {choose_person(labels[1:], which, options) for which in draws} == {0, 1}
    assert choose_person(Labels.nobody(COCO17), 0.5, options) is None
    everyone = replace(options, min_joints=0, min_side=0)
    assert {choose_person(labels, which, everyone) for which in draws} == {0, 1, 2}


def test_a_camera_of_full_strength_does_each_of_its_effects_now_and_then():
    """Grey pictures come in one colour, casts tint them, grain and compression roughen, light makes them uneven."""
    grey = np.full((48, 64, 3), 128, np.uint8)
    shots = [photograph(np.random.default_rng(seed), grey, 1.0).astype(float) for seed in range(120)]
    tinted = np.mean([np.ptp(shot.mean((0, 1))) > 5 for shot in shots])
    rough = np.mean([np.abs(np.diff(shot, axis=1)).mean() > 3 for shot in shots])
    uneven = np.mean([np.ptp([part.mean() for part in np.array_split(shot, 4)]) > 5 for shot in shots])
    assert 0.5 < tinted < 1
    assert 0.2 < rough < 0.9
    assert 0.15 < uneven < 0.9
    assert (photograph(np.random.default_rng(0), grey, 0.0) == grey).all()


def test_blur_takes_edges():
    edges = np.zeros((48, 64, 3), np.uint8)
    edges[:, ::2] = 255
    sharp = [np.abs(np.diff(photograph(np.random.default_rng(seed), edges, 1.0)[20].astype(float), axis=0)).mean()
             for seed in range(80)]  # fmt: skip
    assert 0.15 < np.mean(np.array(sharp) < 100) < 0.6
