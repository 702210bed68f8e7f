"""Segmentations: polygons, run lengths, or only a box."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bupose.annotations.values import FAR, flag_of, id_key
from bupose.errors import LabelsError

_LARGEST = 1 << 28  # pixels of a mask


@dataclass(frozen=True)
class Outline:
    """The outline of a person or a region.

    Parameters
    ----------
    rings : list of float32 arrays (N, 2), pixels
        Polygons; integers are the centres of pixels.
    code : bytes
        COCO's compressed run lengths; empty if there are polygons.
    size : (height, width) of the run lengths' mask
    is_box : bool
        Only a box is known, in place of an outline.
    """

    rings: list[np.ndarray]
    code: bytes = b""
    size: tuple[int, int] = (0, 0)
    is_box: bool = False


def read_outline(annotation: Mapping, box: np.ndarray, size: tuple[int, int]) -> Outline:
    """The outline of an annotation; its box if it has none.

    Parameters
    ----------
    annotation : dict
        With ``segmentation`` as in COCO: polygons, one polygon, run lengths, null or missing.
    box : float array (4,), pixels
    size : (width, height) of its picture, 0 if unknown

    Raises
    ------
    LabelsError
        It is of a kind that COCO does not have, or its run lengths do not fill the picture.
    """
    form = annotation.get("segmentation")
    whose = f"annotation {annotation.get('id', '?')!r:.40}"
    if isinstance(form, Mapping):
        code, shape = _read_code(form, size, whose)
        return Outline([], code, shape)
    rings = _read_rings(form, whose)
    corners = box_corners(np.asarray(box, np.float64) - (0.5, 0.5, 0, 0))  # COCO counts pixel borders from 0
    if not rings:
        return Outline([corners] if (np.asarray(box)[2:] > 0).all() else [], is_box=True)
    rectangle = len(rings) == 1 and len(rings[0]) == 4 and np.ptp(rings[0] - corners, 0).max() < 1.5
    told = flag_of(annotation.get("segmentation_is_box"), whose, "segmentation_is_box")
    return Outline(rings, is_box=told or bool(rectangle))


def box_corners(box: np.ndarray) -> np.ndarray:
    """float32 (4, 2): the corners of x, y, width, height, in order around it."""
    x, y, w, h = box
    return np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], np.float32)


def surroundings(box: np.ndarray) -> np.ndarray:
    """Boxes (…, 4) extended by a tenth on each side: the known area where other people may be unannotated."""
    box = np.asarray(box, np.float64)
    return np.concatenate([box[..., :2] - 0.1 * box[..., 2:], 1.2 * box[..., 2:]], -1)


def _read_rings(form, whose: str) -> list[np.ndarray]:
    if form is None:
        return []
    if isinstance(form, (list, tuple)) and form and not isinstance(form[0], (list, tuple)):
        form = [form]  # one polygon, not in a list
    try:
        if not isinstance(form, (list, tuple)):
            raise TypeError
        rings = [np.array(p, np.float64).reshape(-1) for p in form]  # x, y, … or pairs of them
        rings = [p.reshape(-1, 2) - 0.5 for p in rings if p.size >= 6]
        if not all(np.isfinite(ring).all() for ring in rings):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise LabelsError(
            f"{whose} has a segmentation that is neither polygons of x, y, … nor run lengths; remove it"
        ) from None
    return [ring.clip(-FAR, FAR).astype(np.float32) for ring in rings]


def _read_code(code: Mapping, size: tuple[int, int], whose: str) -> tuple[bytes, tuple[int, int]]:
    """Run lengths in compressed form, and their mask's height and width."""
    shape, counts = code.get("size"), code.get("counts")
    if not isinstance(shape, (list, tuple)) or len(shape) != 2 or not all(isinstance(id_key(s), int) for s in shape):
        raise LabelsError(f"{whose} has unreadable run lengths: size is {shape!r:.40}; write [height, width]")
    height, width = (int(s) for s in shape)
    if all(size) and (height, width) != (size[1], size[0]):
        raise LabelsError(
            f"{whose} has run lengths of size [{height}, {width}] in a picture {size[0]} px wide and {size[1]} high; "
            f"write [height, width]"
        )
    if not 0 < height * width <= _LARGEST or height < 0:
        raise LabelsError(f"{whose} has run lengths of size [{height}, {width}]; write [height, width]")
    runs = _unpack(counts, whose)
    if (runs < 0).any() or (runs > height * width).any() or runs.sum() != height * width:
        raise LabelsError(
            f"{whose} has unreadable run lengths: they do not fill {height} times {width} pixels; mend or remove them"
        )
    if isinstance(counts, str):
        return counts.encode(), (height, width)
    if isinstance(counts, bytes):
        return counts, (height, width)
    from pycocotools import mask as coco_mask

    packed = coco_mask.frPyObjects({"counts": runs.tolist(), "size": [height, width]}, height, width)["counts"]
    return packed if isinstance(packed, bytes) else packed.encode(), (height, width)


def _unpack(counts, whose: str) -> np.ndarray:
    """int64: the lengths of runs, of a list or of COCO's compressed text (pycocotools, maskApi.c, ``rleFrString``)."""
    wrong = LabelsError(f"{whose} has unreadable run lengths: counts must be whole numbers or COCO's compressed text")
    if isinstance(counts, (list, tuple)):
        try:
            runs = np.array(counts, np.float64).reshape(-1)
        except (TypeError, ValueError, OverflowError):
            raise wrong from None
        if len(runs) != len(counts) or not (np.isfinite(runs) & (np.abs(runs) <= _LARGEST) & (runs % 1 == 0)).all():
            raise wrong
        return runs.astype(np.int64)
    if isinstance(counts, str):
        counts = counts.encode("ascii", "replace")
    if not isinstance(counts, bytes) or not counts:
        raise wrong
    digits = np.frombuffer(counts, np.uint8).astype(np.int64) - 48
    ends = np.flatnonzero((digits & 0x20) == 0)
    if (digits < 0).any() or (digits > 0x3F).any() or not ends.size or ends[-1] != len(digits) - 1:
        raise wrong
    starts = np.concatenate([[0], ends[:-1] + 1])
    place = np.arange(len(digits)) - np.repeat(starts, ends - starts + 1)
    if place.max() > 10:
        raise wrong
    value = np.add.reduceat((digits & 0x1F) << (5 * place), starts)
    value -= np.where(digits[ends] & 0x10, np.int64(1) << (5 * (place[ends] + 1)), 0)
    value[1::2] = np.cumsum(value[1::2])  # from the fourth on, each is stored as the difference from the last but one
    value[2::2] = np.cumsum(value[2::2])
    return value
