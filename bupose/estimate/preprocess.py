"""Preprocessing: resizing, padding, and the matrix from photo to network pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from bupose import geometry
from bupose.images import Photo

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
    own_height, own_width = photo.image.shape[:2]
    pixels = photo.image
    if (own_width, own_height) != size:
        small = min(width / own_width, height / own_height) < 0.5
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if small else cv2.INTER_CUBIC)
    right, below = -width % multiple, -height % multiple
    if right or below:
        pixels = cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_CONSTANT, value=pad)
    return View(pixels, geometry.scale(width / photo.size[0], height / photo.size[1]), size)
