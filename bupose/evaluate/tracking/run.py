"""Evaluation of tracking in one call, from results and annotations to a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bupose.errors import LabelsError
from bupose.evaluate.tracking.clear import Clear
from bupose.evaluate.tracking.hota import Hota
from bupose.evaluate.tracking.identity import Identity
from bupose.evaluate.tracking.options import PosevalOptions
from bupose.evaluate.tracking.people import Counts, count_people
from bupose.evaluate.tracking.posetrack import (
    JointFrame,
    average_precision,
    clear_of_joints,
    hota_of_joints,
    identity_of_joints,
    joint_frames,
    pool,
)
from bupose.evaluate.tracking.report import TrackReport
from bupose.evaluate.tracking.results import read_found
from bupose.evaluate.tracking.tracks import Tracks, Truth
from bupose.evaluate.tracking.truth import read_truth
from bupose.options import choose
from bupose.skeleton import Skeleton


def evaluate_tracks(
    results: str | Path | Sequence[Mapping] | Mapping,
    annotations: str | Path | Mapping | Truth,
    *,
    protocol: str = "auto",
    skeleton: str | Path | Skeleton | None = None,
    category: str | int | None = None,
    poseval: PosevalOptions | None = None,
) -> TrackReport:
    """Evaluate the people found in videos, and who they are.

    Parameters
    ----------
    results : path or content
        COCO results with a ``track_id``, PoseTrack's results, MOTChallenge's boxes, or a mapping of frame (a picture's
        id, or a number from 1) to People with ids.
    annotations : path or content
        As for :func:`bupose.evaluate.tracking.read_truth`.
    protocol : "posetrack", "mot" or "auto"
        PoseTrack's measures of joints, or MOTChallenge's of whole people; by default the former where heads have
        boxes.
    skeleton, category
        As for :func:`bupose.evaluate.read_ground_truth`; where people are annotated by boxes, the skeleton of COCO
        results, by default COCO's.
    poseval : PosevalOptions, optional
        Where PoseTrack's evaluation is mended.

    Raises
    ------
    InputError, LabelsError
        The files are not annotations with ids, or not results for them.
    OptionsError
        An unknown protocol.
    """
    truth = (
        annotations if isinstance(annotations, Truth) else read_truth(annotations, skeleton=skeleton, category=category)
    )
    choose(protocol, ("auto", *PROTOCOLS), "protocol")
    if protocol == "auto":
        protocol = "posetrack" if truth.has_heads else "mot"
    found, notes = read_found(results, truth, skeleton)
    report = PROTOCOLS[protocol](truth, found, PosevalOptions() if poseval is None else poseval)
    return report.noting(*truth.notes, *notes)


def _evaluate_joints(truth: Truth, found: Sequence[Tracks], options: PosevalOptions) -> TrackReport:
    """PoseTrack's measures, joint by joint."""
    if not truth.has_heads:
        raise LabelsError("PoseTrack's measures need the heads' boxes, which the annotations lack; use protocol=mot")
    joints = truth.joints
    k, videos = len(joints), []
    clear, identity = [Clear()] * k, [Identity()] * k
    hota, total = [Hota.nothing()] * k, Hota.nothing()
    frames: list[JointFrame] = []
    for one, theirs in zip(truth.videos, found, strict=True):
        mine = joint_frames(one, theirs, options)
        frames += mine
        c, i = clear_of_joints(mine, k, options), identity_of_joints(mine, k)
        h = hota_of_joints(mine, k, options)
        together = pool(h, options)
        videos.append({"video": one.name, **_total(average_precision(mine, k), c, i, together)})
        clear, identity, hota = _add(clear, c), _add(identity, i), _add(hota, h)
        total = total + together
    ap = average_precision(frames, k)
    rows = [
        {"joint": joint, "AP": a, "MOTA": c.mota, "MOTP": c.motp, "precision": c.precision, "recall": c.recall,
         "HOTA": h.scores()["HOTA"], "IDF1": i.idf1, "objects": c.objects, "missed": c.missed, "false": c.false,
         "switches": c.switches}
        for joint, a, c, i, h in zip(joints, ap.tolist(), clear, identity, hota, strict=True)
    ]  # fmt: skip
    return TrackReport("posetrack", _total(ap, clear, identity, total), videos, rows)


def _total(ap: np.ndarray, clear: Sequence[Clear], identity: Sequence[Identity], hota: Hota) -> dict[str, float]:
    """All joints together: means over joints for mAP and poseval's measures."""
    scores, who = hota.scores(), sum(identity, Identity())
    means = {name: _mean([getattr(c, attribute) for c in clear]) for name, attribute in _MEANS.items()}
    counts = sum(clear, Clear())
    return {
        "mAP": _mean(ap),
        **means,
        **{name: scores[name] for name in ("HOTA", "DetA", "AssA")},
        "IDF1": who.idf1,
        "objects": counts.objects,
        "missed": counts.missed,
        "false": counts.false,
        "switches": counts.switches,
    }


_MEANS = {"MOTA": "mota", "MOTP": "motp", "precision": "precision", "recall": "recall"}


def _mean(values: Sequence[float] | np.ndarray) -> float:
    known = np.asarray(values)[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def _add(a: Sequence, b: Sequence) -> list:
    return [x + y for x, y in zip(a, b, strict=True)]


def _evaluate_people(truth: Truth, found: Sequence[Tracks], options: PosevalOptions) -> TrackReport:
    """MOTChallenge's measures."""
    counts = [count_people(one, theirs, truth.sigmas) for one, theirs in zip(truth.videos, found, strict=True)]
    videos = [{"video": one.name, **c.scores()} for one, c in zip(truth.videos, counts, strict=True)]
    return TrackReport("mot", sum(counts, Counts.nothing()).scores(), videos)


PROTOCOLS = {"posetrack": _evaluate_joints, "mot": _evaluate_people}
