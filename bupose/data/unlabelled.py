"""Photos without annotations, for learning from a teacher network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from bupose import skeletons
from bupose.annotations.reader import nothing
from bupose.data.photos import Photos
from bupose.errors import InputError
from bupose.media import find_pictures
from bupose.options import check, option
from bupose.paths import expand
from bupose.synthetic.options import MOST_PICTURES


@dataclass
class FolderOptions:
    """All photos in a folder and its subfolders, as ``bupose infer`` finds them.

    Parameters
    ----------
    images : str
    skeleton : str, Skeleton or dict
        Skeleton of the (empty) labels.
    limit : int
        Number of photos to use, the first ones; 0 is all.
    """

    images: str = option("")
    skeleton: Any = option("coco17")
    limit: int = option(0, 0, MOST_PICTURES)

    def __post_init__(self) -> None:
        self.images = os.fspath(self.images) if isinstance(self.images, os.PathLike) else self.images
        check(self, "data")


def read_folder(options: FolderOptions) -> Photos:
    """Photos without labels, ignored everywhere.

    Raises
    ------
    InputError
        No such folder, or no photo in it.
    """
    if not options.images:
        raise InputError("there is no folder of photos; set images=FOLDER")
    folder, names = expand(options.images), [name for _, name in find_pictures(options.images)]
    names = names[: options.limit] if options.limit else names
    skeleton = skeletons.get(options.skeleton)
    return Photos(folder, nothing(names, skeleton.joints), range(len(names)), skeleton, skeleton.joints, unlisted=True)
