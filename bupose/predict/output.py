"""Result files, written atomically; ``docs/output.md`` describes the formats."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from bupose.atomic import write_bytes, writing_text
from bupose.errors import InputError
from bupose.exchange.coco_results import as_coco as as_coco
from bupose.exchange.coco_results import results_skeleton as results_skeleton
from bupose.exchange.coco_results import write_coco as write_coco
from bupose.exchange.coco_results import writing_array as writing_array
from bupose.joint_arrays import joint_columns
from bupose.people import People
from bupose.skeleton import Skeleton
from bupose.skeletons import BODY25, COCO18, OPENPOSE_PARTS

OPENPOSE_VERSION = 1.3
# OpenPose's files have these, too; readers index them unconditionally.
_OPENPOSE_EMPTY = tuple(f"{part}_keypoints_3d" for part in ("pose", "face", "hand_left", "hand_right"))


def openpose_skeleton(skeleton: Skeleton) -> Skeleton:
    """COCO-18 or BODY_25, whichever has more of the skeleton's joints; COCO-18 on a tie."""
    return max((COCO18, BODY25), key=lambda known: len(set(known.joints) & set(skeleton.joints)))


def wants_openpose(chosen: bool | None, skeleton: Skeleton) -> bool:
    """Whether OpenPose files are written: as chosen, else if they can hold most of the joints."""
    known = {*openpose_skeleton(skeleton).joints, *(j for joints in OPENPOSE_PARTS.values() for j in joints)}
    return 2 * len(known & set(skeleton.joints)) > len(skeleton.joints) if chosen is None else chosen


def as_openpose(people: People, skeleton: Skeleton, parts: Iterable[str] = OPENPOSE_PARTS) -> list[dict]:
    """People as OpenPose's files list them, body joints in the skeleton's order; ``parts`` are faces and hands.

    A part is empty unless the people's skeleton has all its joints.
    """
    triples, index, parts = people.triples(), people.skeleton.index, set(parts)
    lists = {"pose_keypoints_2d": people.to(skeleton).triples().reshape(len(people), 3 * len(skeleton.joints)).tolist()}
    for part, joints in OPENPOSE_PARTS.items():
        here = [index[j] for j in joints] if part in parts and set(joints) <= set(index) else []
        lists[f"{part}_keypoints_2d"] = triples[:, here].reshape(len(people), 3 * len(here)).tolist()
    empty: dict[str, list[float]] = {key: [] for key in _OPENPOSE_EMPTY}
    ids = [-1] * len(people) if people.ids is None else people.ids.tolist()
    return [
        {"person_id": [i], **dict(zip(lists, numbers, strict=True)), **empty}
        for i, *numbers in zip(ids, *lists.values(), strict=True)
    ]


def write_openpose(path: str | Path, people: People, skeleton: Skeleton | None = None) -> None:
    """Write one picture's people in OpenPose's format (its ``--write_json``).

    Parameters
    ----------
    skeleton : Skeleton, optional
        Joint order; by default COCO-18 or BODY_25, whichever fits better. The file names it under ``skeleton``.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    skeleton = skeleton or openpose_skeleton(people.skeleton)
    listed = as_openpose(people, skeleton)
    with writing_text(path, sync=False) as file:
        json.dump({"version": OPENPOSE_VERSION, "skeleton": skeleton.name, "people": listed}, file)


def write_csv(path: str | Path, rows: Iterable[tuple[int, str, People]], skeleton: Skeleton) -> None:
    """Write a table with one person per row: image_id, file_name, person, score, and x, y, score of each joint.

    Parameters
    ----------
    rows : iterable of (image_id, file_name, people)
    skeleton : Skeleton
        Names the columns; the three cells of an absent joint are empty.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    with writing_csv(path, skeleton) as add:
        for row in rows:
            add(*row)


@contextmanager
def writing_csv(path: str | Path, skeleton: Skeleton) -> Iterator[Callable[[int, str, People], None]]:
    """Write that table piece by piece: a function of image_id, file_name, people."""
    with writing_text(path, newline="") as file:
        table = csv.writer(file)
        table.writerow(["image_id", "file_name", "person", "score", *joint_columns(skeleton)])

        def add(image_id: int, file_name: str, people: People) -> None:
            people = people if people.skeleton == skeleton else people.to(skeleton)
            for n, (numbers, here) in enumerate(zip(people.triples(), people.present, strict=True)):
                cells = [
                    cell
                    for row, known in zip(numbers.tolist(), here, strict=True)
                    for cell in (row if known else [""] * 3)
                ]
                table.writerow([image_id, file_name, n, round(float(people.person_score[n]), 6), *cells])

        yield add


def write_image(path: str | Path, image: np.ndarray, quality: int = 92) -> None:
    """Write a picture in the format of its suffix.

    Parameters
    ----------
    image : uint8 array (H, W, 3), RGB
    quality : int
        Of a JPEG, up to 100.

    Raises
    ------
    InputError
        The suffix is not a picture format, or the file cannot be written.
    """
    path = Path(path)
    try:
        jpeg = [cv2.IMWRITE_JPEG_QUALITY, quality] if path.suffix.lower() in (".jpg", ".jpeg") else []
        done, data = cv2.imencode(path.suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), jpeg)
    except cv2.error:
        done = False
    if not done:
        raise InputError(
            f"cannot write {str(path)!r}: {path.suffix or 'no suffix'} is not a picture format; use .png or .jpg"
        )
    write_bytes(path, data, sync=False)
