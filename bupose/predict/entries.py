"""Lines of the list of intermediate results: a picture each, as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

import numpy as np

from bupose.errors import BuposeError
from bupose.media.sources import Frame
from bupose.people import People
from bupose.skeleton import Skeleton

_FOUND, _COMPLETED = 1, 2


def video_name(frame: Frame) -> str:
    """The name of a frame's video, as results are called."""
    return frame.name.rpartition("_")[0]


def people_of(entry: Mapping, skeleton: Skeleton) -> People:
    """The people of a line; nobody if there are none."""
    found = entry.get("people")
    if found is None or found["person_score"] == []:
        return People.nobody(skeleton)
    xy = np.array(found["xy"]).reshape(-1, len(skeleton.joints), 2)
    present = np.array(found["present"]).reshape(xy.shape[:2])
    xy[present == 0] = np.nan
    return People(
        xy, found["score"], found["person_score"], skeleton, present == _COMPLETED, hidden=found.get("hidden")
    )


def is_whole(entry: Mapping, skeleton: Skeleton) -> bool:
    """Whether a line is a valid picture record: the file may have been edited."""
    kinds = {"id": int, "file_name": str, "name": str, "source": str}
    kinds |= {"video": str, "frame": int} if "video" in entry else {}
    if not all(isinstance(entry.get(key), kind) for key, kind in kinds.items()):
        return False
    try:
        people_of(entry, skeleton)
    except (BuposeError, ValueError, TypeError, KeyError, IndexError, OverflowError):
        return False
    return "people" in entry or "problem" in entry


def source_of(frame: Frame) -> str:
    """A stable identity of a picture: its file, if it has one."""
    return os.path.abspath(frame.path) if frame.path is not None else frame.name


def as_lists(people: People) -> dict:
    """People for a line, rounded."""
    xy = np.where(people.present[..., None], people.xy, 0).astype(np.float64).round(4)
    told = {} if people.hidden is None else {"hidden": people.hidden.astype(int).tolist()}
    return told | {
        "xy": xy.reshape(len(people), 2 * xy.shape[1]).tolist(),
        "score": people.score.astype(np.float64).round(6).tolist(),
        "present": np.where(people.completed, _COMPLETED, _FOUND * people.present).tolist(),
        "person_score": people.person_score.astype(np.float64).round(6).tolist(),
    }


def parse(line: bytes) -> dict | None:
    """A line's entry; None if it is damaged."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None
