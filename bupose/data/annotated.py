"""Sets of annotated photos, in any format that :mod:`bupose.annotations` reads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bupose import skeletons
from bupose.annotations.formats import FORMATS
from bupose.annotations.joint_names import fit_names
from bupose.annotations.reader import Annotations, read
from bupose.data.photos import Photos
from bupose.errors import LabelsError
from bupose.options import check, option
from bupose.paths import expand
from bupose.skeleton import Skeleton
from bupose.synthetic.options import MOST_PICTURES


@dataclass
class PhotosOptions:
    """A set of annotated photos.

    Parameters
    ----------
    annotations : str
        The JSON file.
    images : str
        The folder that the file names in it start from; by default the JSON file's own.
    skeleton : str, Skeleton or dict
        Whose joints to give, as ``bupose.skeletons.get`` takes it, or "auto": the set's usual one. For a file in COCO's
        format this is a built-in one that has the file's very joints, else the file's own joints and limbs.
    category : str
        The category to take, by name or id; by default ``person``, else the only one with keypoints.
    with_people : bool
        Leave out photos without labelled people.
    limit : int
        Use only the first photos, this many; 0 is all.
    max_box : float in [0, 1]
        Of a photo, the largest share that one box without an outline may have ignored.
    complete : bool, optional
        Nobody is left unlabelled. Where some are, only the surroundings of labelled people count as known. By default
        what is known of the set: in OCHuman and MPII some are.
    """

    annotations: str = option("")
    images: str = option("")
    skeleton: Any = option("auto")
    category: str | int = option("", -(2**63), 2**63)
    with_people: bool = option(True)
    limit: int = option(0, 0, MOST_PICTURES)
    max_box: float = option(0.5, 0, 1)
    complete: bool | None = option(None)

    def __post_init__(self) -> None:
        self.annotations, self.images = (p if isinstance(p, str) else _path(p) for p in (self.annotations, self.images))
        check(self, "data")


def _path(value):
    """Text of a path object; anything else as it is."""
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def open_photos(kind: str, options: PhotosOptions) -> Photos:
    """Open the photos of a set.

    Parameters
    ----------
    kind : name in ``bupose.annotations.FORMATS``
    options : PhotosOptions

    Raises
    ------
    InputError
        The file is missing, or of another format.
    LabelsError
        It contradicts itself, lacks the category or all joints of the skeleton, or labels nobody.
    SkeletonError
        The skeleton is unknown, or the file's own is none.
    """
    found = read(options.annotations, kind, options.category or None)
    skeleton, told = choose_skeleton(options.skeleton, found)
    names, matched = fit_names(found.joints, skeleton, found.name, compute=found.own_middle)
    folder = expand(options.images or Path(options.annotations).parent)
    if lost := [image["id"] for image in found.images if not image["file_name"]]:
        raise LabelsError(f"{found.name}: image {lost[0]!r:.40} has no file_name; name its photo")
    rows, notes = _choose_images(found, options)
    complete = FORMATS[found.kind].complete if options.complete is None else options.complete
    notes = [f"{found.name}: {note}" for note in (matched, told, *found.notes, *notes) if note]
    return Photos(folder, found, rows, skeleton, names, options.max_box, not complete, notes)


def choose_skeleton(wanted: Any, found: Annotations) -> tuple[Skeleton, str]:
    """The skeleton that ``PhotosOptions.skeleton`` means for some annotations, and what to tell of it."""
    if wanted == "auto":
        wanted = FORMATS[found.kind].skeleton
    return found.skeleton() if wanted == "auto" else (skeletons.get(wanted), "")


def _choose_images(found: Annotations, options: PhotosOptions) -> tuple[list[int], list[str]]:
    """The images to use, and what to tell of the others."""
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
