"""The images of a file, and the regions that it declares as unannotated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bupose.annotations.values import FAR, flag_of, id_key, listed, numbers_of
from bupose.errors import LabelsError


def read_images(images: Sequence[Mapping], name: str) -> tuple[list[dict], list[tuple[int, dict]], list[str]]:
    """Completed images, ignore regions with their image's index, and notes."""
    read_ones: list[dict] = []
    seen: dict[int | str, str] = {}
    regions, odd, again, unlabelled = [], [], [], 0
    for n, image in enumerate(images):
        key = id_key(image.get("id"))
        if key is None:
            raise LabelsError(f"{name}: image {n} has the id {image.get('id')!r:.40}; give it a number or text")
        file_name = image.get("file_name")
        file_name = "" if file_name is None else file_name
        if not isinstance(file_name, str) or "\0" in file_name:
            raise LabelsError(f"{name}: image {image['id']!r:.40} has the file_name {file_name!r:.40}; write text")
        if key in seen:
            if seen[key] != file_name:
                both = f"{seen[key]!r:.80} and {file_name!r:.80}"
                raise LabelsError(f"{name}: two images have the id {image['id']!r:.40}: {both}; give each its own")
            again.append(image["id"])
            continue
        seen[key] = file_name
        width, height = _side(image.get("width")), _side(image.get("height"))
        if None in (width, height):
            odd.append(image["id"])
            width = height = 0
        whose = f"{name}: image {image['id']!r:.40}"
        labelled = image.get("is_labeled") is None or flag_of(image["is_labeled"], whose, "is_labeled")
        unlabelled += not labelled
        values = {"file_name": file_name, "width": width, "height": height, "is_labeled": labelled}
        if "unlisted_people" in image:
            values["unlisted_people"] = flag_of(image["unlisted_people"], whose, "unlisted_people")
        if "crowdIndex" in image and not _is_share(image["crowdIndex"]):
            values["crowdIndex"] = None
            odd.append(image["id"])
        if labelled:
            regions += [(len(read_ones), r) for r in _ignored(image, name)]
        read_ones.append({**image, **values})
    notes = []
    if odd:
        notes.append(
            f"Width, height or crowdIndex of no use, not used: {len(odd)} of {len(images)} images ({listed(odd)})."
        )
    if again:
        notes.append(f"Listed more than once, taken once: {len(again)} of {len(images)} images ({listed(again)}).")
    if unlabelled:
        notes.append(f"Frames marked as not labelled, left out: {unlabelled} of {len(read_ones)}.")
    return read_ones, regions, notes


def _side(value) -> int | None:
    """A picture's width or height, 0 if not given, None if invalid."""
    if value is None or value == 0:
        return 0
    number = id_key(value)
    return number if isinstance(number, int) and 0 < number <= FAR else None


def _is_share(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1


def _ignored(image: Mapping, name: str) -> list[dict]:
    """PoseTrack's ignore regions: lists of x and y for each, or for a single region."""
    sides = [image.get(f"ignore_regions_{axis}") or [] for axis in "xy"]
    whose = f"{name}: image {image['id']!r:.40}"
    wrong = LabelsError(f"{whose} has ignore_regions_x and _y that do not fit together; give a list of each a region")
    if not all(isinstance(side, list) for side in sides) or len(sides[0]) != len(sides[1]):
        raise wrong
    if sides[0] and not isinstance(sides[0][0], list):
        sides = [[side] for side in sides]
    found = []
    for n, (x, y) in enumerate(zip(*sides, strict=True)):
        x, y = numbers_of(x, whose, "ignore_regions_x"), numbers_of(y, whose, "ignore_regions_y")
        if x.ndim != 1 or x.shape != y.shape or not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise wrong
        if len(x) > 2:
            box = [x.min(), y.min(), np.ptp(x), np.ptp(y)]
            ring = np.stack([x, y], 1).reshape(-1).tolist()
            who = f"region {n} of image {image['id']}"
            found.append({"id": who, "iscrowd": 1, "segmentation": [ring], "bbox": box})
    return found
