"""Results in formats of other programs, written once all people are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bupose.errors import BuposeError, DiskError
from bupose.exchange.convert import write_recordings
from bupose.exchange.formats.coco import PICTURES
from bupose.exchange.formats.options import WriteOptions
from bupose.exchange.recording import Recording
from bupose.people import People
from bupose.skeleton import Skeleton


@dataclass
class Further:
    """Collects the people of a run for further formats.

    Parameters
    ----------
    formats : names in ``bupose.exchange.FORMATS``
    options : WriteOptions
    skeleton : Skeleton
    """

    formats: Iterable[str]
    options: WriteOptions
    skeleton: Skeleton
    _frames: dict[str, list[tuple[Mapping, People]]] = field(default_factory=dict)

    def add(self, video: str, entry: Mapping, people: People) -> None:
        """A frame of a video, or with ``video=""`` a picture."""
        if self.formats and "width" in entry:  # else it could not be read
            self._frames.setdefault(video, []).append((entry, people))

    def write(self, folder: Path) -> list[str]:
        """Write each format into a folder of its name; returns what is wrong with those that cannot hold the people."""
        recordings, problems = [self._recording(*one) for one in self._frames.items()], []
        for name in self.formats:
            try:
                write_recordings(recordings, name, folder / name, self.options)
            except DiskError:
                raise
            except BuposeError as problem:
                problems.append(f"also={name}: {problem}")
        return problems

    def rehearse(self, pictures: bool, videos: bool) -> None:
        """Write somebody in two frames of each kind of input, and delete it, so that a long run does not end in vain.

        Raises
        ------
        BuposeError
            A format cannot hold people of such inputs or of this skeleton, or lacks a package or file.
        """
        places = np.arange(len(self.skeleton.joints))
        xy = np.stack([10 + 7 * places, 10 + places**2], 1)[None].astype(np.float64)
        somebody = People(xy, np.ones(xy.shape[:2]), np.ones(1), self.skeleton, ids=np.zeros(1, np.int32))
        rest = (self.skeleton, np.arange(2), np.array([0, 0.04]), [somebody] * 2, (4096, 4096))
        made = [Recording(PICTURES, *rest, ["0.jpg", "1.jpg"])] * pictures
        made += [Recording("video", *rest, None, "video.mp4")] * videos
        for name in self.formats:
            try:
                with TemporaryDirectory(prefix="bupose-") as folder:
                    write_recordings(made, name, folder, self.options)
            except BuposeError as problem:
                raise type(problem)(f"also={name}: {problem}") from None

    def _recording(self, video: str, frames: list[tuple[Mapping, People]]) -> Recording:
        sizes = {(entry.get("width"), entry.get("height")) for entry, _ in frames}
        size = sizes.pop() if len(sizes) == 1 else None
        return Recording(
            video or PICTURES,
            self.skeleton,
            np.array([entry["frame"] if video else n for n, (entry, _) in enumerate(frames)]),
            np.array([entry.get("time", np.nan) for entry, _ in frames], np.float64),
            [people for _, people in frames],
            size if size is None or None not in size else None,  # type: ignore[arg-type]
            None if video else [entry["file_name"] for entry, _ in frames],
            frames[0][0]["file_name"].rpartition("#")[0] if video else "",
        )
