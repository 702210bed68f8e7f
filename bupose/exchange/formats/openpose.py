"""OpenPose's JSON, a file of each picture or frame, to be read; ``bupose openpose`` writes it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bupose.annotations.json_file import load_json
from bupose.annotations.values import records
from bupose.errors import BuposeError, LabelsError
from bupose.exchange.formats.base import Format, read_each, unless
from bupose.exchange.formats.entries import guess_skeleton, read_joints
from bupose.exchange.recording import Recording
from bupose.people import People
from bupose.skeleton import Skeleton
from bupose.skeletons import BODY25, COCO18

ENDING = "_keypoints.json"
KEY = "pose_keypoints_2d"
_OF_VIDEO = re.compile(r"(.*)_(\d{6,})", re.DOTALL)  # OpenPose writes 12 digits, bupose infer 6


def read(path: Path, skeleton: Skeleton | None = None) -> list[Recording]:
    """A recording of each video whose frames are in a folder, and one of the pictures; bodies without hands and faces.

    Files have no times: frames are numbered as in their names.
    """
    files = sorted(path.rglob(f"*{ENDING}")) if path.is_dir() else [path]
    root = path if path.is_dir() else path.parent
    problems: list[BuposeError] = []
    loaded = read_each(files, lambda file: (str(file.relative_to(root)).removesuffix(ENDING), _load(file)), problems)
    skeleton = skeleton or guess_skeleton([listed for _, listed in loaded], path.name, KEY, (BODY25, COCO18))
    made = read_each(loaded, lambda one: (one[0], _people(one[1], skeleton, one[0])), problems)
    groups: dict[str, list[tuple[int, str, People]]] = defaultdict(list)
    for name, people in made:
        found = _OF_VIDEO.fullmatch(name)
        groups[found[1] if found else ""].append((int(found[2]) if found else len(groups[""]), name, people))
    recordings = []
    for name, frames in groups.items():
        frames = sorted(frames, key=lambda frame: frame[0])
        files_of = None if name else [called for _, called, _ in frames]
        numbers = np.array([number for number, *_ in frames])
        times = np.full(len(frames), np.nan)
        them = [people for *_, people in frames]
        recordings.append(Recording(name or "pictures", skeleton, numbers, times, them, files=files_of))
    return unless(problems, recordings)


def _load(file: Path) -> list[Mapping]:
    content, called = load_json(file)
    if not isinstance(content, Mapping):
        raise LabelsError(f"{called} is no file of OpenPose's, which is an object with people; give another")
    return records(content.get("people"), "people", called)


def _people(found: list[Mapping], skeleton: Skeleton, name: str) -> People:
    if not found:
        return People.nobody(skeleton)
    xy, score = read_joints(found, skeleton, name, KEY)
    worth = score.sum(1) / np.maximum((score > 0).sum(1), 1)  # OpenPose keeps its own to itself
    ids = np.array([_id(one, name) for one in found], np.int32)
    order = np.argsort(-worth, kind="stable")
    return People(xy, score, worth, skeleton, ids=ids if (ids >= 0).any() else None)[order]


def _id(one: Mapping, name: str) -> int:
    """Files before version 1.3 have none."""
    given = one.get("person_id", [-1])
    value = given[0] if isinstance(given, list) and len(given) == 1 else given
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value % 1 or not -1 <= value < 2**31:
        raise LabelsError(f"{name} has the person_id {given!r:.40}; write a whole number in brackets, -1 if unknown")
    return int(value)


def _recognises(path: Path) -> bool:
    if path.is_dir():
        return next(path.glob(f"*{ENDING}"), None) is not None
    return path.name.endswith(ENDING)


OPENPOSE = Format("OpenPose's JSON, a file of each picture or frame", (".json", ""), read, recognises=_recognises)
