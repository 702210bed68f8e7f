"""OCHuman (Zhang et al. 2019) in COCO's format: people who hide much of each other, with exact outlines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bupose.data.coco import CocoOptions, read_coco
from bupose.data.photos import Photos
from bupose.errors import InputError


@dataclass
class OCHumanOptions(CocoOptions):
    """``ochuman_coco_format_….json``, which the set's authors give beside their own format.

    Parameters
    ----------
    complete : bool
        Say that nobody is left unlabelled. In OCHuman those who hide nobody are, so by default only the surroundings
        of labelled people count as known.
    """

    complete: bool = False


def read_ochuman(options: OCHumanOptions) -> Photos:
    """Photos of OCHuman; people's outlines are masks, and people without joints are ignored.

    Raises
    ------
    InputError
        The file is missing, or is the set's own ``ochuman.json``.
    """
    if Path(options.annotations).name == "ochuman.json":
        raise InputError("ochuman.json is not in COCO's format; take ochuman_coco_format_….json from the same download")
    return read_coco(options, unlisted_people=not options.complete)
