"""Which annotations of a file are read, and what is told of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bupose.annotations.values import id_key, listed
from bupose.errors import LabelsError


def choose_annotations(
    annotations: Sequence[Mapping],
    categories: set,
    category: Mapping,
    rows: Mapping,
    images: Sequence[Mapping],
    name: str,
    notes: list,
) -> list[tuple[int, Mapping]]:
    """The annotations to read, with their image's index."""
    annotations, again = _without_copies(annotations)
    mine, lost, strange, others, unlabelled, bare = [], [], [], [], 0, 0
    hidden = {id_key(image["id"]) for image in images if not image["is_labeled"]}
    for n, a in enumerate(annotations):
        if a.get("category_id") is None:
            bare += 1
        elif (kind := id_key(a["category_id"])) not in categories:
            if kind in category["others"]:
                others.append(a["category_id"])
            elif kind not in category["without"] or _has_joints(a):
                strange.append(a["category_id"])
            continue
        key = id_key(a.get("image_id"))
        if key is None:
            whose = f"annotation {a.get('id', n)!r:.40}"
            raise LabelsError(f"{name}: {whose} has the 'image_id' {a.get('image_id')!r:.40}; give its image's id")
        if key in rows:
            mine.append((rows[key], a))
        elif key in hidden:
            unlabelled += 1
        else:
            lost.append(a["image_id"])
    if lost and not mine:
        which = listed(dict.fromkeys(lost))
        raise LabelsError(f"{name}: its annotations are of image {which}, which is not listed among its images")
    count = f"of {len(annotations) + len(again)} annotations"
    if again:
        notes.append(f"Listed more than once, taken once: {len(again)} {count} ({_distinct(again)}).")
    if others:
        what = "Of other categories with keypoints, left out"
        notes.append(f"{what}: {len(others)} {count} (category {_distinct(others)}).")
    if strange:
        what = "Of categories that are not listed or name no joints, left out"
        notes.append(f"{what}: {len(strange)} {count} (category {_distinct(strange)}).")
    if bare and (category["others"] or category["without"]):
        notes.append(f"Without a category_id, read as {category['of_file'].get('name')!r:.40}: {bare} {count}.")
    if unlabelled:
        notes.append(f"In frames marked as not labelled, left out: {unlabelled} {count}.")
    if lost:
        notes.append(f"Of images that are not listed, left out: {len(lost)} {count} (image {_distinct(lost)}).")
    if annotations and not mine and not unlabelled:
        notes.append(f"Of the category that is read: none {count}.")
    return mine


def _without_copies(annotations: Sequence[Mapping]) -> tuple[list[Mapping], list]:
    """Annotations without exact copies of earlier ones, and the ids of the copies."""
    seen: dict = {}
    kept, again = [], []
    for a in annotations:
        key = id_key(a.get("id"))
        if key is not None and seen.setdefault(key, a) is not a and _is_same(seen[key], a):
            again.append(a["id"])
        else:
            kept.append(a)
    return kept, again


def _is_same(one: Mapping, other: Mapping) -> bool:
    try:
        return bool(one == other)
    except (ValueError, RecursionError):  # arrays, or lists nested too deep
        return False


def _distinct(values: Sequence) -> str:
    """The first few distinct ones in words."""
    return listed({repr(value): value for value in values}.values())


def _has_joints(annotation: Mapping) -> bool:
    values = annotation.get("keypoints")
    return isinstance(values, (list, tuple)) and any(values)
