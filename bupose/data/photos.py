"""A data set of annotated photos, indexed in arrays that loader workers share."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bupose.annotations.categories import CategoryOptions
from bupose.annotations.reader import Annotations
from bupose.annotations.values import id_key
from bupose.data.picture import AnnotatedPhoto, whole_sample
from bupose.data.regions import Regions
from bupose.images import read_size
from bupose.images.sample import Sample
from bupose.people import Labels
from bupose.skeleton import Skeleton


class Photos:
    """A sequence of samples that are read from files on demand.

    Parameters
    ----------
    folder : Path
        Folder of the photos.
    found : Annotations
        The annotations; crowds and people without labelled joints become ignore regions.
    rows : sequence of int
        Indices of the images to use.
    skeleton : Skeleton
        Skeleton of the labels.
    names : sequence of names
        The annotations' joints, by the skeleton's names.
    max_box : float
        Maximum share of a photo that one ignored box without an outline may cover.
    unlisted : bool
        Whether photos may show people who are not annotated, if the annotations do not say.
    notes : sentences
        Notes on reading the annotations.

    Attributes
    ----------
    category : CategoryOptions
        The category, for networks trained on it.
    damaged : sentences
        On files of annotations that were left out, as they cannot be read.
    region_box : float32 array (regions, 4), region_area : float32 array (regions,), pixels
    region_crowd, region_declared : bool arrays (regions,)
        Whether a region is a crowd, and whether the data set declares it as not annotated.
    """

    def __init__(
        self,
        folder: Path,
        found: Annotations,
        rows: Sequence[int],
        skeleton: Skeleton,
        names: Sequence[str],
        max_box: float = 0.5,
        unlisted: bool = False,
        notes: Sequence[str] = (),
    ) -> None:
        self.folder, self.skeleton, self.max_box, self.notes = folder, skeleton, max_box, tuple(notes)
        self.damaged = tuple(found.damaged)
        key = id_key(found.category["id"])
        self.category = CategoryOptions(1 if key is None else key, str(found.category.get("name", "")), list(names))
        images, table = [found.images[row] for row in rows], found.table
        self._names = np.array([i["file_name"] for i in images])
        self._ids = np.array([json.dumps(i["id"], default=int) for i in images])
        self._sizes = np.array([(i["width"], i["height"]) for i in images], np.int32).reshape(-1, 2)
        self.unlisted = np.array([i.get("unlisted_people", unlisted) for i in images], bool)
        place = np.full(len(found.images) + 1, -1)
        place[list(rows)] = np.arange(len(rows))
        order = np.argsort(place[found.row], kind="stable")
        order = order[place[found.row[order]] >= 0]
        people, ignored = order[table.person[order]], order[~table.person[order]]
        xy, visibility = table.xy[people], table.visibility[people]
        self._labels = Labels.by_name(xy, visibility, names, skeleton, area=table.area[people], box=table.box[people])
        self.first_person, self.outlines = self._index(people, place, found)
        self.first_region, self.regions = self._index(ignored, place, found)
        self.region_box, self.region_area = np.float32(table.box[ignored]), np.float32(table.area[ignored])
        self.region_crowd, self.region_declared = table.crowd[ignored], found.region[ignored]
        empty = np.setdiff1d(np.arange(len(found.images)), found.row[table.person])
        self._empty_names = np.array([found.images[n]["file_name"] for n in empty])
        self._empty_regions = np.bincount(found.row, minlength=len(found.images))[empty]

    def _index(self, chosen: np.ndarray, place: np.ndarray, found: Annotations) -> tuple[np.ndarray, Regions]:
        """Start of each photo's entries in a list sorted by photo, and the entries' outlines."""
        rows = place[found.row[chosen]]
        first = np.searchsorted(rows, np.arange(len(self) + 1))
        return first, Regions([found.outlines[n] for n in chosen])

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, i: int) -> Sample:
        return whole_sample(self.picture(i))

    def picture(self, i: int) -> AnnotatedPhoto:
        """A photo with its labels, not yet decoded."""
        i = i + len(self) if i < 0 else i
        if not 0 <= i < len(self):
            raise IndexError(f"photo {i} of a set of {len(self)}")
        return AnnotatedPhoto(self, i)

    def labels(self, i: int) -> Labels:
        """The people of a photo with at least one labelled joint."""
        return self._labels[self.first_person[i] : self.first_person[i + 1]]

    def size(self, i: int) -> tuple[int, int]:
        """Width and height of a photo, from its file if the annotations do not say."""
        width, height = self._sizes[i].tolist()
        return (width, height) if width and height else read_size(self.path(i))

    def image_id(self, i: int) -> int | str:
        """The photo's id in the annotations."""
        return json.loads(str(self._ids[i]))

    def name(self, i: int) -> str:
        """The photo's file name in the annotations."""
        return str(self._names[i])

    def path(self, i: int) -> Path:
        """Path of the photo's file."""
        return self.folder / self.name(i)

    def empty(self) -> Iterator[tuple[str, str]]:
        """File names of all photos without labelled joints, used or not, with reasons."""
        for name, regions in zip(self._empty_names, self._empty_regions, strict=True):
            yield str(name), "only crowds, or people without joints" if regions else "no annotation"
