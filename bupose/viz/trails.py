"""Where people of a video have been in the last moments."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from bupose.people import People
from bupose.viz.hues import colors_of

_TORSO = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")


@dataclass(frozen=True)
class Trail:
    """The way of a person.

    Parameters
    ----------
    id : int
    xy : float64 array (N, 2), pixels
        The middle of the torso, the latest last.
    """

    id: int
    xy: np.ndarray


class Trails:
    """Collects the ways of the people of a video, as long as they are seen.

    Parameters
    ----------
    seconds : float
        How far back they reach.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._points: dict[int, deque[tuple[float, np.ndarray]]] = {}

    def update(self, people: People, time: float) -> list[Trail]:
        """The trails up to a frame, of the people in it; call it for all frames in order.

        Parameters
        ----------
        people : People
            With ``ids``.
        time : float, seconds
        """
        ids = np.full(len(people), -1) if people.ids is None else people.ids
        torso = [people.skeleton.index[name] for name in _TORSO if name in people.skeleton.index]
        here = []
        for n in np.flatnonzero((ids >= 0) & people.present.any(1)).tolist():
            joints = people.xy[n, torso]
            joints = joints if len(joints) and not np.isnan(joints).any() else people.xy[n]
            points = self._points.setdefault(int(ids[n]), deque())
            points.append((time, np.nanmean(joints, 0)))
            here.append(int(ids[n]))
        for i, points in list(self._points.items()):
            while points and points[0][0] < time - self._seconds:
                points.popleft()
            if not points:
                del self._points[i]
        return [Trail(i, np.array([xy for _, xy in self._points[i]])) for i in here if len(self._points.get(i, ())) > 1]


def draw_trails(picture: np.ndarray, trails: Iterable[Trail], width: float = 1.0) -> None:
    """Draw trails into a picture, uint8 RGB (H, W, 3), in the colours of :func:`colors_of`; they taper off."""
    most = max(2.0, 0.006 * width * max(picture.shape[:2]))
    far = 4.0 * max(picture.shape[:2])
    for trail in trails:
        color = tuple(int(c) for c in colors_of(np.array([trail.id]))[0])
        points = np.rint(16 * np.clip(trail.xy, -far, far)).astype(int)  # 1/16 px
        for n in range(1, len(points)):
            thick = max(1, round(most * n / len(points)))
            cv2.line(picture, points[n - 1].tolist(), points[n].tolist(), color, thick, cv2.LINE_AA, 4)
