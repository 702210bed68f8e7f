"""Trace of grouping by tags, for explanations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bupose.methods.trace import Trace


@dataclass(frozen=True, repr=False)
class TagTrace(Trace):
    """The intermediate results of ``TagCodec.explain``.

    A link leads from the first peak of a person (``first``) to a peak that might have joined it (``second``). ``kind``
    is the joint of the second, ``score`` the distance of its tag from the person's mean so far.
    """

    evidence_words: ClassVar[tuple[str, ...]] = ("tag distance", "weight")

    def kind_name(self, m: int) -> str:
        """As ``left wrist → person's tag``."""
        return f"{self.joint_name(self.links.kind[m])} → person's tag"

    def reason(self, m: int) -> str:
        """One sentence: why the peak was or was not assigned to the person."""
        links = self.links
        first, second, kind = int(links.first[m]), int(links.second[m]), int(links.kind[m])
        at = f"tag distance {links.score[m]:.2f} to {self.person_name(first)}"
        if links.used[m]:
            return f"used: {at}"
        if not links.score[m] < self.options.tag_threshold:
            return f"rejected: {at}, from {self.options.tag_threshold:g} on it is somebody else"
        rivals = np.flatnonzero(links.used & (links.kind == kind) & ((links.first == first) | (links.second == second)))
        why = [
            f"{links.score[r]:.2f} to {self.person_name(int(links.first[r]))}, who has it"
            if links.second[r] == second
            else f"another {self.joint_name(kind)} went there at {links.score[r]:.2f}"
            for r in rivals
        ]
        return f"rejected: {at}; {', and '.join(why)}"
