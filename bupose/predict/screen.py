"""A window for overlays."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import cv2
import numpy as np

from bupose.errors import DependencyError

TITLE = "bupose"
TRIED = 30  # seconds allowed for opening a window
_ENDING = (27, ord("q"))  # Escape, q


class Screen:
    """Shows pictures in a window; use it in a ``with`` block.

    Parameters
    ----------
    wanted : bool
        False shows nothing.
    instead : str
        What to use where there is no window.

    Raises
    ------
    DependencyError
        OpenCV without window support, or no display.
    """

    def __init__(self, wanted: bool, instead: str = "show=false"):
        self._wanted, self.closed = wanted, False
        if wanted:
            _try_window(instead)
            cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL)

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_) -> None:
        if self._wanted:
            with suppress(cv2.error):
                cv2.destroyAllWindows()

    def show(self, image: np.ndarray) -> None:
        """Show a uint8 RGB picture; ``closed`` is True once q or Escape was pressed."""
        if self._wanted:
            try:
                cv2.imshow(TITLE, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
                self.closed = self.closed or cv2.waitKey(1) in _ENDING
            except cv2.error:  # the display is gone; results are kept
                self.closed = True


def _try_window(instead: str) -> None:
    """Open a window in a separate process, as Qt aborts the process if there is no display.

    Raises
    ------
    DependencyError
        The process failed.
    """
    code = f"import cv2; cv2.namedWindow({TITLE!r}); cv2.waitKey(1)"
    try:
        tried = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=TRIED)
    except subprocess.TimeoutExpired:
        raise DependencyError(f"the display does not respond within {TRIED} s; use {instead}") from None
    if tried.returncode:
        headless = "not implemented" in tried.stderr
        what = "this OpenCV has no windows (opencv-python-headless?)" if headless else "there is no display"
        raise DependencyError(f"{what}; use {instead}")
