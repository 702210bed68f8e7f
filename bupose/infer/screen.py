"""A window, where there is one."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import cv2
import numpy as np

from bupose.errors import DependencyError

TITLE = "bupose"
_ENDING = (27, ord("q"))  # Escape, q


class Screen:
    """Shows pictures as they come; use it in a ``with`` block.

    Parameters
    ----------
    wanted : bool
        Without it nothing is shown.

    Raises
    ------
    DependencyError
        This OpenCV has no windows, or this machine no screen.
    """

    def __init__(self, wanted: bool):
        self._wanted, self.closed = wanted, False
        if wanted:
            if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
                raise DependencyError("there is no screen here; use show=false")  # Qt would end the process
            try:
                cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL)
            except cv2.error:
                raise DependencyError("this OpenCV has no windows (opencv-python-headless?); use show=false") from None

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_) -> None:
        if self._wanted:
            with suppress(cv2.error):
                cv2.destroyAllWindows()

    def show(self, image: np.ndarray) -> None:
        """Put a uint8 RGB picture on the screen; ``closed`` then says whether q or Escape was pressed."""
        if self._wanted:
            try:
                cv2.imshow(TITLE, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
                self.closed = self.closed or cv2.waitKey(1) in _ENDING
            except cv2.error:  # the screen went away; what was found stays
                self.closed = True
