"""Trace of a regressed person, for explanations."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.methods.trace import Trace


@dataclass(frozen=True, repr=False)
class RegressionTrace(Trace):
    """The result of ``RegressionCodec.explain``: each joint is its only candidate, and linked to the surest one."""

    def kind_name(self, m: int) -> str:
        """As ``left wrist of the person``."""
        return f"{self.joint_name(self.links.kind[m])} of the person"

    def reason(self, m: int) -> str:
        """One sentence: there is no choice."""
        return f"the only {self.joint_name(self.links.kind[m])} that the network says, score {self.links.score[m]:.2f}"
