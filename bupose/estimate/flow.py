"""People carried from one frame of a video to the next by optical flow."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from bupose.people import People

SIDE = 640  # pixels: longer sides of frames are reduced to it
WINDOW, LEVELS = 21, 3  # of the pyramidal method, pixels and halvings
ASTRAY = 1.5  # pixels: a point that comes back farther from where it began is lost


def reduced(image: np.ndarray) -> tuple[np.ndarray, float]:
    """A frame, uint8 RGB (H, W, 3), in grey and at most ``SIDE`` pixels long, and its pixels per pixel of the frame."""
    scale = min(1.0, SIDE / max(image.shape[:2]))
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return grey, scale


class Carrier:
    """Carries people through the frames that no network sees.

    Notes
    -----
    Pyramidal Lucas-Kanade (Bouguet 2001, OpenCV), there and back, at the joints; a joint that is lost moves as the
    others of its person do, by their median.
    """

    def __init__(self) -> None:
        self._frame: np.ndarray | None = None
        self._scale = 1.0

    def see(self, frame: tuple[np.ndarray, float]) -> None:
        """Begin at a frame, :func:`reduced`, whose people are known."""
        self._frame, self._scale = frame

    def carry(self, people: People, frame: tuple[np.ndarray, float]) -> People:
        """The people of the frame seen last, in the next one, :func:`reduced`; only their places change."""
        before, after = self._frame, frame[0]
        self.see(frame)
        here = people.present
        if before is None or not here.any():
            return people
        start = people.xy[here] * np.float32(self._scale)
        moved, lost = _follow(before, after, start)
        back, _ = _follow(after, before, moved)
        good = ~lost & (np.linalg.norm(back - start, axis=1) < ASTRAY)
        step = np.full(people.xy.shape, np.nan, np.float32)
        step[here] = np.where(good[:, None], (moved - start) / self._scale, np.nan)
        usual = np.zeros((len(people), 1, 2), np.float32)
        known = ~np.isnan(step[..., 0]).all(1)
        usual[known, 0] = np.nanmedian(step[known], 1)
        step = np.where(np.isnan(step), usual, step)
        return replace(people, xy=people.xy + step)


def _follow(before: np.ndarray, after: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where points (N, 2) go, and which are lost."""
    begin = np.ascontiguousarray(points, np.float32).reshape(-1, 1, 2)
    moved, found, _ = cv2.calcOpticalFlowPyrLK(
        before, after, begin, np.zeros_like(begin), winSize=(WINDOW, WINDOW), maxLevel=LEVELS
    )
    return np.reshape(moved, (-1, 2)), np.ravel(found) == 0
