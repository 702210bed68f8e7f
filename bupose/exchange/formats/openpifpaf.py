"""openpifpaf's predictions: a JSON file of each picture, or of each video with a line per frame."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from os.path import splitext
from pathlib import Path
from typing import Any

import numpy as np

from bupose.annotations.json_file import load_json
from bupose.annotations.values import numbers_of, records
from bupose.atomic import write_text, writing_text
from bupose.errors import BuposeError, InputError, LabelsError
from bupose.exchange.coco_results import results_skeleton
from bupose.exchange.formats.base import Format, read_each, unless
from bupose.exchange.formats.entries import guess_skeleton, read_joints
from bupose.exchange.formats.options import WriteOptions
from bupose.exchange.recording import Recording
from bupose.media.file_names import safe_name
from bupose.people import People
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO17, COCO_WHOLEBODY

OF_PICTURE, OF_VIDEO = ".predictions.json", ".openpifpaf.json"
LEAST_JOINT, LEAST = 0.01, 0.001  # scores that rounding must not take away (openpifpaf, annotation.py)
FIRST = 1  # openpifpaf counts frames and people from here


def as_openpifpaf(people: People) -> list[dict[str, Any]]:
    """People as openpifpaf's ``Annotation.json_data`` gives them: COCO's joints if they have all, else their own.

    The box is that of the joints, without openpifpaf's margin; ``id_`` is there for people with an id, plus 1.
    """
    people = people.to(results_skeleton(people.skeleton))
    ids = [-1] * len(people) if people.ids is None else people.ids.tolist()
    triples = people.triples()
    triples[..., 2] = np.where(people.present, np.maximum(triples[..., 2], LEAST_JOINT), 0)
    return [
        {
            "keypoints": joints.round(2).reshape(-1).tolist(),
            "bbox": box.astype(np.float64).round(2).tolist(),
            "score": max(LEAST, round(float(score), 3)),
            "category_id": 1,
            **({"id_": i + FIRST} if i >= 0 else {}),
        }
        for joints, box, score, i in zip(triples, people.boxes(), people.person_score, ids, strict=True)
    ]


def write(recordings: Sequence[Recording], folder: Path, options: WriteOptions) -> list[Path]:
    """Write ``PICTURE.jpg.predictions.json`` of each picture, and ``VIDEO.mp4.openpifpaf.json`` of each video."""
    paths = []
    for recording in recordings:
        if recording.files is None:
            paths.append(folder / f"{safe_name(recording.video or recording.name)}{OF_VIDEO}")
            with writing_text(paths[-1]) as file:
                for number, people in zip(recording.numbers.tolist(), recording.people, strict=True):
                    line = {"frame": number + FIRST, "predictions": as_openpifpaf(people)}
                    file.write(f"{json.dumps(line)}\n")
        else:
            for name, people in zip(recording.files, recording.people, strict=True):
                paths.append(folder / f"{safe_name(name)}{OF_PICTURE}")
                write_text(paths[-1], json.dumps(as_openpifpaf(people)), sync=False)
    return paths


def read(path: Path, skeleton: Skeleton | None = None) -> list[Recording]:
    """A recording of each video's file, and one of the pictures whose files are in a folder and those below."""
    places = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    root = path if path.is_dir() else path.parent
    videos = [place for place in places if place.name.endswith(OF_VIDEO)]
    pictures = [place for place in places if place not in videos and place.name.endswith(OF_PICTURE)]
    pictures = pictures if path.is_dir() or videos else [path]
    problems: list[BuposeError] = []
    recordings = read_each(videos, lambda place: _read_video(place, root, skeleton), problems)
    if pictures:
        loaded = read_each(pictures, lambda place: (place, _load(place)), problems)
        own = skeleton or guess_skeleton(
            [found for _, found in loaded], path.name, "keypoints", (COCO17, COCO_WHOLEBODY)
        )
        made = read_each(loaded, lambda one: (one[0], _people(one[1], own, one[0].name)), problems)
        files = [str(place.relative_to(root)).removesuffix(OF_PICTURE) for place, _ in made]
        recordings.append(_recording("pictures", range(len(made)), [people for _, people in made], own, files=files))
    return unless(problems, recordings)


def _load(place: Path) -> list[Mapping]:
    return records(load_json(place)[0], "predictions", place.name)


def _read_video(place: Path, root: Path, skeleton: Skeleton | None) -> Recording:
    video = str(place.relative_to(root)).removesuffix(OF_VIDEO)
    numbers, found = _read_lines(place)
    own = skeleton or guess_skeleton(found, place.name, "keypoints", (COCO17, COCO_WHOLEBODY))
    people = [_people(one, own, place.name) for one in found]
    return _recording(splitext(video)[0], numbers, people, own, video=Path(video).name)


def _recording(name: str, numbers: Sequence[int], people: list[People], skeleton: Skeleton, **more: Any) -> Recording:
    return Recording(name, skeleton, np.array(numbers), np.full(len(people), np.nan), people, **more)


def _read_lines(path: Path) -> tuple[list[int], list[list[Mapping]]]:
    """Numbers and predictions of a video's frames."""
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        numbers = [int(line["frame"]) - FIRST for line in lines]
        return numbers, [records(line["predictions"], "predictions", path.name) for line in lines]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as problem:
        told = "give a file of openpifpaf.video --json-output"
        raise InputError(f"cannot read {str(path)!r}: {type(problem).__name__}: {problem!s:.100}; {told}") from None


def _people(found: list[Mapping], skeleton: Skeleton, name: str) -> People:
    if not found:
        return People.nobody(skeleton)
    xy, score = read_joints(found, skeleton, name, "keypoints")
    worth = numbers_of([one.get("score", 1.0) for one in found], name, "a score")
    order = np.argsort(-worth, kind="stable")
    return People(xy, score, worth, skeleton, ids=_ids(found, name))[order]


def _ids(found: list[Mapping], name: str) -> np.ndarray | None:
    ids = [one.get("id_") for one in found]
    if all(i is None for i in ids):
        return None
    if any(i is not None and (not isinstance(i, int) or i < FIRST) for i in ids):
        raise LabelsError(f"{name} has an id_ that is no whole number from {FIRST} on; write one, or none")
    return np.array([-1 if i is None else i - FIRST for i in ids], np.int32)


def _recognises(path: Path) -> bool:
    if path.is_dir():
        return any(next(path.glob(f"*{ending}"), None) for ending in (OF_PICTURE, OF_VIDEO))
    return path.name.endswith((OF_PICTURE, OF_VIDEO))


OPENPIFPAF = Format("openpifpaf's predictions", (".json", ""), read, write, _recognises)
