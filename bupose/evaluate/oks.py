"""Object keypoint similarity, and the average precision and recall that COCO builds on it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from bupose.evaluate.ground_truth import GroundTruth
from bupose.evaluate.results import read_both, result_arrays
from bupose.evaluate.undeclared import add_undeclared
from bupose.people import Labels, People
from bupose.skeleton import Skeleton

METRICS = ("AP", "AP50", "AP75", "AP_medium", "AP_large", "AR", "AR50", "AR75", "AR_medium", "AR_large")


def oks(people: People, labels: Labels) -> np.ndarray:
    """float64 (P, Q): object keypoint similarity of P predicted people with Q annotated ones of one skeleton.

    An absent joint counts as infinitely far. For labels without keypoints (ignore regions) distances are measured to
    their box, extended by its own size on each side.

    Notes
    -----
    cocodataset.org, "Keypoint Evaluation", and pycocotools, cocoeval.py, ``computeOks``.
    """
    labelled = labels.xy, labels.visibility, labels.area, labels.box
    return oks_matrix(people.xy, *labelled, np.asarray(labels.skeleton.sigmas))


def oks_matrix(xy, truth_xy, visibility, area, box, sigmas) -> np.ndarray:
    """:func:`oks` on arrays: xy (P, K, 2), NaN where absent; truth (Q, K, 2), (Q, K), (Q,), (Q, 4); sigmas (K,)."""
    xy, truth_xy, box = (np.asarray(a, np.float64) for a in (xy, truth_xy, box))
    seen = np.greater(visibility, 0)
    region = ~np.any(seen, 1)
    low, high = box[:, :2] - box[:, 2:], box[:, :2] + 2 * box[:, 2:]
    counted = seen | region[:, None]
    similarity = np.zeros((len(xy), len(truth_xy)))
    few = max(1, _AT_ONCE // max(truth_xy.size, 1))
    for start in range(0, len(xy), few):
        these = xy[start : start + few, None]
        outside = np.maximum(low[:, None] - these, 0) + np.maximum(these - high[:, None], 0)
        distance = (np.where(region[:, None, None], outside, these - truth_xy) ** 2).sum(3)
        alike = keypoint_similarity(distance, area, sigmas)
        similarity[start : start + few] = (alike * counted).sum(2) / counted.sum(1)
    return similarity


def keypoint_similarity(squared: np.ndarray, area: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    """float64 (…, K): similarity of joints at squared distances (…, Q, K) from those of Q people; 0 where NaN."""
    scale = 2 * (2 * np.asarray(sigmas)) ** 2 * (np.asarray(area, np.float64) + np.spacing(1))[..., None]
    return np.nan_to_num(np.exp(-squared / scale), nan=0.0)


_AT_ONCE = 1_000_000  # distances per block, which bounds the memory


def coco_ap(
    results: str | Path | Sequence[Mapping] | Mapping[int, People],
    annotations: str | Path | Mapping | GroundTruth,
    image_ids: Iterable | None = None,
    *,
    skeleton: str | Path | Skeleton | None = None,
    category: str | int | None = None,
) -> dict[str, float]:
    """COCO's ten metrics, in percent, by pycocotools.

    Parameters
    ----------
    results : path of a COCO result file, its content, or mapping of image id to People
    annotations : path of a COCO keypoint annotation file, or its content
    image_ids : optional
        Pictures to evaluate; by default all annotated ones.
    skeleton, category
        As for :func:`bupose.evaluate.read_ground_truth`.

    Returns
    -------
    dict
        ``AP AP50 AP75 AP_medium AP_large AR AR50 AR75 AR_medium AR_large``; NaN if there is nobody to find.

    Raises
    ------
    InputError, LabelsError
        The files are not COCO annotations, or not results for them.
    """
    return summarize(run_coco_eval(*read_both(results, annotations, image_ids, skeleton=skeleton, category=category)))


def run_coco_eval(results: Sequence[Mapping], truth: GroundTruth) -> COCOeval:
    """Run pycocotools' keypoint evaluation of checked results, silently, through ``accumulate``."""
    # pycocotools sorts ids, which may be of mixed types
    number = {i: n for n, i in enumerate(sorted(truth.images, key=lambda i: (isinstance(i, str), i)), 1)}
    images, kinds = [{"id": n} for n in number.values()], [{"id": 1, "name": "object"}]
    boxed = [_with_box(r, n) | {"image_id": number[r["image_id"]], "category_id": 1} for n, r in enumerate(results, 1)]
    expected = [{**a, "image_id": number[a["image_id"]], "category_id": 1} for a in truth.annotations]
    with contextlib.redirect_stdout(io.StringIO()):
        gold, found = COCO(), COCO()
        told: Any = {"images": images, "categories": kinds, "annotations": expected}
        gold.dataset, found.dataset = told, told | {"annotations": boxed}
        gold.createIndex()
        found.createIndex()
        evaluation = _CocoEval(gold, found, "keypoints")
        evaluation.params.imgIds = list(number.values())
        evaluation.params.kpt_oks_sigmas = np.asarray(truth.sigmas)
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


class _CocoEval(COCOeval):
    """pycocotools' evaluation, with regions where nobody is annotated (:mod:`bupose.evaluate.undeclared`)."""

    def computeOks(self, imgId, catId):
        similarity = super().computeOks(imgId, catId)
        if len(similarity):
            found = sorted(self._dts[imgId, catId], key=lambda r: -r["score"])[: self.params.maxDets[-1]]
            xy, _ = result_arrays(found, len(self.params.kpt_oks_sigmas))
            add_undeclared(similarity, xy, [a["undeclared"] for a in self._gts[imgId, catId]])
        return similarity


def summarize(evaluation: COCOeval) -> dict[str, float]:
    """The ten metrics of an accumulated evaluation, in percent."""
    values = []
    for key in ("precision", "recall"):
        table = evaluation.eval[key][..., 0]  # thresholds (, recalls), categories, areas
        values += [table[..., 0], table[0, ..., 0], table[5, ..., 0], table[..., 1], table[..., 2]]
    return {name: _mean(v) for name, v in zip(METRICS, values, strict=True)}


def _mean(values: np.ndarray) -> float:
    known = values[values > -1]
    return 100 * float(known.mean()) if known.size else float("nan")


def _with_box(result: Mapping, number: int) -> dict:
    """Complete a result as pycocotools' ``loadRes`` does."""
    x, y = result["keypoints"][0::3], result["keypoints"][1::3]
    box = [min(x), min(y), max(x) - min(x), max(y) - min(y)]
    return {**result, "id": number, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
