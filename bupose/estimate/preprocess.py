"""Preprocessing: resizing, padding, and the matrix from photo to network pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from bupose import geometry
from bupose.images import Photo, shrink

ELONGATION = 8  # longer pictures are scaled down; else a strip of 10 px would fill the memory


@dataclass(frozen=True)
class View:
    """A picture, or a part of it, as network input.

    Parameters
    ----------
    pixels : uint8 array (H, W, 3), RGB
        Both sides are multiples of the network's.
    matrix : float64 array (2, 3)
        Photo pixels to network pixels.
    size : (width, height)
        Size without the padding on the right and below.
    mirrored : bool
        The network gets it mirrored, and its maps are flipped back.
    """

    pixels: np.ndarray
    matrix: np.ndarray
    size: tuple[int, int]
    mirrored: bool = False


def network_size(size: tuple[int, int], height: int, longest: int | None = None) -> tuple[int, int]:
    """Width and height, network pixels, of a photo of (width, height) ``size``, before padding.

    The height is ``height``, less where the longer side would exceed ``longest``, by default 8 times the height.
    """
    limit = longest or ELONGATION * height
    scale = min(height / size[1], limit / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def prepare(photo: Photo, size: tuple[int, int], multiple: int, pad: tuple[int, int, int]) -> View:
    """Resize a photo to ``size`` = (width, height), and pad it on the right and below.

    Parameters
    ----------
    multiple : int
        Both sides become multiples of this.
    pad : three ints
        RGB of the padding: the mean colour, which normalises to 0.

    Notes
    -----
    Cubic interpolation, as in the published systems (of cubic, linear and area, it comes closest to their fields);
    below half size, area averaging.
    """
    width, height = size
    padded = width + -width % multiple, height + -height % multiple
    return View(
        _resize(photo.image, size, padded, pad), geometry.scale(width / photo.size[0], height / photo.size[1]), size
    )


def surround(size: tuple[int, int], shape: tuple[int, int]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the window with the aspect of ``shape`` that holds a photo of ``size``, each
    (width, height), in its middle."""
    scale = min(shape[0] / size[0], shape[1] / size[1])
    across, down = (shape[0] / scale - size[0]) / 2, (shape[1] / scale - size[1]) / 2
    return -across, -down, size[0] + across, size[1] + down


def prepare_window(
    photo: Photo, window: tuple[float, float, float, float], shape: tuple[int, int], pad: tuple[int, int, int]
) -> View:
    """A part of a photo, resized to fit ``shape`` = (width, height), and padded on the right and below.

    Parameters
    ----------
    window : left, top, right, bottom
        Photo pixels, edges of the part; what lies outside the photo is padding.
    shape : (width, height)
        Of the view; the part is as large in it as it can be.
    pad : three ints
        As for :func:`prepare`.
    """
    own_height, own_width = photo.image.shape[:2]
    draft = own_width / photo.size[0], own_height / photo.size[1]
    scale = min(shape[0] / (window[2] - window[0]), shape[1] / (window[3] - window[1]))
    left, top = max(0, math.floor(window[0] * draft[0])), max(0, math.floor(window[1] * draft[1]))
    right, bottom = min(own_width, math.ceil(window[2] * draft[0])), min(own_height, math.ceil(window[3] * draft[1]))
    width = min(shape[0], max(1, round((right - left) / draft[0] * scale)))
    height = min(shape[1], max(1, round((bottom - top) / draft[1] * scale)))
    pixels = _resize(photo.image[top:bottom, left:right], (width, height), shape, pad)
    full = geometry.compose(
        geometry.scale(*draft),
        geometry.crop(left, top),
        geometry.scale(width / (right - left), height / (bottom - top)),
    )
    return View(pixels, full, (width, height))


def prepare_crop(
    photo: Photo, window: tuple[float, float, float, float], shape: tuple[int, int], pad: tuple[int, int, int]
) -> View:
    """A part of a photo, warped to fill exactly ``shape`` = (width, height), whose aspect it has.

    Parameters
    ----------
    window : left, top, right, bottom
        As for :func:`prepare_window`; its centre becomes the view's.
    pad : three ints
        RGB of what lies outside the photo.

    Notes
    -----
    Linear interpolation, after averaging by a power of two where the part is larger than the view: as in training.
    """
    own_height, own_width = photo.image.shape[:2]
    sides = window[2] - window[0], window[3] - window[1]
    full = geometry.compose(
        geometry.translate(-window[0], -window[1]), geometry.scale(shape[0] / sides[0], shape[1] / sides[1])
    )
    draft = own_width / photo.size[0], own_height / photo.size[1]
    scale = min(shape[0] / sides[0] / draft[0], shape[1] / sides[1] / draft[1])
    factor = next((f for f in (8, 4, 2) if scale * f <= 1), 1)
    margin = 2 * factor + 1 / scale  # what interpolation at the border looks at
    limits = ((0, own_width, draft[0]), (1, own_height, draft[1]))
    (left, right), (top, bottom) = (
        (
            min(max(0, math.floor(window[axis] * each - margin)), most - 1),
            max(1, min(most, math.ceil(window[axis + 2] * each + margin))),
        )
        for axis, most, each in limits
    )
    part = shrink(photo.image[top:bottom, left:right], factor)
    moved = geometry.compose(
        geometry.scale(factor), geometry.translate(left, top), geometry.scale(1 / draft[0], 1 / draft[1]), full
    )
    pixels = cv2.warpAffine(part, moved, shape, flags=cv2.INTER_LINEAR, borderValue=pad)
    return View(pixels, full, shape)


def _resize(image: np.ndarray, size: tuple[int, int], shape: tuple[int, int], pad: tuple[int, int, int]) -> np.ndarray:
    """uint8 (H, W, 3) of ``shape`` = (width, height): an image of ``size``, and padding."""
    own_height, own_width = image.shape[:2]
    if (own_width, own_height) != size:
        small = min(size[0] / own_width, size[1] / own_height) < 0.5
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if small else cv2.INTER_CUBIC)
    right, below = shape[0] - size[0], shape[1] - size[1]
    if right or below:
        image = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_CONSTANT, value=pad)
    return image
