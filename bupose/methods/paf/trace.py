"""Every step of a decoding, kept so that a join can be understood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bupose.kernels import reference
from bupose.methods.paf.fields import Fields
from bupose.methods.paf.limbs import TRUSTED_LENGTH, LimbCandidates
from bupose.methods.paf.options import DecodeOptions
from bupose.methods.peaks import Peaks
from bupose.people import People
from bupose.wording import counted


@dataclass(frozen=True, repr=False)
class Trace:
    """What ``codec.explain`` saw and decided.

    Parameters
    ----------
    fields : Fields
    options : DecodeOptions
    peaks : Peaks
        Joint candidates, cells.
    candidates : LimbCandidates
    overlong : bool array (M,)
        Too long for their person, and left out of the matching.
    matched : bool array (M,)
        Chosen by the matching among the candidates of its limb.
    used : bool array (M,)
        Has both ends in one person.
    members : int32 array (P, K)
        Row of the peak that each person's joint came from, also where its score was too low to show it; -1 for absent
        and completed joints.
    people : People
        Pixels of the grid.
    """

    fields: Fields
    options: DecodeOptions
    peaks: Peaks
    candidates: LimbCandidates
    overlong: np.ndarray
    matched: np.ndarray
    used: np.ndarray
    members: np.ndarray
    people: People

    def __repr__(self) -> str:
        limbs = f"{counted(len(self.candidates), 'candidate limb')}, {int(self.used.sum())} used"
        return f"Trace({counted(len(self.peaks), 'joint candidate')}, {limbs}, {self.people!r})"

    def samples(self, m: int) -> tuple[np.ndarray, np.ndarray]:
        """Points of candidate ``m``'s line, float32 (S, 2) pixels, and the field's projections there, float32 (S,)."""
        limb, a, b = self.candidates.ids[m]
        ends = np.concatenate([self.peaks.xy[a], self.peaks.xy[b]])
        options = self.options
        xy, projection = reference.project_samples(self.fields.paf, limb, ends, int(options.samples), TRUSTED_LENGTH)
        return self.fields.grid.to_pixels(xy).astype(np.float32), projection.astype(np.float32)

    def person_of(self, peak: int) -> int:
        """The person who has a peak, -1 if nobody."""
        rows = np.flatnonzero((self.members == peak).any(1))
        return int(rows[0]) if len(rows) else -1

    def reason(self, m: int) -> str:
        """One sentence: why candidate ``m`` was or was not used."""
        c, skeleton = self.candidates, self.fields.skeleton
        limb, a, b = (int(i) for i in c.ids[m])
        first, second = (name.replace("_", " ") for name in skeleton.limbs[limb])
        weight = f"weight {c.weight[m]:.2f}"
        p, q = (f"person {i}" if i >= 0 else "a group too faint to list" for i in map(self.person_of, (a, b)))
        if self.used[m]:
            return f"used ({weight}): {p} has both joints"
        if self.overlong[m]:
            most = f"{self.options.max_limb_ratio:g} times the usual"
            return f"left out ({weight}): longer than {most} in a person of that size"
        if self.matched[m]:
            return f"matched, not used ({weight}): {p} and {q} both have a joint of one type, so they stay two"
        same = self.matched & (c.limb == limb)
        rivals = [
            f"{joint} went to a limb of weight {c.weight[r]:.2f}"
            for joint, rows in ((first, same & (c.first == a)), (second, same & (c.second == b)))
            for r in np.flatnonzero(rows)
        ]
        return f"not matched ({weight}): " + (", ".join(rivals) if rivals else "leaving both joints free weighs more")
