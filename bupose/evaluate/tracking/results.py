"""Found people of annotated videos: COCO results and PoseTrack's with ids, MOTChallenge's boxes, or People."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from bupose import skeletons
from bupose.annotations.joint_names import match_names, read_names
from bupose.annotations.json_file import load_json
from bupose.annotations.own_skeleton import find_known
from bupose.annotations.values import (
    flat_keypoints,
    id_key,
    joint_boxes,
    kind_of,
    listed,
    numbers_of,
    records,
    split_triples,
    track_ids,
)
from bupose.errors import InputError, LabelsError
from bupose.evaluate.tracking import mot
from bupose.evaluate.tracking.tracks import Tracks, TrueTracks, Truth
from bupose.media.file_names import file_number
from bupose.paths import expand
from bupose.people import People
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO17
from bupose.track import body_boxes
from bupose.wording import counted

_FRAME = re.compile(r".*#(\d+)", re.DOTALL)  # walk.mp4#25 in images.json, from 0


def read_found(
    results: str | Path | Sequence[Mapping] | Mapping, truth: Truth, skeleton: str | Path | Skeleton | None = None
) -> tuple[list[Tracks], list[str]]:
    """The people found in each of the videos of ``truth``, with notes.

    Parameters
    ----------
    results : path or content
        COCO results with a ``track_id``, as ``bupose infer`` writes them; PoseTrack's results, a file or a folder of
        files; MOTChallenge's; or a mapping of frame (a picture's id, or a number from 1) to People with ids.
    truth : Truth
    skeleton : name, path or Skeleton, optional
        Whose joints COCO results hold, for people's boxes; by default COCO's 17.

    Raises
    ------
    InputError
        No such file, another format, or nothing about these videos.
    LabelsError
        A value that is not a number, or two people of a frame with one id.
    """
    if mot.is_mot(results):
        if truth.joints or len(truth.videos) > 1:
            raise InputError(f"{results} holds boxes, the annotations joints; give COCO results with a track_id")
        tracks, left = mot.read_found(results, truth.videos[0])
        return [tracks], [_left_out(left, left + len(tracks.row), [])] if left else []
    if isinstance(results, Mapping) and all(isinstance(one, People) for one in results.values()):
        return _from_people(results, truth)
    entries, joints, frames, name = _load(results, truth)
    own = COCO17 if skeleton is None else skeletons.get(skeleton)
    return _from_entries(entries, joints or truth.file_joints or own, frames, name, truth)


def _load(results, truth: Truth) -> tuple[list[Mapping], tuple[str, ...] | None, dict, str]:
    """Entries, their joints if they say, and the frame of each picture that images.json names."""
    path = expand(results) if isinstance(results, (str, Path)) else None
    files = sorted(path.glob("*.json")) if path is not None and path.is_dir() else None
    if files == []:
        raise InputError(f"there is no .json file in {str(results)!r}; give a result file, or a folder of them")
    entries: list[Mapping] = []
    joints = None
    for source in [results] if files is None else files:
        data, name = load_json(source)
        if isinstance(data, Mapping) and isinstance(data.get("annotations"), list):  # PoseTrack's
            categories = records(data.get("categories") or [], "categories", name)
            if categories and "keypoints" in categories[0]:
                joints = read_names(categories[0]["keypoints"], name)
            data = data["annotations"]
        if not isinstance(data, list) or not all(isinstance(one, Mapping) and "keypoints" in one for one in data):
            got = (
                f"{name} is {kind_of(data)} without keypoints" if not isinstance(data, list) else f"{name} lists others"
            )
            raise InputError(f"{got}; give COCO results, or PoseTrack's: entries with image_id, keypoints and track_id")
        entries += data
    frames = {}
    if path is not None and not truth.joints and (beside := path.with_name("images.json")).is_file():
        frames = _frame_numbers(load_json(beside)[0])
    return entries, joints, frames, Path(str(results)).name if path is not None else "what was given"


def _frame_numbers(images) -> dict:
    """Image id -> the frame's number from 1: from a video's frame, else the number in the picture's name."""
    found = {}
    for image in images if isinstance(images, list) else []:
        name = str(image.get("file_name", "")) if isinstance(image, Mapping) else ""
        frame = _FRAME.fullmatch(name)
        found[id_key(image.get("id"))] = int(frame[1]) + 1 if frame else file_number(name)
    return found


def _from_entries(
    entries, joints: Skeleton | Sequence[str], frames: dict, name: str, truth: Truth
) -> tuple[list[Tracks], list[str]]:
    """Tracks of checked entries."""
    places, strange, notes = _places(truth.videos), [], []
    where = []
    for entry in entries:
        key = id_key(entry.get("image_id"))
        if key is None:
            got = f"{name} has a result of image {entry.get('image_id')!r:.40}"
            raise LabelsError(f"{got}; give the id of an annotated frame as image_id")
        where.append(places.get(frames.get(key, key)))
        if where[-1] is None:
            strange.append(entry["image_id"])
    if strange and len(strange) == len(entries):
        raise InputError(f"{name} is about image {listed(dict.fromkeys(strange))}, none of which is an annotated frame")
    if strange:
        notes.append(_left_out(len(strange), len(entries), strange))
    mine = [(place, entry) for place, entry in zip(where, entries, strict=True) if place is not None]
    k = len(joints.joints if isinstance(joints, Skeleton) else joints)
    rows = [flat_keypoints(e["keypoints"], k, f"{name}: a result of image {e['image_id']!r:.40}") for _, e in mine]
    triples = numbers_of(rows, name).reshape(-1, k, 3) if rows else np.zeros((0, k, 3))
    if not (np.isfinite(triples) & (np.abs(triples) < 1e9)).all():
        raise LabelsError(f"{name} holds numbers that are not finite; write 0, 0, 0 for an absent joint")
    xy, score = split_triples(triples)
    score = _joint_scores([e for _, e in mine], score, name)
    ids = track_ids([e for _, e in mine])
    ids = np.full(len(mine), -1) if ids is None else ids
    place = np.array([p for p, _ in mine], np.int64).reshape(-1, 2)
    box, xy, score, more = _fit(xy, score, joints, truth)
    return _split(place, ids, box, xy, score, truth, [*notes, *more])


def _joint_scores(entries: list[Mapping], thirds: np.ndarray, name: str) -> np.ndarray:
    """PoseTrack's ``scores`` where they are given, else the keypoints' third numbers."""
    for n, entry in enumerate(entries):
        given = entry.get("scores")
        if isinstance(given, list) and given:
            values = numbers_of(given, name, "scores")
            if values.shape != thirds[n].shape:
                raise LabelsError(
                    f"{name}: a person has {values.size} scores for {len(thirds[n])} joints; give one each"
                )
            thirds[n] = values
    return thirds


def _from_people(found: Mapping, truth: Truth) -> tuple[list[Tracks], list[str]]:
    """Tracks of People by frame."""
    places, notes = _places(truth.videos), dict[str, None]()
    k = len(truth.joints)
    parts: list[tuple] = [
        (np.zeros((0, 2), np.int64), np.zeros(0), np.zeros((0, 4)), np.zeros((0, k, 2)), np.zeros((0, k)))
    ]
    for frame, people in found.items():
        place = places.get(id_key(frame))
        if place is None or not len(people):
            continue
        box, xy, score, more = _fit(people.xy, people.score, people.skeleton, truth)
        ids = np.full(len(people), -1) if people.ids is None else people.ids
        parts.append((np.tile(np.array(place), (len(people), 1)), ids, box, xy, score))
        notes |= dict.fromkeys(more)
    where, ids, box, xy, score = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return _split(where, ids, box, xy, score, truth, list(notes))


def _fit(xy, score, joints: Skeleton | Sequence[str], truth: Truth) -> tuple:
    """Boxes, the annotated joints and their scores, with notes; no joints where people are annotated by boxes."""
    if not truth.joints:
        skeleton = joints if isinstance(joints, Skeleton) else find_known(tuple(joints)) or COCO17
        boxes = body_boxes(People(xy, score, np.zeros(len(xy)), skeleton), upright=True)
        return boxes, np.zeros((len(xy), 0, 2)), np.zeros((len(xy), 0)), []
    names = joints.joints if isinstance(joints, Skeleton) else joints
    xy, score, notes = _by_name(np.asarray(xy, np.float64), score, names, truth.joints)
    return joint_boxes(xy, ~np.isnan(xy[..., 0])), xy, score, notes


def _split(where, ids, box, xy, score, truth: Truth, notes: list[str]) -> tuple[list[Tracks], list[str]]:
    """Tracks of each video, from the video and frame (N, 2) of each person."""
    if unknown := int((ids < 0).sum()):
        notes.append(f"Without an id, left out where ids count: {unknown} of {counted(len(ids), 'found person')}.")
    tracks = []
    for n, video in enumerate(truth.videos):
        mine = where[:, 0] == n
        own = where[mine, 1], ids[mine].astype(np.int64), box[mine].astype(np.float64), xy[mine], score[mine]
        tracks.append(Tracks(video.name, video.frames, *own))
    return tracks, notes


def _by_name(xy, score, names: Sequence[str], joints: Sequence[str]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Joints found by name, with a note on those lacking.

    Raises
    ------
    LabelsError
        There are none.
    """
    places = match_names(joints, names)
    if max(places) < 0:
        raise LabelsError(f"the results have the joints {', '.join(names)}, none of which is annotated")
    lacking = [joint for joint, n in zip(joints, places, strict=True) if n < 0]
    absent = np.full((len(xy), 1, 2), np.nan)
    xy = np.concatenate([xy, absent], 1)[:, places]
    score = np.concatenate([score, np.zeros((len(xy), 1))], 1)[:, places]
    told = f"Joints that the results lack, which count as not found: {', '.join(lacking)}."
    return xy, score, [told] if lacking else []


def _places(videos: Iterable[TrueTracks]) -> dict:
    """Normalised name of a frame -> its video and its place there."""
    return {id_key(frame): (n, t) for n, video in enumerate(videos) for t, frame in enumerate(video.frames)}


def _left_out(count: int, whole: int, which: list) -> str:
    told = f" (image {listed(dict.fromkeys(which))})" if which else ""
    return f"Of frames that are not annotated, left out: {count} of {whole} results{told}."
