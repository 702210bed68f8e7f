"""What a set declares of itself: how its files are read, and where it can be had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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
        ``md5:`` or ``sha256:`` and the digits, where a sum is published or confirmed by several sources.
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
        """Bytes that are downloaded at most."""
        return self.megabytes * 2_000_000 or 5_000_000_000


@dataclass(frozen=True)
class Source:
    """Where a public set comes from, and under which terms.

    Parameters
    ----------
    licence : str
    archives : dict of name -> Archive
        Parts that can be had without asking anybody.
    by_hand : str
        What has to be fetched with a browser, and where; empty if nothing.
    """

    licence: str
    archives: Mapping[str, Archive] = field(default_factory=dict)
    by_hand: str = ""


@dataclass(frozen=True)
class AnnotationReader:
    """How a set's files become COCO's keypoint format, and what is to be known of the set.

    Parameters
    ----------
    convert : function of a file's content and its name
        COCO's form of it, as a dict.
    recognises : function of a file's content
        Whether it is of this set.
    aliases : dict
        What the set calls a joint -> what we call it.
    own_middle : bool
        The set's neck is a point of its own, not the middle of the shoulders: a skeleton that derives it does so.
    only_seen : bool
        The set does not tell hidden joints from seen ones: all count as seen.
    complete : bool
        Everybody in its photos is annotated; else only the surroundings of annotated people are known.
    skeleton : name of a built-in skeleton
        Whose joints training gets where none is chosen; "auto" is the one that the file declares.
    source : Source, optional
        Of a public set.
    """

    convert: Callable[[object, str], Mapping]
    recognises: Callable[[object], bool] = lambda data: False
    aliases: Mapping[str, str] = field(default_factory=dict)
    own_middle: bool = False
    only_seen: bool = False
    complete: bool = True
    skeleton: str = "coco17"
    source: Source | None = None


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
    """The keys of the first entry of a list of objects; none of what is no such list."""
    return set(data[0]) if isinstance(data, list) and data and isinstance(data[0], Mapping) else set()
