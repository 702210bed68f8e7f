"""COCO's keypoint format (cocodataset.org/#format-data), of any category and joints."""

from __future__ import annotations

from collections.abc import Mapping

from bupose.annotations.formats.base import COCO_SERVER, AnnotationReader, Archive, Source
from bupose.annotations.values import kind_of
from bupose.errors import InputError


def check_coco(data, name: str) -> Mapping:
    """Check a file's content, and return it.

    Raises
    ------
    InputError
        It is not in COCO's form.
    """
    keys = ("images", "annotations", "categories")
    missing = [k for k in keys if not isinstance(data, Mapping) or k not in data]
    if missing:
        lacks = f"lacks {', '.join(missing)}" if isinstance(data, Mapping) else f"is {kind_of(data)}"
        raise InputError(f"{name} is not COCO annotations, it {lacks}; it must hold images, annotations and categories")
    return data


# COCO publishes no sums; these md5 are given alike by several projects that check them.
ARCHIVES = {
    "annotations": Archive(
        COCO_SERVER + "annotations/annotations_trainval2017.zip", 241, "md5:f4bbac642086de4f52a3fdda2de5fa2c"
    ),
    "val": Archive(COCO_SERVER + "zips/val2017.zip", 778, "md5:442b8da7639aecaf257c1dceb8ba8c80"),
    "train": Archive(COCO_SERVER + "zips/train2017.zip", 18440, "md5:cced6f7f71b7629ddf16f17bbcfab6b2"),
    "unlabeled": Archive(COCO_SERVER + "zips/unlabeled2017.zip", 18800, "md5:7ebc562819fdb32847aab79530457326"),
}
COCO = AnnotationReader(
    check_coco,
    skeleton="auto",
    source=Source(
        "annotations CC BY 4.0; photos under their own Flickr licences, many of them non-commercial",
        ARCHIVES,
    ),
)
