"""CrowdPose's average precision: over all pictures, and by how crowded they are.

Facts from CrowdPose's own crowdposetools, cocoeval.py: it is COCO's evaluation with the 14 joints' sigmas, a person's
area taken as 0.53 of the box (always, a segment's area is not used), no area ranges, and 20 people per picture. Its
code splits pictures at crowd indices 0.2 and 0.8, as do the copies behind published results; the paper (Li et al. 2019)
states 0.1 and 0.8. Both are reported: ``AP_easy`` and ``AP_medium`` split at 0.1, ``AP_easy02`` and ``AP_medium02`` at
0.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bupose.annotations.crowding import EASY, HARD, crowd_index
from bupose.evaluate.ground_truth import GroundTruth
from bupose.evaluate.oks import run_coco_eval, summarize
from bupose.evaluate.results import read_both
from bupose.people import People
from bupose.proportions import AREA_OF_BOX

LEVELS: dict[str, Callable[[float], bool]] = {
    "easy": lambda index: index < EASY,
    "medium": lambda index: EASY <= index < HARD,
    "hard": lambda index: index >= HARD,
    "easy02": lambda index: index < 0.2,
    "medium02": lambda index: 0.2 <= index < HARD,
}


def crowdpose_ap(
    results: str | Path | Sequence[Mapping] | Mapping[int, People],
    annotations: str | Path | Mapping | GroundTruth,
    image_ids: Iterable | None = None,
) -> dict[str, float]:
    """CrowdPose's metrics in percent; NaN if there are no such pictures.

    The crowd index is the file's ``crowdIndex`` if given, else :func:`bupose.annotations.crowd_index`.

    Returns
    -------
    dict
        ``AP AP50 AP75 AR AR50 AR75 AP_easy AP_medium AP_hard AP_easy02 AP_medium02``
    """
    results, truth = read_both(results, annotations, image_ids)
    truth = box_areas(truth)
    metrics = summarize(run_coco_eval(results, truth))
    metrics = {name: metrics[name] for name in ("AP", "AP50", "AP75", "AR", "AR50", "AR75")}
    index = crowd_indices(truth)
    for level, holds in LEVELS.items():
        ids = [i for i, value in index.items() if holds(value)]
        part = [r for r in results if r["image_id"] in set(ids)]
        metrics[f"AP_{level}"] = summarize(run_coco_eval(part, truth.only(ids)))["AP"] if ids else float("nan")
    return metrics


def crowd_indices(truth: GroundTruth) -> dict[object, float]:
    """Image id -> crowd index, from the file if given."""
    return {
        i: float(image["crowdIndex"]) if image.get("crowdIndex") is not None else _index(truth, i)
        for i, image in truth.images.items()
    }


def _index(truth: GroundTruth, image_id) -> float:
    people = truth.rows[image_id][truth.person[truth.rows[image_id]]]
    return crowd_index(truth.xy[people], truth.present[people], truth.box[people])


def box_areas(truth: GroundTruth) -> GroundTruth:
    """A copy with every area 0.53 of the box, as in CrowdPose."""
    return replace(truth, area=AREA_OF_BOX * truth.box[:, 2:].prod(1))
