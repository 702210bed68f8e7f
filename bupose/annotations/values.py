"""Ids, keypoints, boxes and areas from files as arrays, with notes on oddities."""

from __future__ import annotations

import numbers
import re
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bupose.errors import LabelsError
from bupose.proportions import AREA_OF_BOX

_LEAST_SHARE, _LARGEST_SHARE = 1e-3, 10  # maximum area relative to the box; larger ones are in other units, or wrong
FAR = 1e6  # px; nothing in a picture lies farther out, and OpenCV's integers are limited
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,30}")


def id_key(value: object) -> int | str | None:
    """Normalised id for comparisons: 7, 7.0 and "7" are equal. None if it cannot be an id."""
    if type(value) is int:  # nearly always
        return value
    if isinstance(value, (bool, np.bool_)):
        return None
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real) and float(value).is_integer():
        return int(float(value))
    if isinstance(value, str):
        return int(value) if _INTEGER.fullmatch(value) else value
    return None


_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def flag_of(value, whose: str, what: str) -> bool:
    """A boolean of a file: true, a nonzero number, or text of these; null is false.

    Raises
    ------
    LabelsError
        It is not a boolean.
    """
    if value is None or isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, numbers.Real) and value == value:
        return value != 0
    if isinstance(value, str) and value.strip().casefold() in _FLAGS:
        return _FLAGS[value.strip().casefold()]
    raise LabelsError(f"{whose} has {reprlib.repr(value)} as {what}; write 0 or 1")


def kind_of(value) -> str:
    """The kind of a JSON value, in words."""
    names = {type(None): "null", bool: "true or false", str: "text", list: "a list", tuple: "a list"}
    for kind, name in names.items():
        if isinstance(value, kind):
            return name
    return "a number" if isinstance(value, numbers.Number) else "an object"


def records(values, what: str, name: str) -> list[Mapping]:
    """Check that ``values`` is a list of objects.

    Raises
    ------
    LabelsError
        It is not.
    """
    if not isinstance(values, (list, tuple)):
        raise LabelsError(f"{name} has {kind_of(values)} for {what}; it must be a list of objects")
    for n, value in enumerate(values):
        if not isinstance(value, Mapping):
            raise LabelsError(f"{name}: entry {n} of {what} is {kind_of(value)}; it must be an object")
    return list(values)


def listed(items: Iterable, most: int = 3) -> str:
    """The first few in words: ``4, 7, 9 and 12 more``."""
    items = list(items)
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(f"{i!r:.40}" for i in items[:most]) + more


def numbers_of(values, whose: str, what: str = "keypoints") -> np.ndarray:
    """float64 array of numbers in a file; null is NaN.

    Raises
    ------
    LabelsError
        A value is not a number.
    """
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        got = reprlib.repr(values)
        raise LabelsError(f"{whose} has {what} that are no list of numbers: {got}; write plain numbers") from None


@dataclass(frozen=True)
class Table:
    """N annotations as arrays.

    Parameters
    ----------
    ids : list of N
        Their names in messages: ids, else indices.
    xy : float64 array (N, K, 2), pixels
        0 where missing.
    visibility : int32 array (N, K)
        0 not labelled, 1 hidden, 2 seen.
    box : float64 array (N, 4), pixels
        x, y, width, height; around the labelled joints if the file's is invalid.
    area : float64 array (N,), pixels²
        0.53 of the box if the file's is invalid.
    crowd : bool array (N,)
    notes : sentences
        Notes on oddities.
    """

    ids: list
    xy: np.ndarray
    visibility: np.ndarray
    box: np.ndarray
    area: np.ndarray
    crowd: np.ndarray
    notes: tuple[str, ...]

    @property
    def person(self) -> np.ndarray:
        """bool (N,): people with joints, not crowds. Everything else is an ignore region."""
        return ~self.crowd & (self.visibility > 0).any(1)


def read_table(annotations: Sequence[Mapping], joints: int) -> Table:
    """Arrays of COCO annotation dicts of K joints.

    Raises
    ------
    LabelsError
        A value that is not a number, or a wrong number of values; the message names the annotation.
    """
    ids = [a.get("id") if id_key(a.get("id")) is not None else n for n, a in enumerate(annotations)]
    whose = [f"annotation {i!r:.40}" for i in ids]
    notes: list[str] = []

    def note(which: np.ndarray, what: str) -> None:
        if which.any():
            some = listed(ids[n] for n in np.flatnonzero(which))
            notes.append(f"{what}: {which.sum()} of {len(ids)} annotations ({some}).")

    rows = [flat_keypoints(a.get("keypoints"), joints, w) for a, w in zip(annotations, whose, strict=True)]
    triples = _bulk(rows, whose, "keypoints", 3 * joints).reshape(-1, joints, 3)
    v = triples[..., 2]
    there = np.isfinite(triples[..., :2]).all(2) & (np.abs(triples[..., :2]) <= FAR).all(2)
    note(((v > 0) & ~there).any(1), "Labelled joints without a finite place, taken as not labelled")
    odd = ~((v == 0) | (v == 1) | (v == 2))
    rule = "from 1.5 on taken as seen, above 0 as hidden, else as not labelled"
    note(odd.any(1), f"Visibility other than 0, 1 and 2, {rule}")
    refuse_shares(triples[..., :2][there & (v > 0)])
    told = [(n, a["num_keypoints"]) for n, a in enumerate(annotations) if a.get("num_keypoints") is not None]
    counts, lies = (there & (v > 0)).sum(1), np.zeros(len(ids), bool)
    lies[[n for n, count in told if id_key(count) != counts[n]]] = True
    note(lies & there.all(1), "Number of keypoints that is not that of the labelled joints, counted anew")
    visibility = np.where(there, np.where(v >= 1.5, 2, np.where(v > 0, 1, 0)), 0).astype(np.int32)
    xy = np.where(there[..., None], triples[..., :2], 0)
    flags = [flag_of(a.get("iscrowd"), w, "iscrowd") for a, w in zip(annotations, whose, strict=True)]
    crowd = np.array(flags, bool)

    boxes = [_flat_box(a.get("bbox"), w) for a, w in zip(annotations, whose, strict=True)]
    box = _bulk(boxes, whose, "bbox", 4)
    useful = (np.isfinite(box) & (np.abs(box) <= FAR)).all(1) & (box[:, 2:] > 0).all(1)
    given = np.array([b is not _NO_BOX for b in boxes], bool)
    note(given & ~useful, "Box flat, negative or not finite, taken around the joints")
    box = np.where(useful[:, None], box, joint_boxes(xy, visibility > 0))

    areas = [np.nan if a.get("area") is None else a["area"] for a in annotations]
    area = _bulk(areas, whose, "area")
    sized = np.isfinite(area) & (area > 0)
    person = ~crowd & (visibility > 0).any(1)
    note(person & ~sized, f"Area missing, 0 or less, taken as {AREA_OF_BOX} of the box")
    whole = box[:, 2] * box[:, 3]
    absurd = person & sized & useful & ((area < _LEAST_SHARE * whole) | (area > _LARGEST_SHARE * whole))
    note(absurd, f"Area that does not fit the box, taken as {AREA_OF_BOX} of it")
    area = np.where(sized & ~absurd, area, AREA_OF_BOX * whole)
    pointlike = person & (area <= 0)
    note(pointlike, "Neither area nor box, and joints in one place or line, taken as 1 px² large")
    area = np.where(pointlike, 1.0, np.minimum(area, FAR**2))
    return Table(ids, xy, visibility, box, area, crowd, tuple(notes))


def track_ids(entries: Sequence[Mapping]) -> np.ndarray | None:
    """int32 (N,): each entry's ``track_id``, −1 if not a whole number from 0; None if no entry has one."""
    keys = [id_key(entry.get("track_id")) for entry in entries]
    ids = np.array([k if isinstance(k, int) and 0 <= k < 2**31 else -1 for k in keys], np.int32)
    return ids if (ids >= 0).any() else None


def refuse_shares(xy: np.ndarray, name: str = "") -> None:
    """Refuse normalised coordinates (N, 2), in shares of the picture's width and height.

    Raises
    ------
    LabelsError
        They are.
    """
    if len(xy) > 2 and ((xy >= 0) & (xy <= 1)).all() and (xy % 1 != 0).any():
        raise LabelsError(f"{name}all joints lie between 0 and 1, as shares of a picture; write pixels")


def split_triples(triples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions (…, K, 2), NaN if absent, and scores (…, K) from triples (…, K, 3) of COCO results."""
    return np.where((triples == 0).all(-1, keepdims=True), np.nan, triples[..., :2]), triples[..., 2]


def joint_boxes(xy: np.ndarray, present: np.ndarray) -> np.ndarray:
    """float64 (P, 4): x, y, width, height around the present joints of each person, 0 if there is none."""
    low = np.where(present[..., None], xy, np.inf).min(1, initial=np.inf)
    high = np.where(present[..., None], xy, -np.inf).max(1, initial=-np.inf)
    some = np.any(present, 1, keepdims=True)
    low, high = np.where(some, low, 0), np.where(some, high, 0)
    return np.concatenate([low, high - low], 1).astype(np.float64)


def extent(xy: np.ndarray) -> dict:
    """``bbox`` and ``area`` of an animal whose joints (N, 2), in pixels, are all that is known.

    Joints end inside the body: the box is that of the joints and, on each side, a tenth of its diagonal.
    """
    low, high = xy.min(0), xy.max(0)
    margin = 0.1 * float(np.hypot(*(high - low)))
    corner, size = low - margin, high - low + 2 * margin
    return {"bbox": [*corner.tolist(), *size.tolist()], "area": float(AREA_OF_BOX * size.prod())}


_NO_BOX = [np.nan] * 4


def flat_keypoints(values, joints: int, whose: str, key: str = "keypoints") -> Sequence:
    """3K numbers, from a flat list or K lists of three; nothing is labelled if the list is missing.

    Raises
    ------
    LabelsError
        Not a list, or of another length.
    """
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if values is None or (isinstance(values, (list, tuple)) and not len(values)):
        return [0.0] * (3 * joints)
    if not isinstance(values, (list, tuple)):
        raise LabelsError(f"{whose} has {key} that are {kind_of(values)}, no list of numbers; write x, y, v, …")
    if all(isinstance(v, (list, tuple)) and len(v) == 3 for v in values):
        values = [number for triple in values for number in triple]
    if len(values) != 3 * joints:
        got = f"{whose} has {len(values)} {key.removesuffix('s')} numbers"
        raise LabelsError(f"{got}; its category's {joints} joints need {3 * joints}")
    return values


def _flat_box(values, whose: str) -> Sequence:
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if values is None or (isinstance(values, (list, tuple)) and not len(values)):
        return _NO_BOX
    if not isinstance(values, (list, tuple)):
        raise LabelsError(f"{whose} has a bbox that is {kind_of(values)}; write x, y, width, height")
    if len(values) == 1 and isinstance(values[0], (list, tuple)):
        values = values[0]
    if len(values) != 4:
        raise LabelsError(f"{whose} has a bbox of {len(values)} numbers; write x, y, width, height")
    return values


def _bulk(rows: list, whose: list[str], what: str, width: int = 0) -> np.ndarray:
    """float64 (N, width), or (N,) if the width is 0, converted at once; the first invalid row is named."""
    shape = (width,) if width else ()
    try:
        array = np.array(rows, np.float64)
        if array.shape[1:] == shape:
            return array.reshape(len(rows), *shape)
    except (TypeError, ValueError, OverflowError):
        pass
    for row, who in zip(rows, whose, strict=True):
        if not width and not _is_number(row):
            raise LabelsError(f"{who} has {reprlib.repr(row)} as {what}; write a number")
        if numbers_of(row, who, what).shape != shape:
            got = reprlib.repr(row)
            raise LabelsError(f"{who} has {what} that are no list of numbers: {got}; write plain numbers")
    return np.zeros((0, *shape))


def _is_number(value) -> bool:
    try:
        return np.array(value, np.float64).shape == ()
    except (TypeError, ValueError, OverflowError):
        return False
