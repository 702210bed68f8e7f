"""COCO's results format, as JSON with an entry a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from bupose.annotations.categories import CategoryOptions
from bupose.annotations.formats.coco_wholebody import MORE_KEYPOINTS, join_keypoints
from bupose.atomic import writing_text
from bupose.people import People
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO17


def results_skeleton(skeleton: Skeleton) -> Skeleton:
    """The skeleton of COCO results: COCO's 17 joints if a one-part ``skeleton`` has them all, else its own."""
    if not set(COCO17.joints) <= set(skeleton.joints) or len(skeleton.parts) > 1:
        return skeleton
    spelling = tuple(pair for pair in skeleton.spelling if pair[0] in COCO17.joints)
    return replace(COCO17, spelling=spelling) if spelling else COCO17


def as_coco(people: People, image_id: int, category: CategoryOptions) -> list[dict]:
    """COCO results of a picture's people, with the network's category and joint order."""
    own = people.skeleton if category.keypoints else results_skeleton(people.skeleton)
    results = people.to_coco(image_id, own, category.id)
    if not category.keypoints or tuple(category.keypoints) == own.joints:
        return results
    where = [own.index.get(joint, -1) for joint in category.keypoints]
    for result in results:
        triples = [*np.reshape(join_keypoints(result), (-1, 3)).tolist(), [0.0] * 3]
        result["keypoints"] = [number for n in where for number in triples[n]]
        if "hidden" in result:
            result["hidden"] = [[*result["hidden"], 0][n] for n in where]
        for key in MORE_KEYPOINTS & set(result):
            del result[key]
    return results


def describe_joints(skeleton: Skeleton, category: CategoryOptions) -> dict:
    """What run.json says of the joints in COCO results: ``skeleton``, and the order of their ``keypoints``."""
    own = skeleton if category.keypoints else results_skeleton(skeleton)
    return {"skeleton": own.to_dict(), "keypoints": list(category.keypoints or own.joints)}


def write_coco(path: str | Path, results: Iterable[Mapping]) -> None:
    """Write COCO results (``People.to_coco``) as a JSON array with one person per line.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    with writing_array(path) as add:
        for result in results:
            add(result)


@contextmanager
def writing_array(path: str | Path) -> Iterator[Callable[[Mapping], None]]:
    """Write a JSON array with one entry per line: a function that appends an entry.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    with writing_text(path) as file:
        before = "[\n"

        def add(entry: Mapping) -> None:
            nonlocal before
            file.write(before + json.dumps(entry, allow_nan=False))
            before = ",\n"

        yield add
        file.write("[]\n" if before == "[\n" else "\n]\n")
