"""Contact sheets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from bupose import geometry
from bupose.data.affine import move_labels
from bupose.data.picture import Picture, crop_image
from bupose.errors import InputError
from bupose.people import People

_IGNORED = np.array((230, 30, 60), np.float32)


def contact_sheet(
    pictures: Sequence[Picture],
    draw: Callable[[np.ndarray, People], np.ndarray],
    columns: int = 6,
    side: int = 320,
) -> np.ndarray:
    """Pictures with their labels, in rows; ignored areas are tinted red, unreadable pictures grey.

    Parameters
    ----------
    pictures : sequence of pictures
    draw : function of an RGB picture and people, such as ``bupose.viz.draw_people``
    columns, side : int
        Pictures per row, and pixels per picture.

    Returns
    -------
    uint8 array (rows*side, columns*side, 3), RGB
    """
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * side, columns * side, 3), 40, np.uint8)
    for n, picture in enumerate(pictures):
        top, left = n // columns * side, n % columns * side
        sheet[top : top + side, left : left + side] = _tile(picture, draw, side)
    return sheet


def _tile(picture: Picture, draw: Callable, side: int) -> np.ndarray:
    matrix = geometry.letterbox(picture.size, (side - 4, side - 22))
    matrix = geometry.compose(matrix, geometry.translate(2, 20))
    try:
        image, ignore = crop_image(picture, matrix, (side, side)), picture.ignore(matrix, (side, side))
        if ignore is not None:
            image[ignore] = (0.6 * image[ignore] + 0.4 * _IGNORED).astype(np.uint8)
        image = draw(image, move_labels(picture.labels, matrix).to_people())
    except InputError:
        image = np.full((side, side, 3), 90, np.uint8)
    title = f"{picture.name[-34:]}  {len(picture.labels)}".encode("ascii", "replace").decode()
    cv2.putText(image, title, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (255, 255, 255), 1, cv2.LINE_AA)
    return image
