"""Trace of decoding part affinity fields, for explanations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bupose.kernels import reference
from bupose.methods.paf.fields import Fields
from bupose.methods.paf.limbs import TRUSTED_LENGTH, LimbCandidates
from bupose.methods.trace import Trace
from bupose.wording import counted


@dataclass(frozen=True, repr=False)
class FieldTrace(Trace):
    """The intermediate results of a ``FieldCodec``; its links are the limb candidates, their ``kind`` is the limb.

    Parameters
    ----------
    candidates : LimbCandidates
    overlong : bool array (M,)
        Too long for their person, and excluded from the matching.
    matched : bool array (M,)
        Chosen by the matching among the candidates of its limb.
    used : bool array (M,)
        Both ends belong to one person.
    """

    link_word: ClassVar[str] = "limb"
    evidence_words: ClassVar[tuple[str, ...]] = ("score", "weight", "share")

    maps: Fields
    candidates: LimbCandidates
    overlong: np.ndarray
    matched: np.ndarray
    used: np.ndarray

    def __repr__(self) -> str:
        limbs = f"{counted(len(self.candidates), 'candidate limb')}, {int(self.used.sum())} used"
        return f"FieldTrace({counted(len(self.peaks), 'joint candidate')}, {limbs}, {self.people!r})"

    @property
    def fields(self) -> Fields:
        """The maps."""
        return self.maps

    def kind_name(self, m: int) -> str:
        """As ``left elbow → left wrist``."""
        return self.maps.skeleton.limb_names[int(self.candidates.limb[m])].replace("-", " → ").replace("_", " ")

    def evidence(self, m: int) -> tuple[float, ...]:
        """Score, weight and share of candidate ``m``, see ``LimbCandidates``."""
        return tuple(
            float(values[m]) for values in (self.candidates.score, self.candidates.weight, self.candidates.share)
        )

    def fate(self, m: int) -> str:
        """``used``; ``matched``, but its joints belong to different people; or ``rejected``."""
        return "used" if self.used[m] else "matched" if self.matched[m] else "rejected"

    def samples(self, m: int) -> tuple[np.ndarray, np.ndarray]:
        """Points of candidate ``m``'s line, float32 (S, 2) pixels, and the field's projections there, float32 (S,)."""
        limb, a, b = self.candidates.ids[m]
        ends = np.concatenate([self.peaks.xy[a], self.peaks.xy[b]])
        options = self.options
        xy, projection = reference.project_samples(self.fields.paf, limb, ends, int(options.samples), TRUSTED_LENGTH)
        return self.fields.grid.to_pixels(xy).astype(np.float32), projection.astype(np.float32)

    def reason(self, m: int) -> str:
        """One sentence: why candidate ``m`` was or was not used."""
        c, skeleton = self.candidates, self.fields.skeleton
        limb, a, b = (int(i) for i in c.ids[m])
        first, second = (name.replace("_", " ") for name in skeleton.limbs[limb])
        weight = f"weight {c.weight[m]:.2f}"
        p, q = (self.person_name(peak) for peak in (a, b))
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
