"""CrowdPose's average precision: of all pictures, and of those with few, some and many overlapping people.

Facts from CrowdPose's own crowdposetools, cocoeval.py: it is COCO's evaluation with the 14 joints' sigmas, a person's
area taken as 0.53 of the box (always, a segment's area is not used), no ranges of area, and 20 people a picture. Its
code divides pictures at a crowd index of 0.2 and 0.8, and so do the copies of it that published results come from;
the paper (Li et al. 2019) writes 0.1 and 0.8. Both are reported: ``AP_easy`` and ``AP_medium`` divide at 0.1,
``AP_easy02`` and ``AP_medium02`` at 0.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bupose.evaluate.oks import run_referee, summarize
from bupose.evaluate.results import read_both
from bupose.evaluate.truth import AREA_OF_BOX, Truth
from bupose.people import People

LEVELS: dict[str, Callable[[float], bool]] = {
    "easy": lambda index: index < 0.1,
    "medium": lambda index: 0.1 <= index < 0.8,
    "hard": lambda index: index >= 0.8,
    "easy02": lambda index: index < 0.2,
    "medium02": lambda index: 0.2 <= index < 0.8,
}


def crowdpose_ap(
    results: str | Path | Sequence[Mapping] | Mapping[int, People],
    annotations: str | Path | Mapping | Truth,
    image_ids: Iterable | None = None,
) -> dict[str, float]:
    """CrowdPose's numbers in one run, in percent; NaN where there are no such pictures.

    The crowd index is the pictures' ``crowdIndex`` where the file has it, else :func:`crowd_index`.

    Returns
    -------
    dict
        ``AP AP50 AP75 AR AR50 AR75 AP_easy AP_medium AP_hard AP_easy02 AP_medium02``
    """
    results, truth = read_both(results, annotations, image_ids)
    truth = box_areas(truth)
    metrics = summarize(run_referee(results, truth))
    metrics = {name: metrics[name] for name in ("AP", "AP50", "AP75", "AR", "AR50", "AR75")}
    index = crowd_indices(truth)
    for level, holds in LEVELS.items():
        ids = [i for i, value in index.items() if holds(value)]
        part = [r for r in results if r["image_id"] in set(ids)]
        metrics[f"AP_{level}"] = summarize(run_referee(part, truth.only(ids)))["AP"] if ids else float("nan")
    return metrics


def crowd_indices(truth: Truth) -> dict[object, float]:
    """Image id -> crowd index, from the file where it has one."""
    return {
        i: float(image["crowdIndex"]) if "crowdIndex" in image else crowd_index(truth.by_image[i])
        for i, image in truth.images.items()
    }


def crowd_index(annotations: Sequence[Mapping]) -> float:
    """How much the people of a picture overlap, in [0, 1].

    Notes
    -----
    Li et al. 2019, section 4.1: the mean over people of N_b / N_a, the joints of others within a person's box per
    joint of their own there. It is cut at 1 here. The indices in CrowdPose's files can be reproduced only nearly from
    its published annotations (CrowdPose issue 25; on the samples at hand 0.34 and 0.41 for 0.33 and 0.39).
    """
    people = [a for a in annotations if a["num_keypoints"] and not a["iscrowd"]]
    if len(people) < 2:
        return 0.0
    triples = np.array([a["keypoints"] for a in people], np.float64).reshape(len(people), -1, 3)
    box = np.array([a["bbox"] for a in people], np.float64)[:, None, None]
    low, high = box[..., :2], box[..., :2] + box[..., 2:]
    xy, seen = triples[..., :2], triples[..., 2] > 0
    inside = ((xy >= low) & (xy <= high)).all(3) & seen  # (boxes, people, joints)
    count = inside.sum(2)
    own = count.diagonal()
    ratio = (count.sum(1) - own)[own > 0] / own[own > 0]
    return float(min(1.0, ratio.mean())) if ratio.size else 0.0


def box_areas(truth: Truth) -> Truth:
    """The same with every area 0.53 of the box, as CrowdPose has it."""

    def area(a: Mapping) -> float:
        return AREA_OF_BOX * float(np.prod(a["bbox"][2:]))

    return replace(truth, annotations=[{**a, "area": area(a)} for a in truth.annotations])
