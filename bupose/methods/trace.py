"""Every step of a decoding, kept so that a join can be understood: what viewers need of any method."""

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
    """M possible joins of two joint candidates.

    Parameters
    ----------
    first, second : int32 arrays (M,)
        Rows of the peaks.
    kind : int32 array (M,)
        What is joined: a limb, or a joint and its person.
    score, weight : float32 arrays (M,)
        What the maps say of the join, and what the matching makes of it.
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
    """What ``Codec.explain`` saw and decided.

    Parameters
    ----------
    maps : Maps
        As they were read.
    options : decode options
    peaks : Peaks
        Joint candidates, cells.
    members : int32 array (P, K)
        Row of the peak that each person's joint came from, also where its score was too low to show it; -1 for absent
        and completed joints.
    people : People
        Pixels of the grid.
    links : Links

    Attributes
    ----------
    link_word : str
        What a link is called in tables and sentences.
    evidence_words : tuple of str
        What the numbers of :meth:`evidence` are called; the first is what the method goes by.
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
        """What link ``m`` joins, as ``left elbow → left wrist``."""
        raise NotImplementedError

    def evidence(self, m: int) -> tuple[float, ...]:
        """What speaks for or against link ``m``, a number for each of ``evidence_words``."""
        return float(self.links.score[m]), float(self.links.weight[m])

    def target(self, m: int) -> np.ndarray | None:
        """Where the maps expect the second end of link ``m``, float32 (2,) pixels; None where they do not say."""
        return None

    def links_of(self, peak: int) -> np.ndarray:
        """Rows of the links that begin or end at a peak: used ones first, then by weight."""
        rows = np.flatnonzero((self.links.first == peak) | (self.links.second == peak))
        fates = np.array([self.fate(int(m)) for m in rows])
        return rows[np.lexsort((-self.links.weight[rows], fates != "used"))]

    def fate(self, m: int) -> str:
        """``used``; ``matched``, yet in no person who is listed; or ``rejected``."""
        if not self.links.used[m]:
            return "rejected"
        return "used" if self.person_of(int(self.links.second[m])) >= 0 else "matched"

    def reason(self, m: int) -> str:
        """One sentence: why link ``m`` was or was not used."""
        raise NotImplementedError

    def person_of(self, peak: int) -> int:
        """The person who has a peak, -1 if nobody."""
        rows = np.flatnonzero((self.members == peak).any(1))
        return int(rows[0]) if len(rows) else -1

    def person_name(self, peak: int) -> str:
        """The person who has a peak, in sentences."""
        person = self.person_of(peak)
        return f"person {person}" if person >= 0 else "a group too faint to list"

    def joint_name(self, k: int) -> str:
        """Joint ``k`` in sentences; the number after the last is a person's centre."""
        joints = self.maps.skeleton.joints
        return joints[k].replace("_", " ") if k < len(joints) else "centre"
