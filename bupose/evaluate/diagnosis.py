"""Error diagnosis of joints and people, after Ronchi & Perona 2017.

"Benchmarking and Error Diagnosis in Multi-Instance Pose Estimation", ICCV 2017: every labelled joint of a found person
(object keypoint similarity of at least 0.1) is one of

- **good**: keypoint similarity of at least 0.85, as exact as human annotation;
- **jitter**: 0.5 to 0.85, right but inexact;
- **inversion**: closer to the same joint of the other side (left for right);
- **swap**: closer to that joint, or its mirror image, of another person;
- **miss**: similarity below 0.5;
- **absent**: not predicted. The paper, about methods that predict every joint, counts these as misses.

A predicted person without a match is a **duplicate** if it is similar (0.1) to somebody already matched, such as the
second half of a split person; else it is **background**.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bupose.evaluate.ground_truth import GroundTruth
from bupose.evaluate.oks import keypoint_similarity
from bupose.evaluate.person_matching import LOOSE, Matched
from bupose.skeleton import mirror_name

KINDS = ("good", "jitter", "inversion", "swap", "miss", "absent")
GOOD, NEAR = 0.85, 0.5
_SIZES = {"small (area below 32²)": (0, 32**2), "medium": (32**2, 96**2), "large (area from 96²)": (96**2, np.inf)}
_LABELLED = {"1-5 joints labelled": (1, 6), "6-10": (6, 11), "11-15": (11, 16), "16 or more": (16, np.inf)}
_TOUCHING = {"apart from others": (0, 0.1), "overlapping others (box IoU from 0.1)": (0.1, np.inf)}


@dataclass(frozen=True)
class PictureErrors:
    """One picture's errors.

    Parameters
    ----------
    matched : Matched
    kinds : int array (P, K)
        Index in ``KINDS`` of each predicted joint; −1 without a labelled counterpart.
    duplicate, background : int arrays
        Indices of predicted people.
    """

    matched: Matched
    kinds: np.ndarray
    duplicate: np.ndarray
    background: np.ndarray

    @property
    def badness(self) -> int:
        """Number of wrong joints: of found people (except jitter), of missed people, and of false positives."""
        m = self.matched
        wrong = (self.kinds >= KINDS.index("inversion")).sum() + m.seen[m.missed].sum()
        return int(wrong + np.isfinite(m.xy[self.background, :, 0]).sum())


@dataclass(frozen=True)
class Diagnosis:
    """Error counts of a data set.

    Parameters
    ----------
    joints : K names
    kinds : int array (K, 6)
        Labelled joints of found people by kind (``KINDS``).
    similarity : float array (K,)
        Mean keypoint similarity of these joints; 0 where absent.
    lost : int array (K,)
        Labelled joints of missed people.
    people : dict of counts
        ``annotated found missed predicted duplicate background ignored``
    missed : dict of group to (missed, annotated)
    pictures : list of PictureErrors
        The worst first.
    """

    joints: tuple[str, ...]
    kinds: np.ndarray
    similarity: np.ndarray
    lost: np.ndarray
    people: dict[str, int]
    missed: dict[str, tuple[int, int]]
    pictures: list[PictureErrors]

    def shares(self) -> dict[str, float]:
        """Percent of all labelled joints, by kind; ``person missed`` for those of missed people."""
        counts = {**dict(zip(KINDS, self.kinds.sum(0), strict=True)), "person missed": self.lost.sum()}
        whole = max(int(sum(counts.values())), 1)
        return {kind: 100 * int(n) / whole for kind, n in counts.items()}


def diagnose(pictures: Sequence[Matched], truth: GroundTruth) -> Diagnosis:
    """Errors of matched pictures (:func:`bupose.evaluate.person_matching.match_all`)."""
    k = len(truth.joints)
    kinds, lost, total = np.zeros((k, len(KINDS)), int), np.zeros(k, int), np.zeros(k)
    groups = {name: [0, 0] for name in (*_SIZES, *_LABELLED, *_TOUCHING)}
    out = []
    for m in pictures:
        joint_kinds, similarity = classify_joints(m, truth)
        for kind in range(len(KINDS)):
            kinds[:, kind] += (joint_kinds == kind).sum(0)
        total += np.where(joint_kinds >= 0, similarity, 0).sum(0)
        lost += m.seen[m.missed].sum(0)
        like = m.similarity[m.false][:, ~m.ignored]
        resembles = (like >= LOOSE).any(1)
        out.append(PictureErrors(m, joint_kinds, m.false[resembles], m.false[~resembles]))
        _count_groups(groups, m, truth.box[m.rows])
    people = {
        "annotated": sum(int((~m.ignored).sum()) for m in pictures),
        "found": sum(len(m.found) for m in pictures),
        "missed": sum(len(m.missed) for m in pictures),
        "predicted": sum(len(m.results) for m in pictures),
        "duplicate": sum(len(p.duplicate) for p in out),
        "background": sum(len(p.background) for p in out),
    }
    people["ignored"] = people["predicted"] - people["found"] - people["duplicate"] - people["background"]
    out.sort(key=lambda p: -p.badness)
    missed = {name: (n, whole) for name, (n, whole) in groups.items()}
    return Diagnosis(truth.joints, kinds, total / np.maximum(kinds.sum(1), 1), lost, people, missed, out)


def classify_joints(m: Matched, truth: GroundTruth) -> tuple[np.ndarray, np.ndarray]:
    """Kind (P, K) of every joint, −1 if not labelled, and its keypoint similarity (P, K)."""
    mirror = [truth.joints.index(n) if (n := mirror_name(j)) in truth.joints else k for k, j in enumerate(truth.joints)]
    kinds = np.full(m.xy.shape[:2], -1)
    own_similarity = np.zeros(m.xy.shape[:2])
    for p, q in m.found:
        order = np.r_[q, np.setdiff1d(np.arange(len(m.truth)), q)]  # the person's own come first and win ties
        same, swapped = (
            keypoint_similarity(((m.truth[order][:, k] - m.xy[p]) ** 2).sum(2), m.area[order], truth.sigmas)
            * m.seen[order][:, k]
            for k in (slice(None), mirror)
        )
        candidates = np.concatenate([same, swapped])
        best, which = candidates.max(0), candidates.argmax(0)
        kind = np.full(len(truth.joints), KINDS.index("swap"))
        kind[which == len(order)] = KINDS.index("inversion")
        kind[which == 0] = KINDS.index("jitter")
        kind[(which == 0) & (best >= GOOD)] = KINDS.index("good")
        kind[best < NEAR] = KINDS.index("miss")
        kind[np.isnan(m.xy[p, :, 0])] = KINDS.index("absent")
        kinds[p] = np.where(m.seen[q], kind, -1)
        own_similarity[p] = same[0]
    return kinds, own_similarity


def _count_groups(groups: Mapping[str, list[int]], m: Matched, box: np.ndarray) -> None:
    counted = np.flatnonzero(~m.ignored)
    touching = _largest_overlap(box, counted)
    missed = np.isin(counted, m.missed)
    values = ((_SIZES, m.area[counted]), (_LABELLED, m.seen[counted].sum(1)), (_TOUCHING, touching))
    for table, value in values:
        for name, (low, high) in table.items():
            inside = (value >= low) & (value < high)
            groups[name][0] += int((inside & missed).sum())
            groups[name][1] += int(inside.sum())


def _largest_overlap(box: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """float64: for each row the largest intersection over union of its box with another row's."""
    low, high = box[rows, :2], box[rows, :2] + box[rows, 2:]
    side = np.maximum(np.minimum(high[:, None], high) - np.maximum(low[:, None], low), 0)
    common, size = side.prod(2), box[rows, 2:].prod(1)
    ratio = common / np.maximum(size[:, None] + size - common, 1e-9)
    np.fill_diagonal(ratio, 0)
    return ratio.max(1, initial=0)
