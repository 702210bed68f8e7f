"""What a network gets to see of a photo: the published systems' cubic resizing, and padding that says nothing."""

import numpy as np
import pytest

from bupose import geometry
from bupose.estimate.preprocess import network_size, prepare
from bupose.images import Photo

PAD = (11, 22, 33)


def cubic(distance: np.ndarray) -> np.ndarray:
    """The weight of a pixel so far away: Keys 1981, eq. 4, with the slope −0.75 that OpenCV takes."""
    d, slope = np.abs(distance), -0.75
    near = (slope + 2) * d**3 - (slope + 3) * d**2 + 1
    far = slope * (d**3 - 5 * d**2 + 8 * d - 4)
    return np.where(d <= 1, near, np.where(d < 2, far, 0))


def resize_slowly(image: np.ndarray, size: tuple[int, int], weight) -> np.ndarray:
    """Each pixel by its definition, the border repeated; ``weight`` of distances in pixels of ``image``."""
    across, down = (matrix_of(own, length, weight) for own, length in zip(image.shape[1::-1], size))
    return np.einsum("yi,xj,ijc->yxc", down, across, image.astype(float))


def matrix_of(own: int, length: int, weight) -> np.ndarray:
    """What each of ``own`` pixels counts in each of ``length`` ones over the same span."""
    matrix, at = np.zeros((length, own)), (np.arange(length) + 0.5) * own / length - 0.5
    for tap in range(-3, own + 3):  # those beyond the border are the border's
        matrix[:, np.clip(tap, 0, own - 1)] += weight(at - tap)
    return matrix


def photo_of(shape: tuple[int, int]) -> Photo:
    return Photo.whole(np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8))


@pytest.mark.parametrize("size", [(50, 41), (33, 29), (21, 20)], ids=["larger", "nearly", "smaller"])
def test_pictures_are_resized_cubically(size):
    photo = photo_of((30, 34))
    got = prepare(photo, size, 1, PAD).pixels
    expected = np.clip(resize_slowly(photo.image, size, cubic), 0, 255)
    np.testing.assert_allclose(got, expected, atol=1)  # OpenCV's weights are of 11 bits, and sums are rounded
    linear = resize_slowly(photo.image, size, lambda d: np.maximum(1 - np.abs(d), 0))
    assert np.abs(linear - expected).max() > 10  # the test can tell the two apart


def test_far_smaller_pictures_are_means_of_all_their_pixels():
    photo = photo_of((60, 90))
    got = prepare(photo, (30, 20), 1, PAD).pixels
    np.testing.assert_allclose(got, photo.image.reshape(20, 3, 30, 3, 3).mean((1, 3)), atol=0.51)


def test_a_picture_of_the_right_size_is_left_as_it_is():
    photo = photo_of((30, 34))
    assert (prepare(photo, (34, 30), 1, PAD).pixels == photo.image).all()


def test_padding_lies_on_the_right_and_below_in_the_colour_of_nothing():
    photo = photo_of((30, 34))
    prepared = prepare(photo, (34, 30), 32, PAD)
    assert prepared.pixels.shape == (32, 64, 3)
    assert prepared.size == (34, 30)
    assert (prepared.pixels[:30, :34] == photo.image).all()
    assert (prepared.pixels[30:] == PAD).all()
    assert (prepared.pixels[:, 34:] == PAD).all()


def test_the_matrix_takes_the_photos_corners_to_the_networks():
    prepared = prepare(photo_of((30, 34)), (50, 41), 32, PAD)
    moved = geometry.apply(prepared.matrix, np.array([[-0.5, -0.5], [33.5, 29.5]]))
    np.testing.assert_allclose(moved, [[-0.5, -0.5], [49.5, 40.5]], atol=1e-12)  # a few roundings of 50


@pytest.mark.parametrize(
    ("size", "limit", "wanted"),
    [
        ((640, 480), None, (491, 368)),  # by the height
        ((640, 480), 400, (400, 300)),  # by the longer side
        ((100, 10_000), None, (4, 368)),
        ((10_000, 10), None, (2944, 3)),  # eight heights
        ((1, 1), None, (368, 368)),
    ],
)
def test_sizes(size, limit, wanted):
    assert network_size(size, 368, limit) == wanted
