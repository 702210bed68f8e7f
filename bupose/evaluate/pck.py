"""PCK, the share of joints within a fraction of a body length, and MPII's PCKh."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from bupose.evaluate.ground_truth import GroundTruth
from bupose.evaluate.person_matching import match_all
from bupose.evaluate.results import read_both
from bupose.options import choose
from bupose.people import People

HEAD_FACTOR = 0.6  # of the head box's diagonal (MPII's evaluation, SC_BIAS)
NOT_AVERAGED = ("pelvis", "mid_hip", "thorax")  # MPII's usual mean excludes the two trunk centres


def head_length(truth: GroundTruth) -> np.ndarray:
    """float64 (N,), pixels: 0.6 of the head box's diagonal, else from the top of the head to the neck."""
    neck = next((j for j in ("upper_neck", "neck") if j in truth.joints), None)
    known = np.isfinite(truth.head_box).all(1)
    return np.where(known, HEAD_FACTOR * np.hypot(*truth.head_box[:, 2:].T), _apart(truth, "top_head", neck))


def box_length(truth: GroundTruth) -> np.ndarray:
    """float64 (N,), pixels: the longer side of the person's box."""
    return truth.box[:, 2:].max(1)


def torso_length(truth: GroundTruth) -> np.ndarray:
    """float64 (N,), pixels: from the left shoulder to the right hip."""
    return _apart(truth, "left_shoulder", "right_hip")


LENGTHS: dict[str, Callable[[GroundTruth], np.ndarray]] = {
    "head": head_length,
    "box": box_length,
    "torso": torso_length,
}


def pck(
    results: str | Path | Sequence[Mapping] | Mapping[int, People],
    annotations: str | Path | Mapping | GroundTruth,
    image_ids: Iterable | None = None,
    *,
    length: str = "box",
    alpha: float = 0.05,
) -> dict[str, float]:
    """Percent of labelled joints predicted within ``alpha`` times a body length, per joint and overall.

    Parameters
    ----------
    results, annotations, image_ids
        As for :func:`bupose.evaluate.coco_ap`. People are matched by object keypoint similarity; joints of missed
        people count as missed, and people without the body length do not count.
    length : "box", "torso" or "head"
        ``length="head", alpha=0.5`` is MPII's PCKh.
    alpha : float

    Returns
    -------
    dict
        Joint -> percent, NaN if never labelled, and ``mean`` over all joints, except the two trunk centres of MPII
        (``pelvis`` or ``mid_hip``, ``thorax``) with ``length="head"``.

    Raises
    ------
    OptionsError
        An unknown length.
    """
    choose(length, LENGTHS, "length")
    results, truth = read_both(results, annotations, image_ids)
    good, labelled = count_within(match_all(results, truth), truth, length, alpha)
    shares = {j: _percent(g, n) for j, g, n in zip(truth.joints, good, labelled, strict=True)}
    counted = [length != "head" or j not in NOT_AVERAGED for j in truth.joints]
    return {**shares, "mean": _percent(good[counted].sum(), labelled[counted].sum())}


def count_within(pictures, truth: GroundTruth, length: str, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """int (K,) each: joints predicted within the distance, and joints labelled."""
    good = np.zeros(len(truth.joints), int)
    labelled = np.zeros(len(truth.joints), int)
    limits = alpha * LENGTHS[length](truth)
    for m in pictures:
        limit = limits[m.rows]
        for q in np.flatnonzero(~m.ignored):
            if np.isfinite(limit[q]):
                labelled += m.seen[q]
        for p, q in m.found:
            away = np.hypot(*(m.xy[p] - m.truth[q]).T)
            good += m.seen[q] & (away <= limit[q])  # NaN compares as false
    return good, labelled


def _apart(truth: GroundTruth, a: str, b: str | None) -> np.ndarray:
    """float64 (N,), pixels between two joints; NaN where one is not labelled."""
    if not {a, b} <= set(truth.joints):
        return np.full(len(truth), np.nan)
    ends = [truth.joints.index(a), truth.joints.index(b)]
    away = np.hypot(*(truth.xy[:, ends[0]] - truth.xy[:, ends[1]]).T)
    return np.where(truth.present[:, ends].all(1), away, np.nan)


def _percent(part: float, whole: float) -> float:
    return 100 * float(part) / float(whole) if whole else float("nan")
