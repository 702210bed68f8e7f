"""A window, where there is one."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import cv2
import numpy as np

from bupose.errors import DependencyError

TITLE = "bupose"
TRIED = 30  # seconds in which a window must have come
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
            _try_window()
            cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL)

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


def _try_window() -> None:
    """Open a window in a process of its own, which Qt ends where the screen is not to be had.

    Raises
    ------
    DependencyError
        It does.
    """
    code = f"import cv2; cv2.namedWindow({TITLE!r}); cv2.waitKey(1)"
    try:
        tried = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=TRIED)
    except subprocess.TimeoutExpired:
        raise DependencyError(f"the screen does not answer in {TRIED} s; use show=false") from None
    if tried.returncode:
        headless = "not implemented" in tried.stderr
        what = "this OpenCV has no windows (opencv-python-headless?)" if headless else "there is no screen here"
        raise DependencyError(f"{what}; use show=false")
