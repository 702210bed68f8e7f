"""A set of annotated photos, indexed once in arrays: loader workers share it instead of copying thousands of dicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bupose.data.picture import Photo, whole_sample
from bupose.data.regions import Regions
from bupose.data.sample import Sample
from bupose.images import read_size
from bupose.people import Labels
from bupose.skeleton import Skeleton


class Photos:
    """A sequence of samples read from files when asked for.

    Parameters
    ----------
    folder : Path
        Where the photos are.
    images : sequence of dicts
        ``id``, ``file_name`` and, if known, ``width``, ``height`` and ``unlisted_people``.
    annotations : sequence of dicts
        COCO annotations. Those that are crowds or have no labelled joint become regions to ignore.
    skeleton : Skeleton
        Whose joints to give.
    joints : sequence of names
        The joints of the annotations, in order.
    max_box : float
        Of a photo, the largest share that one box without an outline may have ignored.

    Raises
    ------
    LabelsError
        Annotations of a photo that is not listed, or of another number of joints.
    """

    def __init__(
        self,
        folder: Path,
        images: Sequence[Mapping],
        annotations: Sequence[Mapping],
        skeleton: Skeleton,
        joints: Sequence[str],
        max_box: float = 0.5,
    ) -> None:
        self.folder, self.skeleton, self.max_box = folder, skeleton, max_box
        self._names = np.array([str(i["file_name"]) for i in images])
        self.image_ids = np.array([i["id"] for i in images], np.int64)
        self._sizes = np.array([(i.get("width", 0), i.get("height", 0)) for i in images], np.int32).reshape(-1, 2)
        self.unlisted = np.array([bool(i.get("unlisted_people", False)) for i in images], bool)
        rows = {int(n): row for row, n in enumerate(self.image_ids)}
        listed = [(rows[a["image_id"]], a) for a in annotations if a["image_id"] in rows]
        listed.sort(key=lambda pair: pair[0])
        labelled = [_has_joints(a) for _, a in listed]
        people = [pair for pair, yes in zip(listed, labelled, strict=True) if yes]
        ignored = [pair for pair, yes in zip(listed, labelled, strict=True) if not yes]
        self._labels = Labels.from_coco([a for _, a in people], skeleton, joints)
        self.first_person = _starts([row for row, _ in people], len(images))
        self.outlines = Regions([a for _, a in people], [self._sizes[row] for row, _ in people])
        self.first_region = _starts([row for row, _ in ignored], len(images))
        self.regions = Regions([a for _, a in ignored], [self._sizes[row] for row, _ in ignored])

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, i: int) -> Sample:
        return whole_sample(self.picture(i))

    def picture(self, i: int) -> Photo:
        """A photo with its labels, not yet decoded."""
        i = i + len(self) if i < 0 else i
        if not 0 <= i < len(self):
            raise IndexError(f"photo {i} of a set of {len(self)}")
        return Photo(self, i)

    def labels(self, i: int) -> Labels:
        """The people of a photo who have any joint labelled."""
        return self._labels[self.first_person[i] : self.first_person[i + 1]]

    def size(self, i: int) -> tuple[int, int]:
        """Width and height of a photo, from its file where the annotations do not tell."""
        width, height = self._sizes[i].tolist()
        return (width, height) if width and height else read_size(self.path(i))

    def name(self, i: int) -> str:
        """The photo's file name as the annotations have it."""
        return str(self._names[i])

    def path(self, i: int) -> Path:
        """Where the photo's file should be."""
        return self.folder / self.name(i)


def _has_joints(annotation: Mapping) -> bool:
    return not annotation.get("iscrowd", 0) and any(v > 0 for v in annotation.get("keypoints", ())[2::3])


def _starts(rows: Sequence[int], count: int) -> np.ndarray:
    """int64 (count + 1,): where each photo's entries begin in a list sorted by photo."""
    return np.searchsorted(np.array(rows, np.int64), np.arange(count + 1))
