"""The declaration of a data set: how its files are read, and where to get it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bupose.annotations.joint_names import spell

COCO_SERVER = "http://images.cocodataset.org/"
MMPOSE_SERVER = "https://download.openmmlab.com/mmpose/datasets/"
MPII_SERVER = "https://datasets.d2.mpi-inf.mpg.de/andriluka14cvpr/"


@dataclass(frozen=True)
class Archive:
    """One file to download and unpack.

    Parameters
    ----------
    url : str
    megabytes : int
        Approximate size; 0 is unknown.
    checksum : str, optional
        ``md5:`` or ``sha256:`` and the digits, if published or confirmed by several sources.
    """

    url: str
    megabytes: int = 0
    checksum: str | None = None

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def most(self) -> int:
        """Maximum size of the download, bytes."""
        return self.megabytes * 2_000_000 or 5_000_000_000


@dataclass(frozen=True)
class Source:
    """Where to get a public data set, and its licence.

    Parameters
    ----------
    licence : str
    archives : dict of name -> Archive
        Parts that can be downloaded freely.
    by_hand : str
        What has to be downloaded by hand, and where; empty if nothing.
    """

    licence: str
    archives: Mapping[str, Archive] = field(default_factory=dict)
    by_hand: str = ""


@dataclass(frozen=True)
class AnnotationReader:
    """How a data set's files are converted to COCO's keypoint format, and its properties.

    Parameters
    ----------
    convert : function of a file's content and its name
        Its content in COCO's form, as a dict.
    recognises : function of a file's content
        Whether it is of this data set.
    aliases : dict
        The data set's name of a joint -> bupose's.
    own_middle : bool
        The data set's neck is annotated, not the mean of the shoulders; skeletons that derive the neck do not use it.
    only_seen : bool
        The data set does not distinguish hidden from visible joints: all count as visible.
    complete : bool
        Whether everybody is annotated; else only the surroundings of annotated people count as known.
    skeleton : name of a built-in skeleton
        Default skeleton of training; "auto" is the one that the file declares.
    source : Source, optional
        Source of a public data set.
    load : function of a path, optional
        Content and name of what is no JSON file.
    holds : function of a path
        Whether ``load`` reads it.
    home : function of a path
        Folder that file names of pictures are relative to, if the user does not say.
    category : str
        Category that is read by default; "" is ``person``, else the only one.
    """

    convert: Callable[[object, str], Mapping]
    recognises: Callable[[object], bool] = lambda data: False
    aliases: Mapping[str, str] = field(default_factory=dict)
    own_middle: bool = False
    only_seen: bool = False
    complete: bool = True
    skeleton: str = "coco17"
    source: Source | None = None
    load: Callable[[Path], tuple[object, str]] | None = None
    holds: Callable[[Path], bool] = lambda path: False
    home: Callable[[Path], Path] = lambda path: path.parent
    category: str = ""


def joint_lists(data) -> list[set[str]]:
    """The joints of each category of a file in COCO's form, in bupose's spelling."""
    categories = data.get("categories") if isinstance(data, Mapping) else None
    found = []
    for category in categories if isinstance(categories, list) else ():
        names = category.get("keypoints") if isinstance(category, Mapping) else None
        if isinstance(names, list) and all(isinstance(n, str) for n in names):
            found.append(set(spell(names)))
    return found


def first_keys(data) -> set[str]:
    """The keys of the first entry of a list of objects; empty for anything else."""
    return set(data[0]) if isinstance(data, list) and data and isinstance(data[0], Mapping) else set()
