"""Overlays of a video as a video."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from bupose.errors import InputError
from bupose.infer.media import Frame

USUAL_RATE = 25.0  # frames a second, where a video does not say


class VideoOutput:
    """Overlays of each video of a run in ``overlays/{name}.mp4``; use it in a ``with`` block.

    A video is written under a temporary name, and gets its own when the next begins or the block ends, however it
    ends: a video cut short by an interruption is one that plays.
    """

    def __init__(self, folder: Path):
        self._folder = folder / "overlays"
        self._name, self._writer, self._partial = "", None, None

    def __enter__(self) -> VideoOutput:
        return self

    def __exit__(self, *_) -> None:
        self._end()

    def add(self, frame: Frame, overlay: np.ndarray) -> None:
        """Append a frame's overlay, uint8 RGB (H, W, 3).

        Raises
        ------
        InputError
            The file cannot be written.
        """
        name = frame.name.rsplit("_", 1)[0]
        if name != self._name:
            self._end()
            self._begin(name, overlay.shape[1::-1], frame.rate or USUAL_RATE)
        height, width = (side - side % 2 for side in overlay.shape[:2])
        self._writer.write(cv2.cvtColor(np.ascontiguousarray(overlay[:height, :width]), cv2.COLOR_RGB2BGR))

    def _begin(self, name: str, size: tuple[int, int], rate: float) -> None:
        path = self._folder / f"{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{os.getpid()}.part.mp4")
        even = tuple(side - side % 2 for side in size)  # most codecs take nothing else
        writer = cv2.VideoWriter(str(partial), cv2.VideoWriter_fourcc(*"mp4v"), rate, even)
        if not writer.isOpened():
            raise InputError(f"cannot write the video {str(path)!r}; use overlays=false, or another output")
        self._name, self._writer, self._partial, self._path = name, writer, partial, path

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.release()
            os.replace(self._partial, self._path)
        self._name, self._writer = "", None
