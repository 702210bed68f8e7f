"""RGB uint8 pictures in network pixels, and figures for notebooks."""

from __future__ import annotations

import cv2
import numpy as np

from bupose import geometry
from bupose.errors import InputError
from bupose.images import from_memory


def as_rgb(image) -> np.ndarray:
    """A copy of ``image``, any picture that :func:`bupose.images.from_memory` takes, as uint8 RGB (H, W, 3).

    Raises
    ------
    InputError
        It is no picture.
    """
    picture = from_memory(image)
    return picture.copy() if np.may_share_memory(picture, image) else picture


def lay_over(image: np.ndarray, color: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Blend ``color`` over ``image`` (both uint8 RGB) at opacity ``alpha`` (H, W, 1) in [0, 1]."""
    return np.rint(image + alpha * (color.astype(np.float32) - image)).astype(np.uint8)


def warp_photo(photo: np.ndarray, size: tuple[int, int], matrix: np.ndarray | None = None) -> np.ndarray:
    """The photo in network pixels.

    Parameters
    ----------
    photo : array (H, W[, 1, 3 or 4])
        Any picture :func:`as_rgb` takes.
    size : (width, height)
        Of the network's picture, pixels.
    matrix : float array (2, 3), optional
        Photo pixels to network pixels. Without it the photo is in network pixels; missing pixels on the right and below
        are padding.

    Returns
    -------
    uint8 array (height, width, 3), RGB

    Raises
    ------
    InputError
        Without a matrix: the photo is larger than the network's picture, or far smaller.
    """
    photo, (width, height) = as_rgb(photo), size
    if matrix is None:
        h, w = photo.shape[:2]
        if h > height or w > width or 2 * h < height or 2 * w < width:
            raise InputError(
                f"the photo is {w}x{h} but the network saw {width}x{height}; give matrix= (photo -> network pixels)"
            )
        return cv2.copyMakeBorder(photo, 0, height - h, 0, width - w, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    matrix = np.asarray(matrix, np.float64)
    shrink = np.sqrt(geometry.area_factor(matrix))
    if 0 < shrink < 0.5:  # warpAffine interpolates four pixels only: average first, to avoid aliasing
        old_w, old_h = photo.shape[1], photo.shape[0]
        new_w, new_h = max(1, round(old_w * shrink)), max(1, round(old_h * shrink))
        photo = cv2.resize(photo, (new_w, new_h), interpolation=cv2.INTER_AREA)
        matrix = geometry.compose(geometry.invert(geometry.scale(new_w / old_w, new_h / old_h)), matrix)
    return cv2.warpAffine(photo, matrix, size, flags=cv2.INTER_LINEAR)
