"""Traces of decoding, for explanations: what viewers need of any method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bupose.maps import Maps
from bupose.methods.peaks import Peaks
from bupose.people import People
from bupose.wording import counted


@dataclass(frozen=True, repr=False)
class Links:
    """M possible links between two joint candidates.

    Parameters
    ----------
    first, second : int32 arrays (M,)
        Rows of the peaks.
    kind : int32 array (M,)
        What is linked: a limb, or a joint and its person.
    score, weight : float32 arrays (M,)
        Evidence for the link, and its weight in the matching.
    used : bool array (M,)
        Chosen by the matching.
    """

    first: np.ndarray
    second: np.ndarray
    kind: np.ndarray
    score: np.ndarray
    weight: np.ndarray
    used: np.ndarray

    def __repr__(self) -> str:
        return f"Links({len(self)}, {int(self.used.sum())} used)"

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True, repr=False)
class Trace:
    """The intermediate results of ``Codec.explain``.

    Parameters
    ----------
    maps : Maps
        The decoded maps.
    options : decode options
    peaks : Peaks
        Joint candidates, cells.
    members : int32 array (P, K)
        Index of the peak of each person's joint, also if its score was too low to keep it; -1 for absent and completed
        joints.
    people : People
        Pixels of the grid.
    links : Links

    Attributes
    ----------
    link_word : str
        Name of a link in tables and sentences.
    evidence_words : tuple of str
        Names of the numbers of :meth:`evidence`, the decisive one first.
    """

    link_word: ClassVar[str] = "link"
    evidence_words: ClassVar[tuple[str, ...]] = ("score", "weight")

    maps: Maps
    options: Any
    peaks: Peaks
    members: np.ndarray
    people: People
    links: Links

    def __repr__(self) -> str:
        links = f"{counted(len(self.links), 'possible link')}, {int(self.links.used.sum())} used"
        return f"{type(self).__name__}({counted(len(self.peaks), 'joint candidate')}, {links}, {self.people!r})"

    def kind_name(self, m: int) -> str:
        """The name of link ``m``, as ``left elbow → left wrist``."""
        raise NotImplementedError

    def evidence(self, m: int) -> tuple[float, ...]:
        """The evidence for link ``m``, a number for each of ``evidence_words``."""
        return float(self.links.score[m]), float(self.links.weight[m])

    def target(self, m: int) -> np.ndarray | None:
        """The predicted position of the second end of link ``m``, float32 (2,) pixels; None without a prediction."""
        return None

    def links_of(self, peak: int) -> np.ndarray:
        """Rows of the links at a peak: used ones first, then by weight."""
        rows = np.flatnonzero((self.links.first == peak) | (self.links.second == peak))
        fates = np.array([self.fate(int(m)) for m in rows])
        return rows[np.lexsort((-self.links.weight[rows], fates != "used"))]

    def fate(self, m: int) -> str:
        """``used``; ``matched``, but its person was dropped; or ``rejected``."""
        if not self.links.used[m]:
            return "rejected"
        return "used" if self.person_of(int(self.links.second[m])) >= 0 else "matched"

    def reason(self, m: int) -> str:
        """One sentence: why link ``m`` was or was not used."""
        raise NotImplementedError

    def person_of(self, peak: int) -> int:
        """The person with this peak, -1 if none."""
        rows = np.flatnonzero((self.members == peak).any(1))
        return int(rows[0]) if len(rows) else -1

    def person_name(self, peak: int) -> str:
        """The person with this peak, for sentences."""
        person = self.person_of(peak)
        return f"person {person}" if person >= 0 else "a group too faint to list"

    def joint_name(self, k: int) -> str:
        """The name of joint ``k`` for sentences; K is a person's centre."""
        joints = self.maps.skeleton.joints
        return joints[k].replace("_", " ") if k < len(joints) else "centre"
