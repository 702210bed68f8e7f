"""Every step of a decoding, kept so that a join can be understood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bupose.codec.limbs import LimbCandidates
from bupose.codec.options import DecodeOptions
from bupose.codec.peaks import Peaks
from bupose.fields import Fields
from bupose.kernels import reference
from bupose.people import People


@dataclass(frozen=True)
class Trace:
    """What :meth:`FieldCodec.explain` saw and decided.

    Parameters
    ----------
    fields : Fields
    options : DecodeOptions
    peaks : Peaks
        Joint candidates, cells.
    candidates : LimbCandidates
    matched : bool array (M,)
        Chosen by the matching among the candidates of its limb.
    used : bool array (M,)
        Has both ends in one person.
    members : int32 array (P, K)
        Row of the peak that each person's joint came from, -1 for absent and completed joints.
    people : People
        Pixels of the grid.
    """

    fields: Fields
    options: DecodeOptions
    peaks: Peaks
    candidates: LimbCandidates
    matched: np.ndarray
    used: np.ndarray
    members: np.ndarray
    people: People

    def samples(self, m: int) -> tuple[np.ndarray, np.ndarray]:
        """Points of candidate ``m``'s line, float32 (S, 2) pixels, and the field's projections there, float32 (S,)."""
        limb, a, b = self.candidates.ids[m]
        count = int(self.options.samples)
        xy = np.linspace(self.peaks.xy[a], self.peaks.xy[b], count)
        ends = np.concatenate([self.peaks.xy[a], self.peaks.xy[b]])
        projection = reference.project_samples(self.fields.paf, limb, ends, count, self.options.near)
        return self.fields.grid.to_pixels(xy).astype(np.float32), projection.astype(np.float32)

    def person_of(self, peak: int) -> int:
        """The person who has a peak, -1 if nobody."""
        rows = np.flatnonzero((self.members == peak).any(1))
        return int(rows[0]) if len(rows) else -1

    def reason(self, m: int) -> str:
        """One sentence: why candidate ``m`` was or was not used."""
        c, skeleton = self.candidates, self.fields.skeleton
        limb, a, b = (int(i) for i in c.ids[m])
        first, second = skeleton.limbs[limb]
        name = f"{skeleton.limb_names[limb]} of weight {c.weight[m]:.2f}"
        if self.used[m]:
            person = self.person_of(a)
            whose = f"person {person}" if person >= 0 else "a group too small or too faint to be listed"
            return f"used: {name} has both joints in {whose}"
        if self.matched[m]:
            p, q = self.person_of(a), self.person_of(b)
            owners = [f"person {i}" if i >= 0 else "an unlisted group" for i in (p, q)]
            return f"matched but not used: {name} would join {owners[0]} and {owners[1]}, who share a joint type"
        same = self.matched & (c.limb == limb)
        rivals = [
            f"{joint} went to the limb of weight {c.weight[r]:.2f}"
            for joint, rows in ((first, same & (c.first == a)), (second, same & (c.second == b)))
            for r in np.flatnonzero(rows)
        ]
        return f"not matched: for {name}, " + (
            " and ".join(rivals) if rivals else "leaving both joints free weighs more"
        )
