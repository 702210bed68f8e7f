"""People of a video or of a set of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bupose.errors import LabelsError
from bupose.people import People
from bupose.skeleton import Skeleton
from bupose.wording import counted


@dataclass(frozen=True, eq=False)
class Recording:
    """People of a video's frames, or of pictures, in order.

    Parameters
    ----------
    name : str
        Relative path without suffix; what is written of it is called so.
    skeleton : Skeleton
    numbers : int64 array (T,)
        Of the frames in their video from 0, rising; for pictures their place, if nothing else is known.
    times : float64 array (T,), seconds
        From the video's beginning; NaN where unknown, as of pictures.
    people : sequence of T People
        Of that skeleton, with ``ids`` where they were followed.
    size : (width, height), optional
        Pixels; None if unknown, or if pictures differ.
    files : sequence of T names, optional
        Of the pictures; None of a video.
    video : str
        File name of the video; "" if unknown, and of pictures.
    sizes : sequence of T (width, height), optional
        Of pictures that differ.

    Raises
    ------
    LabelsError
        Not one number, time, People and file name a frame, numbers that do not rise, or other skeletons.
    """

    name: str
    skeleton: Skeleton
    numbers: np.ndarray
    times: np.ndarray
    people: Sequence[People]
    size: tuple[int, int] | None = None
    files: Sequence[str] | None = None
    video: str = ""
    sizes: Sequence[tuple[int, int] | None] | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "numbers", np.asarray(self.numbers, np.int64))
        put(self, "times", np.asarray(self.times, np.float64))
        put(self, "people", list(self.people))
        count = len(self.people)
        of_each = {"numbers": self.numbers.shape, "times": self.times.shape}
        of_each |= {} if self.files is None else {"files": (len(self.files),)}
        of_each |= {} if self.sizes is None else {"sizes": (len(self.sizes),)}
        for what, shape in of_each.items():
            if shape != (count,):
                got = f"{self.name!r} has {what} of shape {shape} for {counted(count, 'frame')}"
                raise LabelsError(f"{got}; give one each")
        if (np.diff(self.numbers) <= 0).any():
            raise LabelsError(f"{self.name!r} has frame numbers that do not rise; sort its frames, each once")
        if other := next((p.skeleton for p in self.people if p.skeleton != self.skeleton), None):
            got = f"{self.name!r} is of {self.skeleton.name}, but has people of {other.name}"
            raise LabelsError(f"{got}; use people.to()")

    def __len__(self) -> int:
        return len(self.people)

    def size_of(self, n: int) -> tuple[int, int] | None:
        """(width, height) of a frame or picture, pixels; None if unknown."""
        return self.size if self.sizes is None else self.sizes[n]

    @property
    def rate(self) -> float | None:
        """Frames per second, as from the median distance of known times; None if unknown."""
        known = ~np.isnan(self.times)
        seconds, frames = np.diff(self.times[known]), np.diff(self.numbers[known])
        steps = seconds[seconds > 0] / frames[seconds > 0]
        return float(1 / np.median(steps)) if len(steps) else None

    def seconds(self, rate: float | None = None) -> np.ndarray:
        """float64 (T,): ``times`` if they are all known, else frame numbers at ``rate`` frames per second, or NaN."""
        if rate is None or (len(self) and not np.isnan(self.times).any()):
            return self.times
        return self.numbers / rate

    @property
    def followed(self) -> bool:
        """Whether anybody has an id."""
        return any(people.ids is not None and (people.ids >= 0).any() for people in self.people)

    def to(self, skeleton: Skeleton) -> Recording:
        """The same with another skeleton's joints, by :meth:`bupose.People.to`."""
        if skeleton == self.skeleton:
            return self
        people = [people.to(skeleton) for people in self.people]
        return replace(self, skeleton=skeleton, people=people)
