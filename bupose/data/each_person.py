"""Pictures cut around labelled people: what networks for a single person learn from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bupose import geometry
from bupose.annotations.categories import CategoryOptions
from bupose.data.photos import Photos
from bupose.data.picture import Drawn, Picture, whole_sample
from bupose.data.proposals import Offsets
from bupose.images import Photo
from bupose.images.sample import Sample
from bupose.people import Labels
from bupose.proportions import CROP_ASPECT
from bupose.synthetic.draw import Synthetic

_UNIT = 8  # cuts begin at multiples of it, so that a photo decoded at reduced size can be cut, too


class EachPerson:
    """A data set of photos as one of its people: entry n shows person n, and labels nobody else.

    Parameters
    ----------
    photos : Photos
    margin : float
        Size of a cut relative to the person's box (1.25 in Simple Baselines and HRNet), which is first extended to
        ``CROP_ASPECT``; cut off at the photo's borders.
    offsets : Offsets, optional
        Cuts are made around boxes that are off by these, drawn at random but the same each time; by default around the
        labelled box.
    cuts : int
        Of each person, one after the other.
    """

    def __init__(self, photos: Photos, margin: float, offsets: Offsets | None = None, cuts: int = 1) -> None:
        self.skeleton, self._photos, self._margin = photos.skeleton, photos, margin
        self.notes, self.category, self.damaged = photos.notes, photos.category, photos.damaged
        self._offsets, self._cuts = offsets, cuts
        counts = np.diff(photos.first_person)
        self._photo = np.repeat(np.arange(len(photos)), counts)
        self._person = np.arange(len(self._photo)) - np.repeat(photos.first_person[:-1], counts)

    notes: tuple[str, ...]
    category: CategoryOptions

    def __len__(self) -> int:
        return self._cuts * len(self._photo)

    def __getitem__(self, i: int) -> Sample:
        return whole_sample(self.picture(i))

    def picture(self, i: int) -> CutPhoto:
        """A person's part of the photo, not yet decoded."""
        if not -len(self) <= i < len(self):
            raise IndexError(f"person {i} of a set of {len(self)}")
        i %= len(self)
        n = i // self._cuts
        picture, person = self._photos.picture(int(self._photo[n])), int(self._person[n])
        drawn = None
        if self._offsets is not None:
            drawn = self._offsets.draw(np.random.default_rng(i), picture.labels.box[person])
        return CutPhoto(picture, person, self._margin, drawn)

    def labels(self, i: int) -> Labels:
        """The one person, in pixels of the cut."""
        return self.picture(i).labels

    def size(self, i: int) -> tuple[int, int]:
        """Width and height of a cut."""
        return self.picture(i).size

    def image_id(self, i: int) -> int | str:
        """The photo's id in the annotations."""
        return self.picture(i).image_id

    def empty(self) -> Iterator[tuple[str, str]]:
        """As of the photos."""
        return self._photos.empty()


class OneOfEach:
    """Drawn scenes, each cut around one of its people: in scene n the n-th, counted round. Arguments are those of
    :class:`EachPerson`; a scene without labelled people stays whole."""

    def __init__(self, scenes: Synthetic, margin: float) -> None:
        self.skeleton, self._scenes, self._margin = scenes.skeleton, scenes, margin

    def __len__(self) -> int:
        return len(self._scenes)

    def __getitem__(self, i: int) -> Sample:
        scene = self._scenes[i]
        people = len(scene.labels)
        return whole_sample(CutPhoto(Drawn(scene), i % people, self._margin)) if people else scene


class CutPhoto:
    """The part of a picture around a person's box, or another; see :class:`bupose.data.picture.Picture`."""

    def __init__(self, picture: Picture, person: int, margin: float, box: np.ndarray | None = None) -> None:
        self._picture, self._person = picture, person
        labels = picture.labels[person : person + 1]
        self._low, self.size = around(labels.box[0] if box is None else box, margin, picture.size)
        self._move = geometry.translate(-self._low[0], -self._low[1])
        self.labels = replace(labels.transform(self._move), area=labels.area)
        self.name, self.image_id = picture.name, picture.image_id

    def decode(self, factor: int = 1) -> np.ndarray:
        """uint8 RGB, ``factor`` (at most 8) times smaller."""
        (x, y), (w, h) = (n // factor for n in self._low), (-(-n // factor) for n in self.size)
        return np.ascontiguousarray(self._picture.decode(factor)[y : y + h, x : x + w])

    def photo(self, least: int | None = None) -> Photo:
        """The part, at full size."""
        return Photo.whole(self.decode())

    def ignore(self, matrix: np.ndarray, size: tuple[int, int]) -> None:
        """Everything counts: whoever else is there is not the person."""
        return

    def has_outline(self, person: int) -> bool:
        """Whether more than the person's box is known."""
        return self._picture.has_outline(self._person)

    def silhouette(self, person: int, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray | None:
        """uint8 (height, width), 255 where the person is visible; None if unknown."""
        return self._picture.silhouette(self._person, geometry.compose(self._move, matrix), size)


def around(box: np.ndarray, margin: float, size: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Left and top, and width and height, of the part of a picture of ``size`` around a box (x, y, width, height)."""
    x, y, w, h = (float(n) for n in box)
    wide, high = max(w, CROP_ASPECT * h, 1.0) * margin, max(h, 1.0) * margin
    low = [max(0, int(a + b / 2 - c / 2) // _UNIT * _UNIT) for a, b, c in ((x, w, wide), (y, h, high))]
    low = [min(a, max(0, n - 1) // _UNIT * _UNIT) for a, n in zip(low, size)]  # a box outside the photo
    high_end = [int(np.ceil(a + b / 2 + c / 2)) for a, b, c in ((x, w, wide), (y, h, high))]
    end = [min(n, max(b, a + 1)) for a, b, n in zip(low, high_end, size)]
    return (low[0], low[1]), (end[0] - low[0], end[1] - low[1])
