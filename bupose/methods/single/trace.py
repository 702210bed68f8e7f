"""Trace of reading a single person, for explanations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bupose.methods.peaks import Peaks
from bupose.methods.trace import Links, Trace


@dataclass(frozen=True, repr=False)
class SingleTrace(Trace):
    """The intermediate results of ``SingleCodec.explain``.

    A link leads from the person's clearest joint (``first``) to a candidate (``second``). ``kind`` is the joint of the
    second, ``score`` its heat.
    """

    evidence_words: ClassVar[tuple[str, ...]] = ("heat", "weight")

    def kind_name(self, m: int) -> str:
        """As ``left wrist of the person``."""
        return f"{self.joint_name(self.links.kind[m])} of the person"

    def reason(self, m: int) -> str:
        """One sentence: why the candidate is or is not the person's joint."""
        kind, heat = int(self.links.kind[m]), self.links.score[m]
        told = self.people.hidden is not None and len(self.people) and self.people.hidden[0, kind]
        seen = " where something hides it" if told else ""
        if self.links.used[m]:
            return f"used: the highest candidate of the {self.joint_name(kind)}{seen}, heat {heat:.2f}"
        (best,) = np.flatnonzero(self.links.used & (self.links.kind == kind))
        return f"rejected: heat {heat:.2f}, another {self.joint_name(kind)} has {self.links.score[best]:.2f}"


def link_candidates(peaks: Peaks, members: np.ndarray) -> Links:
    """A link to each of the N candidates; ``members``, int32 (K,), are those of the person, -1 for none."""
    rows = np.arange(len(peaks), dtype=np.int32)
    chosen = members[members >= 0]
    first = chosen[peaks.score[chosen].argmax()] if len(chosen) else 0
    return Links(
        np.full(len(rows), first, np.int32), rows, peaks.joint, peaks.score, peaks.score, np.isin(rows, chosen)
    )
