"""Data sets of annotated photos, in any format that :mod:`bupose.annotations` reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bupose import skeletons
from bupose.annotations.detections import Boxes, read_detections
from bupose.annotations.formats import FORMATS
from bupose.annotations.joint_names import fit_names
from bupose.annotations.reader import Annotations, read
from bupose.annotations.values import id_key
from bupose.data.each_person import EachPerson
from bupose.data.photos import Photos
from bupose.data.proposals import Offsets
from bupose.data.video_frames import bring_frames
from bupose.errors import LabelsError, OptionsError
from bupose.options import check, option
from bupose.paths import expand
from bupose.skeleton import Skeleton
from bupose.synthetic.options import MOST_PICTURES


@dataclass
class PhotosOptions:
    """Options of a data set of annotated photos.

    Parameters
    ----------
    annotations : str
        The JSON file, a project of DeepLabCut's, or a file of SLEAP's.
    images : str
        The folder of the photos; by default the JSON file's own, or the project's.
    skeleton : str, Skeleton or dict
        Skeleton of the labels, as ``bupose.skeletons.get`` takes it, or "auto": the data set's own. For a file in
        COCO's format this is the built-in one with the same joints, else the file's own joints and limbs.
    category : str
        Category to read, by name or id; by default ``person``, else the only one with keypoints.
    with_people : bool
        Skip photos without labelled people.
    limit : int
        Number of photos to use, the first ones; 0 is all.
    max_box : float in [0, 1]
        Maximum share of a photo that one ignored box without an outline may cover.
    complete : bool, optional
        Whether all people are labelled. If not, only the surroundings of labelled people count as known. By default as
        known for the data set: OCHuman and MPII are incomplete.
    each_person : float
        Cut photos around each person, to this many times the person's box (1.25 is usual), for networks of a single
        person; 0 is whole photos. ``limit`` still counts photos.
    proposals : str
        Boxes that a detector found in these photos, a JSON file in COCO's format: photos are then cut around boxes that
        are off as those are, as RMPE's networks learn.
    cuts : int
        Of each person, around so many boxes drawn for ``proposals``.
    """

    annotations: str = option("")
    images: str = option("")
    skeleton: Any = option("auto")
    category: str | int = option("", -(2**63), 2**63)
    with_people: bool = option(True)
    limit: int = option(0, 0, MOST_PICTURES)
    max_box: float = option(0.5, 0, 1)
    complete: bool | None = option(None)
    each_person: float = option(0.0, 0, 10)
    proposals: str = option("")
    cuts: int = option(1, 1, 1000)

    def __post_init__(self) -> None:
        for name in ("annotations", "images", "proposals"):
            setattr(self, name, _path(getattr(self, name)))
        check(self, "data")
        if self.proposals and not self.each_person:
            raise OptionsError("data.proposals are boxes to cut photos around; add data.each_person=1.25")
        if self.cuts > 1 and not self.proposals:
            raise OptionsError(f"data.cuts={self.cuts} of one box would be all the same; add data.proposals=BOXES.json")


def _path(value):
    """A path object as text; anything else unchanged."""
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def open_photos(kind: str, options: PhotosOptions) -> Photos | EachPerson:
    """Open a data set of photos.

    Parameters
    ----------
    kind : name in ``bupose.annotations.FORMATS``
    options : PhotosOptions

    Raises
    ------
    InputError
        The file is missing, or of another format.
    LabelsError
        It is inconsistent, lacks the category or all joints of the skeleton, or labels nobody.
    SkeletonError
        The skeleton is unknown, or the file declares an invalid one.
    """
    found = read(options.annotations, kind, options.category or None)
    skeleton, told = choose_skeleton(options.skeleton, found)
    names, matched = fit_names(found.joints, skeleton, found.name, compute=found.own_middle)
    folder = expand(options.images or FORMATS[found.kind].home(expand(options.annotations)))
    bring_frames(found.images, folder)
    if lost := [image["id"] for image in found.images if not image["file_name"]]:
        raise LabelsError(f"{found.name}: image {lost[0]!r:.40} has no file_name; name its photo")
    rows, notes = _choose_images(found, options)
    complete = FORMATS[found.kind].complete if options.complete is None else options.complete
    notes = [f"{found.name}: {note}" for note in (matched, told, *found.notes, *notes) if note]
    photos = Photos(folder, found, rows, skeleton, names, options.max_box, not complete, notes)
    if not options.each_person:
        return photos
    offsets = _read_offsets(options.proposals, photos) if options.proposals else None
    return EachPerson(photos, options.each_person, offsets, options.cuts)


def _read_offsets(path: str, photos: Photos) -> Offsets:
    """How detections of photos differ from their labels."""
    found = read_detections(path)

    def pairs() -> Iterator[tuple[np.ndarray, Boxes]]:
        for n in range(len(photos)):
            key = found.find(photos.name(n))
            key = id_key(photos.image_id(n)) if key is None else key
            if key is not None and key in found.by_id:
                yield photos.labels(n).box, found.by_id[key]

    return Offsets.fit(pairs(), found.name)


def choose_skeleton(wanted: Any, found: Annotations) -> tuple[Skeleton, str]:
    """The skeleton for ``PhotosOptions.skeleton`` and these annotations, with notes."""
    if wanted == "auto":
        wanted = FORMATS[found.kind].skeleton
    return found.skeleton() if wanted == "auto" else (skeletons.get(wanted), "")


def _choose_images(found: Annotations, options: PhotosOptions) -> tuple[list[int], list[str]]:
    """The images to use, with notes on the others."""
    rows, notes = list(range(len(found.images))), []
    if options.with_people:
        wanted = set(found.row[found.table.person].tolist())
        rows = [n for n in rows if n in wanted]
        if len(rows) < len(found.images):
            left = len(found.images) - len(rows)
            notes.append(f"Pictures in which nobody has a labelled joint, left out: {left} of {len(found.images)}.")
    if options.limit:
        rows = rows[: options.limit]
    if not rows:
        raise LabelsError(f"{found.name} has no photo with labelled people; with_people=false takes all")
    return rows, notes
