"""Lazily decoded pictures: pixels are made on demand, directly in the crop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import cv2
import numpy as np

from bupose import geometry
from bupose.annotations.outlines import box_corners, surroundings
from bupose.data.regions import fill_polygon
from bupose.images import Photo, open_picture, read, shrink
from bupose.images.sample import Sample
from bupose.people import Labels

BORDER = 128  # grey around a photo, as in OpenPose's training code


class Picture(Protocol):
    """The interface that augmentation needs of a picture; ``picture(i)`` of a data set returns it before decoding."""

    labels: Labels
    size: tuple[int, int]
    name: str
    image_id: int | str

    def decode(self, factor: int) -> np.ndarray:
        """uint8 RGB of the whole picture, ``factor`` times smaller."""

    def photo(self, least: int | None = None) -> Photo:
        """The whole picture as estimator input; ``least`` as for :func:`bupose.images.read`."""

    def ignore(self, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray | None:
        """Ignore mask, bool (height, width), transformed by a 2x3 matrix; None if all is known."""

    def has_outline(self, person: int) -> bool:
        """Whether a person's silhouette is known."""

    def silhouette(self, person: int, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray | None:
        """uint8 (height, width), 255 where a person is visible; None if unknown."""


class Drawn:
    """A picture in memory."""

    def __init__(self, sample: Sample) -> None:
        self._sample, self.labels = sample, sample.labels
        self.size = sample.image.shape[1], sample.image.shape[0]
        self.name, self.image_id = sample.name, sample.image_id

    def decode(self, factor: int = 1) -> np.ndarray:
        """The picture, ``factor`` times smaller."""
        return shrink(self._sample.image, factor)

    def photo(self, least: int | None = None) -> Photo:
        """The picture itself."""
        return Photo.whole(self._sample.image)

    def ignore(self, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray | None:
        """The transformed ignore mask."""
        mask = self._sample.ignore
        if mask is None:
            return None
        return cv2.warpAffine(mask.astype(np.uint8), matrix, size, flags=cv2.INTER_NEAREST) > 0

    def has_outline(self, person: int) -> bool:
        """Whether a silhouette is known."""
        return False

    def silhouette(self, person: int, matrix: np.ndarray, size: tuple[int, int]) -> None:
        """Unknown."""
        return


def picture_of(samples, i: int) -> Picture:
    """Picture ``i`` of any data set, undecoded if the data set supports it."""
    return samples.picture(i) if hasattr(samples, "picture") else Drawn(samples[i])


def whole_sample(picture: Picture) -> Sample:
    """The sample of a picture, fully decoded."""
    ignore = picture.ignore(geometry.IDENTITY, picture.size)
    return Sample(picture.decode(1), picture.labels, ignore, picture.name, picture.image_id)


def crop_image(picture: Picture, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """uint8 RGB (height, width, 3): the transformed picture, decoded at the size needed; grey outside."""
    factor = reduction(matrix)
    if factor != 1:  # the decoded picture's pixels are larger
        matrix = geometry.compose(geometry.scale(factor), matrix)
    return cv2.warpAffine(picture.decode(factor), matrix, size, flags=cv2.INTER_LINEAR, borderValue=(BORDER,) * 3)


def reduction(matrix: np.ndarray) -> int:
    """The power of two by which a photo may be reduced in decoding without loss in the crop."""
    scale = np.sqrt(geometry.area_factor(matrix))
    return next((f for f in (8, 4, 2) if scale * f <= 1.0), 1)


class AnnotatedPhoto:
    """A photo in a file, one row of a :class:`~bupose.data.photos.Photos`."""

    def __init__(self, photos, i: int) -> None:
        self._photos, self._i = photos, i
        self.labels, self.size = photos.labels(i), photos.size(i)
        self.name, self.image_id = photos.name(i), photos.image_id(i)

    def decode(self, factor: int = 1) -> np.ndarray:
        """uint8 RGB, ``factor`` times smaller."""
        return open_picture(self._photos.path(self._i), size=self.size).decode(factor)

    def photo(self, least: int | None = None) -> Photo:
        """The photo, read as for inference."""
        return read(self._photos.path(self._i), least=least, size=self.size)

    def ignore(self, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray | None:
        """Bool (height, width): crowds, people without joints, and areas that may show unannotated people.

        Boxes and areas of unannotated people spare the labelled people and their surroundings; boxes are shrunk to
        ``max_box`` of the photo.
        """
        photos, i = self._photos, self._i
        mine = range(photos.first_region[i], photos.first_region[i + 1])
        if not mine and not photos.unlisted[i]:
            return None
        mask = np.zeros(size[::-1], np.uint8)
        if photos.unlisted[i]:
            frame = box_corners(np.array([-0.5, -0.5, *self.size]))
            fill_polygon(mask, geometry.apply(matrix, frame), 1)
        boxes = [n for n in mine if photos.regions.is_box[n]]
        for n in boxes:
            share = float(photos.region_box[n, 2:].prod()) / (self.size[0] * self.size[1])
            shrink_to = np.sqrt(min(1.0, photos.max_box / max(share, 1e-6)))
            photos.regions.fill(mask, n, matrix, shrink=shrink_to)
        if boxes or photos.unlisted[i]:
            for box in surroundings(self.labels.box):
                fill_polygon(mask, geometry.apply(matrix, box_corners(box)), 0)
        for n in mine:
            if not photos.regions.is_box[n]:
                photos.regions.fill(mask, n, matrix)
        return mask > 0

    @property
    def unlisted(self) -> bool:
        """Whether the photo may show people who are not annotated."""
        return bool(self._photos.unlisted[self._i])

    def regions(self) -> Iterator[tuple]:
        """Box, area, crowd flag, and outline if declared by the data set, of every ignore region."""
        photos, i = self._photos, self._i
        for n in range(photos.first_region[i], photos.first_region[i + 1]):
            rings = photos.regions.rings(n) if photos.region_declared[n] else None
            yield photos.region_box[n], photos.region_area[n], bool(photos.region_crowd[n]), rings

    def has_outline(self, person: int) -> bool:
        """Whether more than a box is known."""
        return not self._photos.outlines.is_box[self._photos.first_person[self._i] + person]

    def silhouette(self, person: int, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray | None:
        """uint8 (height, width), 255 where the person is visible; None if only a box is known."""
        if not self.has_outline(person):
            return None
        mask = np.zeros(size[::-1], np.uint8)
        self._photos.outlines.fill(mask, self._photos.first_person[self._i] + person, matrix, 255)
        return mask
