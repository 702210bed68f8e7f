"""The people of videos, true ones and found ones, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from bupose.errors import LabelsError
from bupose.evaluate.undeclared import Undeclared


@dataclass(frozen=True)
class Tracks:
    """N people of one video, each in one frame.

    Parameters
    ----------
    name : str
        The video's.
    frames : tuple
        What its T frames are called: numbers, or ids of pictures.
    row : int array (N,)
        The frame of each person, from 0.
    ids : int64 array (N,)
        −1 if unknown.
    box : float64 array (N, 4), pixels
        x, y, width, height.
    xy : float64 array (N, K, 2), pixels
        NaN where a joint is absent; no joints where people are boxes.
    score : float64 array (N, K)

    Raises
    ------
    LabelsError
        Two people of a frame have the same id.
    """

    name: str
    frames: tuple
    row: np.ndarray
    ids: np.ndarray
    box: np.ndarray
    xy: np.ndarray
    score: np.ndarray

    def __post_init__(self) -> None:
        for frame, rows in zip(self.frames, self.rows, strict=True):
            known, times = np.unique(self.ids[rows][self.ids[rows] >= 0], return_counts=True)
            if (times > 1).any():
                got = f"{self.name}: {times.max()} people of frame {frame} have the id {known[np.argmax(times)]}"
                raise LabelsError(f"{got}; give each person of a frame its own")

    @cached_property
    def rows(self) -> list[np.ndarray]:
        """The people of each frame, as indices."""
        order = np.argsort(self.row, kind="stable")
        return np.split(order, np.searchsorted(self.row[order], np.arange(1, len(self.frames))))


@dataclass(frozen=True)
class TrueTracks(Tracks):
    """The annotated people of one video.

    Parameters
    ----------
    area : float64 array (N,), pixels²
    head : float64 array (N,), pixels
        0.6 of the diagonal of the head's box; NaN without one.
    distractor : bool array (N,)
        Neither right nor wrong to find.
    regions : dict of frame, from 0, to Undeclared
        Where nobody is annotated.
    pictures : tuple of (frame, file name)
        Of every picture, those that are not labelled among them.
    """

    area: np.ndarray
    head: np.ndarray
    distractor: np.ndarray
    regions: Mapping[int, Undeclared] = field(default_factory=dict)
    pictures: tuple[tuple[Any, str], ...] = ()

    def first(self, count: int) -> TrueTracks:
        """Its first frames."""
        mine = self.row < count
        arrays = {name: getattr(self, name)[mine] for name in _BY_PERSON}
        regions = {n: region for n, region in self.regions.items() if n < count}
        return replace(self, frames=self.frames[:count], regions=regions, **arrays)


_BY_PERSON = ("row", "ids", "box", "xy", "score", "area", "head", "distractor")


@dataclass(frozen=True)
class Truth:
    """The annotations of a set of videos.

    Parameters
    ----------
    videos : sequence of TrueTracks
    joints : K names
        Nothing where people are boxes.
    file_joints : names
        In the order of a result file's ``keypoints``.
    sigmas : float64 array (K,)
        Of the object keypoint similarity.
    notes : sentences
    """

    videos: Sequence[TrueTracks]
    joints: tuple[str, ...] = ()
    file_joints: tuple[str, ...] = ()
    sigmas: np.ndarray = field(default_factory=lambda: np.zeros(0))
    notes: tuple[str, ...] = ()

    @property
    def has_heads(self) -> bool:
        """Whether the size of heads is known."""
        return any(np.isfinite(video.head).any() for video in self.videos) and bool(self.joints)

    def first(self, count: int) -> Truth:
        """The first frames of all."""
        videos = []
        for video in self.videos:
            if count > 0:
                videos.append(video.first(count))
            count -= len(video.frames)
        return replace(self, videos=videos)
