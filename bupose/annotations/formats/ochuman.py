"""OCHuman (Zhang et al. 2019): ``ochuman_coco_format_….json``, which its authors give beside their own format."""

from __future__ import annotations

from collections.abc import Mapping

from bupose.annotations.formats.base import AnnotationReader, Source, first_keys
from bupose.annotations.formats.coco import check_coco
from bupose.errors import InputError


def _is_own_format(data) -> bool:
    """Whether this is ``ochuman.json``, whose annotations stand within its images."""
    return isinstance(data, Mapping) and "annotations" not in data and "annotations" in first_keys(data.get("images"))


def _convert(data, name: str) -> Mapping:
    if _is_own_format(data):
        raise InputError(f"{name} is not in COCO's format; take ochuman_coco_format_….json, from beside it")
    return check_coco(data, name)


OCHUMAN = AnnotationReader(
    _convert,
    _is_own_format,
    complete=False,  # who hides nobody is not annotated
    source=Source(
        "MIT for the annotations' code; photos for research",
        by_hand="all: the form at github.com/liruilong940607/OCHumanApi (images.zip, ochuman_coco_format_….json)",
    ),
)
