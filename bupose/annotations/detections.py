"""Boxes of people from a file, in COCO's formats of detections and of annotations."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from bupose.annotations.json_file import load_json
from bupose.annotations.values import FAR, flag_of, id_key, joint_boxes, numbers_of, refuse_shares, split_triples
from bupose.errors import InputError, LabelsError
from bupose.wording import counted

_LOG = logging.getLogger(__name__)

PERSON = 1  # COCO's number of the category
AROUND_JOINTS = (
    0.15  # of their box, on each side: of joints followed through a video: Xiao et al. 2018, Simple Baselines
)


@dataclass(frozen=True)
class Boxes:
    """Boxes of N people in a picture.

    Parameters
    ----------
    xywh : float64 array (N, 4), pixels
        Left, top, width, height; edges are counted from the picture's top left corner, as in COCO.
    score : float64 array (N,)
        In [0, 1].
    """

    xywh: np.ndarray
    score: np.ndarray

    def __len__(self) -> int:
        return len(self.score)

    def __getitem__(self, rows: Any) -> Boxes:
        return Boxes(self.xywh[rows], self.score[rows])

    @classmethod
    def none(cls) -> Boxes:
        """Of nobody."""
        return cls(np.zeros((0, 4)), np.zeros(0))

    def overlap(self) -> np.ndarray:
        """float64 (N, N): intersection over union of each two."""
        low, high = self.xywh[:, :2], self.xywh[:, :2] + self.xywh[:, 2:]
        inside = np.clip(np.minimum(high[:, None], high) - np.maximum(low[:, None], low), 0, None).prod(2)
        area = self.xywh[:, 2:].prod(1)
        share: np.ndarray = inside / np.maximum(area[:, None] + area - inside, 1e-9)
        return share

    def best(self, most: int, least_score: float = 0.0) -> Boxes:
        """Those of at least this score, best first, at most so many."""
        order = np.argsort(-self.score, kind="stable")
        return self[order[self.score[order] >= least_score][:most]]


@dataclass(frozen=True)
class Detections:
    """Boxes by picture.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    by_id : dict of image id to Boxes
    ids : dict of file name to image id
        Of the pictures that the file lists.
    """

    name: str
    by_id: Mapping[int | str, Boxes]
    ids: Mapping[str, int | str]

    def find(self, file_name: str) -> int | str | None:
        """The id of a picture that the file lists, by its path or the last part of it; None for others."""
        found = self.ids.get(file_name)
        return self.ids.get(PurePath(file_name).name) if found is None else found


def read_detections(source: str | Path | list[Any] | dict[str, Any], category: int | None = None) -> Detections:
    """Read boxes.

    Parameters
    ----------
    source : path of a JSON file, or its content
        A list of objects with ``image_id``, ``bbox`` (x, y, width, height, pixels) and ``score``, as detectors are
        evaluated on COCO; one without a box has that of its ``keypoints``, 15 % larger on each side. Or annotations,
        whose boxes then count as sure.
    category : int, optional
        Whose boxes; by default COCO's person, or the category called person of annotations.

    Raises
    ------
    InputError
        No such file, or neither of these; its boxes are of other categories or without size. An empty list is nobody.
    LabelsError
        A box that is no four numbers, or in shares of the picture.
    """
    content, name = load_json(source)
    entries, wanted = content, PERSON if category is None else category
    images: list[Mapping[str, Any]] = []
    if isinstance(content, Mapping):
        entries, images = content.get("annotations"), content.get("images") or []
        called = [c.get("id") for c in content.get("categories") or [] if str(c.get("name", "")).lower() == "person"]
        wanted = called[0] if called and category is None else wanted
    if not isinstance(entries, list) or not all(isinstance(e, Mapping) and "image_id" in e for e in entries):
        raise InputError(
            f"{name} holds no detections; it must be a list of objects with image_id, bbox and score, or annotations"
        )
    kept: dict[int | str, list[tuple[list[float], float]]] = {}
    flat, beyond, corners = 0, 0, []
    for n, entry in enumerate(entries):
        whose = f"{name}: entry {n}"
        if id_key(entry.get("category_id", wanted)) != id_key(wanted) or flag_of(
            entry.get("iscrowd"), whose, "iscrowd"
        ):
            continue
        key = id_key(entry["image_id"])
        if key is None:
            raise LabelsError(f"{whose} has the image_id {entry['image_id']!r:.40}; give it a number or text")
        box, score = _box(entry, whose), float(_numbers(entry.get("score", 1.0), whose, "score", 1)[0])
        if not (box[2:] > 0).all():
            flat += 1
            continue
        corners.append(box)
        beyond += not 0 <= score <= 1
        kept.setdefault(key, []).append((box.tolist(), min(max(score, 0.0), 1.0)))
    if flat and not kept:
        raise InputError(f"{name} has only boxes without width or height, {flat} of them; write x, y, width, height")
    if entries and not kept:
        raise InputError(f"{name} has no box of category {wanted} among {counted(len(entries), 'entry')}")
    if not kept:
        _LOG.warning("%s holds no box: nobody is there", name)
    else:
        refuse_shares(np.array(corners)[:, :2] + np.array(corners)[:, 2:], f"{name}: ")
    if beyond:
        _LOG.warning(
            "%s: scores are from 0 to 1; others, taken as the nearer end: %d of %d", name, beyond, len(corners)
        )
    if flat:
        _LOG.warning("%s: without width or height, left out: %d of %d boxes", name, flat, len(entries))
    ids = {str(i["file_name"]): key for i in images if i.get("file_name") and (key := id_key(i.get("id"))) is not None}
    last = {PurePath(file_name).name: key for file_name, key in ids.items()}
    boxes = {k: Boxes(np.array([b for b, _ in rows]), np.array([s for _, s in rows])) for k, rows in kept.items()}
    return Detections(name, boxes, (last if len(last) == len(ids) else {}) | ids)


def _box(entry: Mapping[str, Any], whose: str) -> np.ndarray:
    """float64 (4,): its box, or one around its joints."""
    if entry.get("bbox") is not None:
        return _numbers(entry["bbox"], whose, "bbox", 4)
    triples = numbers_of(entry.get("keypoints") or [], whose, "keypoints")
    if triples.size % 3:
        raise LabelsError(f"{whose} has {counted(triples.size, 'number')} as keypoints; write three for each joint")
    if not triples.size:
        raise LabelsError(f"{whose} has neither a bbox nor keypoints; write x, y, width, height")
    xy = split_triples(triples.reshape(1, -1, 3))[0] + 0.5  # of a pixel's centre, from the corner
    box: np.ndarray = joint_boxes(xy, np.isfinite(xy[..., 0]))[0]
    return box + np.concatenate([-AROUND_JOINTS * box[2:], 2 * AROUND_JOINTS * box[2:]])


def _numbers(values: Any, whose: str, what: str, many: int) -> np.ndarray:
    numbers = numbers_of(values, whose, what).reshape(-1)
    if numbers.size != many or not (np.abs(numbers) <= FAR).all():
        wanted = "a number" if many == 1 else "x, y, width, height"
        raise LabelsError(f"{whose} has {values!r:.60} as {what}; write {wanted}")
    return np.asarray(numbers, np.float64)
