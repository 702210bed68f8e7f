"""Each of brightness, contrast, saturation and tint is changed, as much as said and no more."""

import numpy as np
import pytest

from bupose.data.color import change_colors, color_matrix

LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
RGB = np.array([200.0, 90.0, 40.0])


@pytest.fixture(scope="module")
def strong() -> np.ndarray:
    """float (N, 3, 4): matrices of full strength."""
    return np.array([color_matrix(np.random.default_rng(seed), 1.0) for seed in range(300)], float)


def test_nothing_is_changed_without_strength():
    image = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    assert np.array_equal(change_colors(image, color_matrix(np.random.default_rng(0), 0.0)), image)


def test_colors_are_those_of_the_matrix(strong):
    image = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    for matrix in strong[:10]:
        expected = np.clip(image @ matrix[:, :3].T + matrix[:, 3], 0, 255)
        got = change_colors(image, matrix.astype(np.float32))
        np.testing.assert_allclose(got, expected, atol=1)  # OpenCV takes fixed-point factors


def test_pictures_stay_pictures(strong):
    grey = strong @ (127.5, 127.5, 127.5, 1)
    assert 20 < np.abs(grey - 127.5).max() < 70


def spans(values: np.ndarray, low: float, high: float) -> None:
    """300 draws of a uniform number come within a twentieth of the span of both its ends, and stay in it."""
    near, rounding = 0.05 * (high - low), 1e-5 * high  # of float32
    assert low - rounding <= values.min() < low + near
    assert high - near < values.max() <= high + rounding


def test_saturation(strong):
    """What differs from grey of the same luma grows by one factor, whatever contrast and tint do to both."""
    grey = LUMA @ RGB * np.ones(3)
    factor = (strong[:, :, :3] @ (RGB - grey)) / (RGB - grey) * grey / (strong[:, :, :3] @ grey)
    np.testing.assert_allclose(factor, factor[:, :1].repeat(3, 1), rtol=1e-5)  # a few float32 roundings
    spans(factor[:, 0], 1 - 0.6, 1 + 0.6)


def test_contrast_tint_and_brightness(strong):
    """Grey grows by a contrast of up to 0.4 each way, times a channel's tint of up to 0.15; brightness adds up to 40.

    Contrast turns about middle grey, 127.5, so that what is added to all channels is 40 · brightness - 51 · contrast.
    """
    gain, added = strong[:, :, :3].sum(2), strong[:, :, 3]
    assert 0.6 * 0.85 - 1e-5 <= gain.min() < 0.6
    assert 1.4 < gain.max() <= 1.4 * 1.15 + 1e-5
    tint = gain[:, 0] / gain[:, 1]
    assert 0.85 / 1.15 - 1e-5 <= tint.min() < 0.85
    assert 1.15 < tint.max() <= 1.15 / 0.85 + 1e-5
    np.testing.assert_allclose(added, added[:, :1].repeat(3, 1), atol=1e-3)  # differences of float32 numbers near 127.5
    assert 51 + 10 < np.abs(added).max() <= 51 + 40 + 1e-3
