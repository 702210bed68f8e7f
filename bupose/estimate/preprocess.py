"""From a photo's pixels to a network's: resized, padded, and one matrix that says how."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from bupose import geometry
from bupose.images import Photo

ELONGATION = 8  # longer pictures than this many heights are made smaller, or a strip of 10 px would fill the memory


@dataclass(frozen=True)
class View:
    """A picture, or a part of it, as a network sees it.

    Parameters
    ----------
    pixels : uint8 array (H, W, 3), RGB
        Both sides multiples of what the network takes.
    matrix : float64 array (2, 3)
        Photo pixels to these.
    size : (width, height)
        How much of it is the photo; the rest, on the right and below, is padding.
    mirrored : bool
        Left and right are exchanged on the way into the network, and in its maps on the way out.
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
        What both sides become multiples of.
    pad : three ints
        RGB of the padding: the network's mean, which it takes for nothing.

    Notes
    -----
    Cubic, as the published systems resize (of cubic, linear and area, it comes closest to their fields); below half
    the size each pixel is the mean of all it covers.
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
