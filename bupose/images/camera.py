"""Frames of a camera, by OpenCV."""

from __future__ import annotations

import time
from collections.abc import Iterator

import cv2
import numpy as np

from bupose.errors import InputError
from bupose.images.files import reason


def capture(number: int) -> Iterator[tuple[float, np.ndarray, float | None]]:
    """Seconds since the first frame, picture (uint8 (H, W, 3), RGB), and the declared frames per second.

    Raises
    ------
    InputError
        There is no such camera, or another program holds it.
    """
    try:
        camera = cv2.VideoCapture(number)
        there, image = camera.read()
    except (cv2.error, MemoryError) as problem:
        raise InputError(f"camera {number} cannot be read: {reason(problem)}") from None
    if not there:
        camera.release()
        raise InputError(f"cannot open camera {number}; check that it is there, and that no other program holds it")
    try:
        rate, begin = camera.get(cv2.CAP_PROP_FPS), time.monotonic()
        while there:
            yield time.monotonic() - begin, cv2.cvtColor(image, cv2.COLOR_BGR2RGB), rate if rate > 0 else None
            there, image = camera.read()
    finally:
        camera.release()
