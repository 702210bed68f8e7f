"""Precision of the people shown: correct joints, and impossible limbs."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bupose.evaluate.ground_truth import GroundTruth
from bupose.evaluate.oks import keypoint_similarity
from bupose.evaluate.person_matching import Matched
from bupose.wording import counted

FOUND = 0.3  # object keypoint similarity from which a prediction is of this person
RIGHT = 0.3  # keypoint similarity from which a joint is right
IMPOSSIBLE = 5.0  # of the person's median limb


@dataclass(frozen=True)
class Shown:
    """Precision of the people shown.

    Parameters
    ----------
    people : int
        Shown.
    found : int
        Of them, annotated people: object keypoint similarity of at least 0.3.
    joints : int
        Shown joints of found people that are annotated.
    right : int
        Of them, those with a keypoint similarity above 0.3.
    impossible : int
        People with a limb over five times as long as their median limb.
    """

    people: int
    found: int
    joints: int
    right: int
    impossible: int

    @property
    def precision(self) -> float:
        """Percent of joints that are right; NaN if there are none."""
        return 100 * self.right / self.joints if self.joints else float("nan")

    def sentence(self) -> str:
        """In words."""
        share = f" ({self.precision:.1f} %)" if self.joints else ""
        return (
            f"{counted(self.people, 'person')}, {self.found} of them annotated; {self.right} of "
            f"{counted(self.joints, 'joint')} right{share}; "
            f"{counted(self.impossible, 'person')} with an impossible limb"
        )


def count_shown(pictures: Sequence[Matched], truth: GroundTruth) -> Shown:
    """Count over pictures matched (:func:`bupose.evaluate.person_matching.match_all`) from a similarity of 0.3."""
    joints = right = 0
    for m in pictures:
        for p, q in m.found:
            similarity = keypoint_similarity(((m.truth[q] - m.xy[p]) ** 2).sum(1), m.area[q], truth.sigmas)
            both = m.seen[q] & ~np.isnan(m.xy[p, :, 0])
            joints, right = joints + int(both.sum()), right + int((similarity[both] > RIGHT).sum())
    return Shown(
        people=sum(len(m.xy) for m in pictures),
        found=sum(len(m.found) for m in pictures),
        joints=joints,
        right=right,
        impossible=sum(int(_impossible(m.xy, truth.limbs()).sum()) for m in pictures),
    )


def _impossible(xy: np.ndarray, limbs: np.ndarray) -> np.ndarray:
    """bool (P,): people (P, K, 2) with a limb, of (L, 2) joints, far longer than their other limbs."""
    length = np.linalg.norm(xy[:, limbs[:, 0]] - xy[:, limbs[:, 1]], axis=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # people without any limb
        usual = np.nanmedian(length, 1, keepdims=True)
    return (length > IMPOSSIBLE * usual).any(1)
