"""PoseTrack's measures: mAP and MOTA as poseval counts them, HOTA of joints as PoseTrack21's kit does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bupose.evaluate.tracking.clear import Clear, count_clear
from bupose.evaluate.tracking.hota import Hota, count_hota
from bupose.evaluate.tracking.identity import Identity, count_identity
from bupose.evaluate.tracking.options import PosevalOptions
from bupose.evaluate.tracking.scene import Scene
from bupose.evaluate.tracking.tracks import Tracks, TrueTracks
from bupose.evaluate.undeclared import Undeclared

NEAR = 0.5  # head sizes: a joint up to there is found
HOTA_RANGE = 0.5001  # head sizes: there the similarity reaches 0 (hota_pose.py, distance2sim)


@dataclass(frozen=True)
class JointFrame:
    """The Q annotated and P found people of one frame, joint by joint.

    Parameters
    ----------
    annotated : bool
        Somebody is, perhaps in an ignored region only.
    truth, found : int arrays (Q,), (P,)
        Ids; −1 for a found person without one, who counts in average precision only.
    labelled, shown : bool arrays (Q, K), (P, K)
        Joints that count.
    distance : float64 array (Q, P, K), head sizes
        Infinite where either lacks the joint.
    score : float64 array (P, K)
    """

    annotated: bool
    truth: np.ndarray
    found: np.ndarray
    labelled: np.ndarray
    shown: np.ndarray
    distance: np.ndarray
    score: np.ndarray

    @property
    def one_sided(self) -> bool:
        """Nobody is annotated, or nobody found."""
        return not (len(self.truth) and (self.found >= 0).any())

    def joint(self, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ids of the people with joint ``k``, annotated and found, and their distances (Q', P')."""
        q, p = self.labelled[:, k], self.shown[:, k] & (self.found >= 0)
        return self.truth[q], self.found[p], self.distance[np.ix_(q, p)][..., k]


def joint_frames(truth: TrueTracks, found: Tracks, options: PosevalOptions) -> list[JointFrame]:
    """Each labelled frame, without joints in ignored regions."""
    ids = np.where(truth.ids < 0, -2 - np.arange(len(truth.ids)), truth.ids)  # an unknown person is nobody else
    frames = []
    for n, (q, p) in enumerate(zip(truth.rows, found.rows, strict=True)):
        region = truth.regions.get(n) if options.ignore_regions else None
        annotated = len(q) > 0
        q, true_xy = _outside(truth.xy, q, region)
        p, xy = _outside(found.xy, p, region)
        apart = np.hypot(*np.moveaxis(true_xy[:, None] - xy[None], -1, 0)) / truth.head[q][:, None, None]
        distance = np.where(np.isnan(apart), np.inf, apart)
        labelled, shown = (~np.isnan(one[..., 0]) for one in (true_xy, xy))
        frames.append(JointFrame(annotated, ids[q], found.ids[p], labelled, shown, distance, found.score[p]))
    return frames


def _outside(xy: np.ndarray, rows: np.ndarray, region: Undeclared | None) -> tuple[np.ndarray, np.ndarray]:
    """People and their joints (N', K, 2) outside a region: those left without a joint are left out."""
    xy = xy[rows]
    if region is None:
        return rows, xy
    here = ~np.isnan(xy[..., 0])
    inside = np.zeros(here.shape, bool)
    inside[here] = region.contains(xy[here])
    some = (here & ~inside).any(1)
    return rows[some], np.where(inside[..., None], np.nan, xy)[some]


def average_precision(frames: Sequence[JointFrame], joints: int) -> np.ndarray:
    """float64 (K,), percent: average precision of each joint over all frames; NaN if it is never labelled.

    poseval, ``assignGTmulti``, ``computeRPC`` and ``VOCap``: each found person goes to the annotated one of whom it
    has most joints, each annotated person keeps the best of them, and the joints of all others are false.
    """
    scores: list[np.ndarray] = [np.zeros((0, joints))]
    right: list[np.ndarray] = [np.zeros((0, joints), bool)]
    labelled = np.zeros(joints)
    for frame in frames:
        if not frame.annotated:
            continue
        hit = frame.distance <= NEAR
        share = hit.sum(2) / np.maximum(frame.labelled.sum(1), 1)[:, None]
        correct = np.zeros(frame.shown.shape, bool)
        if share.size:
            best = share * (np.arange(len(share))[:, None] == share.argmax(0))
            mine = best.argmax(1)  # of each annotated person
            taken = best.max(1) > 0
            correct[mine[taken]] = hit[taken, mine[taken]]
        labelled += frame.labelled.sum(0)
        scores.append(np.where(frame.shown, frame.score, np.nan))
        right.append(correct)
    columns = zip(np.concatenate(scores).T, np.concatenate(right).T, labelled, strict=True)
    return np.array([_average_precision(s[~np.isnan(s)], r[~np.isnan(s)], n) for s, r, n in columns])


def _average_precision(scores: np.ndarray, right: np.ndarray, labelled: float) -> float:
    """Percent: the area below precision made monotonous, over recall (Pascal VOC 2010)."""
    if not labelled:
        return float("nan")
    hits = right[np.argsort(-scores, kind="stable")].cumsum()
    precision = np.maximum.accumulate((hits / np.arange(1, len(hits) + 1))[::-1])[::-1]
    return 100 * float((np.diff(hits, prepend=0) * precision).sum()) / labelled


def clear_of_joints(frames: Sequence[JointFrame], joints: int, options: PosevalOptions) -> list[Clear]:
    """The counts of each joint in one video, for MOTA (poseval, ``evaluateTracking``)."""
    annotated = [frame for frame in frames if frame.annotated]
    annotated = annotated if options.last_frame else annotated[:-1]
    counts = []
    for k in range(joints):
        full = [one for one in annotated if options.one_sided or not one.one_sided]
        clear = count_clear(_scene(full, k, lambda apart: 1 - np.minimum(apart, 2)), 1 - NEAR)
        once = len(annotated) - len(full)
        counts.append(clear + Clear(objects=once, missed=once, false=once))
    return counts


def identity_of_joints(frames: Sequence[JointFrame], joints: int) -> list[Identity]:
    """The counts of each joint in one video, for IDF1."""
    return [count_identity(_scene(frames, k, lambda apart: 1 - np.minimum(apart, 2)), 1 - NEAR) for k in range(joints)]


def hota_of_joints(frames: Sequence[JointFrame], joints: int, options: PosevalOptions) -> list[Hota]:
    """The counts of each joint in one video, for HOTA (PoseTrack21, ``hota_pose.py``)."""
    counts = []
    for k in range(joints):
        hota = count_hota(_scene(frames, k, lambda apart: np.maximum(1 - apart / HOTA_RANGE, 0)), aligned=False)
        counts.append(hota if options.one_sided else _as_the_kit(hota, frames, k))
    return counts


def _as_the_kit(hota: Hota, frames: Sequence[JointFrame], k: int) -> Hota:
    """With all joints of the video for each frame without an annotated or a found person."""
    joints = np.array([[len(part) for part in frame.joint(k)[:2]] for frame in frames])
    people = np.array([[len(frame.truth) > 0, (frame.found >= 0).any()] for frame in frames])
    if not len(frames) or not people.any(0).all():
        return hota
    both, bare = people.all(1), ~people[:, 0]
    anew = joints.sum(0) * [(people[:, 0] & ~both).sum(), bare.sum()]
    objects, found = joints[both].sum(0) + anew
    one = np.ones_like(hota.matches)
    return replace(hota, objects=one * objects, found=one * found)


def pool(joints: Sequence[Hota], options: PosevalOptions) -> Hota:
    """One video's joints together, as the kit totals them: counts are added, associations averaged over joints."""
    total = Hota.nothing()
    joints = [one for one in joints if not options.absent_joints or one.objects.any()]
    for one in joints:
        total = total + one
    if not joints:
        return total
    mean = {
        name: total.matches * np.mean([getattr(one, name) / np.maximum(1, one.matches) for one in joints], 0)
        for name in ("association", "recalled", "precise")
    }
    return Hota(total.matches, total.objects, total.found, **mean, similarity=total.similarity)


def _scene(frames: Sequence[JointFrame], k: int, alike: Callable[[np.ndarray], np.ndarray]) -> Scene:
    parts = [frame.joint(k) for frame in frames]
    truth, found, apart = zip(*parts, strict=True) if parts else ((), (), ())
    return Scene(truth, found, [alike(one) for one in apart])
