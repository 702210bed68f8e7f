"""Affine matrices against what they must do to pictures, to corners, and to each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bupose import geometry as g

number = st.floats(-500, 500)
factor = st.floats(0.05, 20)
matrices = st.one_of(
    st.builds(g.translate, number, number),
    st.builds(g.scale, factor, factor),
    st.builds(g.rotate, number, st.tuples(number, number)),
    st.builds(g.flip, factor),
    st.builds(g.letterbox, *[st.tuples(st.integers(1, 999), st.integers(1, 999))] * 2),
)
points = st.lists(st.tuples(number, number), min_size=1, max_size=6).map(np.array)


@given(st.lists(matrices, max_size=4), points)
def test_compose_is_one_after_the_other(chain, xy):
    expected = xy
    for matrix in chain:  # by hand, without the module
        expected = np.array([[m[0] * x + m[1] * y + m[2] for m in matrix] for x, y in expected])
    size = np.abs(expected).max() + 1
    np.testing.assert_allclose(g.apply(g.compose(*chain), xy), expected, atol=1e-6 * size, rtol=1e-6)


@given(matrices, points)
def test_invert_is_the_way_back(matrix, xy):
    np.testing.assert_allclose(g.apply(g.invert(matrix), g.apply(matrix, xy)), xy, atol=1e-6)
    np.testing.assert_allclose(g.compose(matrix, g.invert(matrix)), g.IDENTITY, atol=1e-6)


@given(matrices)
def test_area_factor_is_the_area_of_the_moved_unit_square(matrix):
    a, b, c = g.apply(matrix, np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    (ux, uy), (vx, vy) = b - a, c - a
    assert g.area_factor(matrix) == pytest.approx(abs(ux * vy - uy * vx), rel=1e-6)


@given(st.integers(1, 2000), st.integers(1, 2000), factor)
def test_resizing_keeps_the_borders_borders(width, height, s):
    corners = np.array([[-0.5, -0.5], [width - 0.5, height - 0.5]])
    np.testing.assert_allclose(
        g.apply(g.scale(s), corners), [[-0.5, -0.5], [s * width - 0.5, s * height - 0.5]], atol=1e-6
    )


@pytest.mark.parametrize("s", [2, 3, 8])
def test_shrinking_agrees_with_averaging_pixels(s):
    # The picture whose value is its own x, shrunk by averaging blocks: new pixel u holds the x that lands on u.
    ramp = np.arange(5.0 * s)
    for u, x in enumerate(ramp.reshape(5, s).mean(1)):
        np.testing.assert_allclose(g.apply(g.scale(1 / s), np.array([x, x])), [u, u], atol=1e-12)


def test_resizing_agrees_with_opencv():
    cv2 = pytest.importorskip("cv2")
    y, x = np.mgrid[:40, :60].astype(np.float32)
    for s in (0.5, 1.5, 2.0):
        width, height = round(60 * s), round(40 * s)
        small = cv2.resize(np.dstack([x, y]), (width, height), interpolation=cv2.INTER_LINEAR)
        u = np.stack(np.meshgrid(np.arange(3, width - 3), np.arange(3, height - 3)), -1)  # away from the border
        np.testing.assert_allclose(small[3:-3, 3:-3], g.apply(g.invert(g.scale(s)), u), atol=1e-3)


@pytest.mark.parametrize("width", [1, 2, 7, 640])
def test_flip_agrees_with_reversed_columns(width):
    columns = np.arange(width)
    moved = g.apply(g.flip(width), np.stack([columns, np.zeros(width)], 1))
    assert (columns[::-1] == moved[:, 0]).all()
    assert (moved[:, 1] == 0).all()
    np.testing.assert_array_equal(g.compose(g.flip(width), g.flip(width)), g.IDENTITY)


def test_crop_agrees_with_slicing():
    picture = np.arange(35).reshape(5, 7)
    cut = picture[2:, 3:]
    x, y = g.apply(g.crop(3, 2), np.array([5, 4])).astype(int)
    assert cut[y, x] == picture[4, 5]


def test_rotation_is_clockwise_on_screen_about_its_centre():
    turned = g.apply(g.rotate(90, (10, 20)), np.array([[10.0, 20.0], [11.0, 20.0]]))
    np.testing.assert_allclose(turned, [[10, 20], [10, 21]], atol=1e-12)  # right of the centre goes below it


@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 3000))
def test_letterbox_fits_touches_and_centres(w, h, into_w, into_h):
    m = g.letterbox((w, h), (into_w, into_h))
    (left, top), (right, bottom) = g.apply(m, np.array([[-0.5, -0.5], [w - 0.5, h - 0.5]]))
    margins = [left + 0.5, into_w - 0.5 - right, top + 0.5, into_h - 0.5 - bottom]
    assert min(margins) >= -1e-6
    assert margins[0] == pytest.approx(margins[1], abs=1e-6)
    assert margins[2] == pytest.approx(margins[3], abs=1e-6)
    assert min(margins[0], margins[2]) == pytest.approx(0, abs=1e-6)
    assert (right - left) / (bottom - top) == pytest.approx(w / h, rel=1e-6)


def test_apply_keeps_nan_shape_and_type():
    xy = np.array([[[1, 2], [np.nan, np.nan]]], np.float32)
    moved = g.apply(g.translate(3, 4), xy)
    assert moved.dtype == np.float32
    np.testing.assert_array_equal(moved, [[[4, 6], [np.nan, np.nan]]])
    assert g.apply(g.scale(0.5), np.array([[1, 2]])).dtype == np.float64
    assert g.apply(g.scale(2), np.zeros((0, 17, 2), np.float32)).shape == (0, 17, 2)
    np.testing.assert_array_equal(g.apply(g.translate(1, 1), [2, 3]), [3, 4])
