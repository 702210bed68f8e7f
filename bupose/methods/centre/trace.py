"""Trace of decoding by centres, for explanations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bupose.methods.centre.centres import Centres
from bupose.methods.trace import Trace


@dataclass(frozen=True, repr=False)
class CentreTrace(Trace):
    """The intermediate results of ``Codec.explain``.

    A link leads from a person's centre (``first``) to a peak within reach of its predicted joint (``second``); ``kind``
    is the joint. Centres are the last rows of ``peaks``, with joint number K.

    Parameters
    ----------
    centres : Centres
    rows : int array (P,)
        Row of each person's centre.
    """

    centres: Centres
    rows: np.ndarray

    def kind_name(self, m: int) -> str:
        """The names of what link ``m`` joins."""
        return f"person's centre → {self.joint_name(self.links.kind[m])}"

    def target(self, m: int) -> np.ndarray:
        """The joint predicted by the centre of link ``m``, float32 (2,) pixels."""
        place = self.centres.places[self._person(m), self.links.kind[m]]
        pixels: np.ndarray = self.maps.grid.to_pixels(place).astype(np.float32)
        return pixels

    def person_of(self, peak: int) -> int:
        """The person with this peak or centre; -1 if none."""
        centre = peak - int(self.peaks.start[-1])
        if centre < 0:
            return super().person_of(peak)
        listed = np.flatnonzero(self.rows == centre)
        return int(listed[0]) if len(listed) else -1

    def person_name(self, peak: int) -> str:
        """The person with this peak or centre, for sentences."""
        person = self.person_of(peak)
        return f"person {person}" if person >= 0 else "somebody too faint to list"

    def fate(self, m: int) -> str:
        """``used``; ``matched``, but its person was dropped; or ``rejected``."""
        if not self.links.used[m]:
            return "rejected"
        return "used" if self._person(m) in self.rows else "matched"

    def distance(self, m: int) -> float:
        """Distance in cells between link ``m``'s peak and the predicted joint."""
        place = self.centres.places[self._person(m), self.links.kind[m]]
        return float(np.hypot(*(self.peaks.xy[self.links.second[m]] - place)))

    def reason(self, m: int) -> str:
        """One sentence: why the centre was or was not assigned the peak."""
        links, who = self.links, self.person_name(int(self.links.first[m]))
        at = f"{self.distance(m):.1f} cells from where {who}'s centre points"
        weight, joint = f"weight {links.weight[m]:.2f}", self.joint_name(links.kind[m])
        if self.fate(m) == "used":
            return f"used ({weight}): {at}"
        if links.used[m]:
            return f"matched, not used ({weight}): {at}, who is not listed"
        same = links.used & (links.kind == links.kind[m])
        rivals = [f"{self.person_name(int(links.first[r]))} has it ({links.weight[r]:.2f})"
                  for r in np.flatnonzero(same & (links.second == links.second[m]))]  # fmt: skip
        rivals += [f"{who} has a {joint} of weight {links.weight[r]:.2f}"
                   for r in np.flatnonzero(same & (links.first == links.first[m]))]  # fmt: skip
        return f"not matched ({weight}): {at}; " + " and ".join(rivals)

    def _person(self, m: int) -> int:
        """Row of link ``m``'s centre."""
        return int(self.links.first[m]) - int(self.peaks.start[-1])
