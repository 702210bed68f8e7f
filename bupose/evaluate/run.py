"""Evaluation in one call, from predictions and annotations to a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from bupose.evaluate.crowdpose import box_areas, crowdpose_ap
from bupose.evaluate.diagnosis import diagnose
from bupose.evaluate.ground_truth import GroundTruth
from bupose.evaluate.oks import coco_ap
from bupose.evaluate.parts import part_ap
from bupose.evaluate.pck import count_within, pck
from bupose.evaluate.person_matching import match_all
from bupose.evaluate.reading import read_ground_truth
from bupose.evaluate.repairs import repair_gains
from bupose.evaluate.report import Report
from bupose.evaluate.results import read_both, read_results
from bupose.evaluate.shown import FOUND, count_shown
from bupose.options import choose
from bupose.people import People
from bupose.skeleton import Skeleton
from bupose.skeletons import CROWDPOSE14


def _pckh(results: Sequence[Mapping], truth: GroundTruth) -> dict[str, float]:
    """PCKh only, no average precision: MPII's pictures show people who are not annotated."""
    return {f"PCKh@{alpha:g}": pck(results, truth, length="head", alpha=alpha)["mean"] for alpha in (0.5, 0.1)}


PROTOCOLS: dict[str, Callable[[Sequence[Mapping], GroundTruth], dict[str, float]]] = {
    "coco": coco_ap,
    "crowdpose": crowdpose_ap,
    "mpii": _pckh,
}
PCK = {"coco": ("box", 0.05), "crowdpose": ("box", 0.05), "mpii": ("head", 0.5)}


def evaluate(
    predictions: str | Path | Sequence[Mapping] | Mapping[int, People],
    annotations: str | Path | Mapping | GroundTruth,
    *,
    protocol: str = "auto",
    skeleton: str | Path | Skeleton | None = None,
    category: str | int | None = None,
    image_ids: Iterable | None = None,
    gains: bool = True,
    shown: Sequence[Mapping] | Mapping[int, People] | None = None,
) -> Report:
    """Evaluate predictions against annotations.

    Parameters
    ----------
    predictions : path of a COCO result file, its content, or mapping of image id to People
    annotations : path of an annotation file of any known format, or its content
    protocol : "coco", "crowdpose", "mpii" or "auto"
        By default CrowdPose's for its 14 joints, MPII's for its 16, else COCO's.
    skeleton, category, image_ids
        As for :func:`bupose.evaluate.read_ground_truth`.
    gains : bool
        Compute the AP gained by repairing each kind of error; this takes eleven further evaluations, and is skipped for
        MPII.

    shown : as predictions, optional
        The people shown, for their precision; by default the predictions.

    Raises
    ------
    InputError, LabelsError
        The files are not COCO annotations, or not results for them.
    OptionsError
        An unknown protocol.
    """
    whole = read_ground_truth(annotations, skeleton=skeleton, category=category)
    results, truth = read_both(predictions, whole, image_ids)
    choose(protocol, ("auto", *PROTOCOLS), "protocol")
    if protocol == "auto":
        protocol = _fitting_protocol(truth)
    if protocol == "crowdpose":
        truth = box_areas(truth)
    matched = match_all(results, truth)
    diagnosis = diagnose(matched, truth)
    visible = results if shown is None else read_results(shown, whole)
    length, alpha = PCK[protocol]
    return Report(
        protocol=protocol,
        metrics=PROTOCOLS[protocol](results, truth),
        diagnosis=diagnosis,
        gains=repair_gains(diagnosis, truth) if gains and protocol != "mpii" else {},
        pck_name=f"PCK {alpha:g} {length}",
        pck=count_within(matched, truth, length, alpha),
        shown=count_shown(match_all(visible, truth, FOUND), truth),
        truth=truth,
        parts=part_ap(results, truth) if protocol == "coco" else {},
    )


def _fitting_protocol(truth: GroundTruth) -> str:
    if set(truth.joints) == set(CROWDPOSE14.joints):
        return "crowdpose"
    return "mpii" if {"thorax", "pelvis", "top_head"} <= set(truth.joints) else "coco"
