"""What one tab looks at: a sight, its grouping, and what the user has picked; every change gives a new session."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from bupose import geometry, viz
from bupose.explore.sight import Sight
from bupose.methods.paf import DecodeOptions, FieldTrace
from bupose.options import from_dict
from bupose.people import People
from bupose.predict.output import as_coco
from bupose.viz import Plot
from bupose.wording import counted

REACH = 0.03  # of the picture's longer side: how far from a joint a click may be


@dataclass(frozen=True)
class Offer:
    """A candidate limb that a joint was offered.

    Parameters
    ----------
    row : int
        Of ``trace.candidates``.
    limb : str
        As in ``left elbow → left wrist``.
    partner : str
        The joint at the other end, with the number of its peak.
    score, weight, share : float
        See :class:`bupose.methods.paf.LimbCandidates`.
    fate : "used", "matched" or "rejected"
    reason : str
        One sentence.
    """

    row: int
    limb: str
    partner: str
    score: float
    weight: float
    share: float
    fate: str
    reason: str


@dataclass(frozen=True)
class Session:
    """A sight and its grouping.

    Parameters
    ----------
    sight : Sight
    trace : Trace
        In canvas pixels.
    seconds : float
        That the grouping took.
    joint : int, optional
        The picked peak, a row of ``trace.peaks``.
    candidate : int, optional
        The picked candidate limb of this joint, a row of ``trace.candidates``.
    person : int, optional
        The picked person; not while a joint is picked.
    """

    sight: Sight
    trace: FieldTrace
    seconds: float
    joint: int | None = None
    candidate: int | None = None
    person: int | None = None

    @classmethod
    def begin(cls, sight: Sight, options: DecodeOptions) -> Session:
        """Group a sight's people."""
        codec = sight.codec.with_decoder(**vars(options))
        start = time.perf_counter()
        trace = codec.explain(sight.fields)
        return cls(sight, trace, time.perf_counter() - start)

    def regroup(self, values: Mapping) -> Session:
        """The same sight grouped with other decode options; no network runs. The picked joint stays where it is.

        Raises
        ------
        OptionsError
            An unknown option, or a value out of range.
        """
        new = Session.begin(self.sight, from_dict(DecodeOptions, {**vars(self.trace.options), **values}, "decoder"))
        if self.joint is None:
            return new
        old, limb = self.trace.peaks, None if self.candidate is None else self._limb_of(self.candidate)
        at = self.trace.fields.grid.to_pixels(old.xy[self.joint])
        peak = viz.nearest_peak(new.trace, at, int(old.joint[self.joint]))
        if peak is None or np.abs(new.trace.peaks.xy[peak] - old.xy[self.joint]).max() > 0.5:
            return new
        new = replace(new, joint=peak)
        same = [o.row for o in new.offers() if new._limb_of(o.row) == limb]
        return replace(new, candidate=same[0] if same else None).pick_best()

    def _limb_of(self, row: int) -> tuple:
        """What tells a candidate from others, whatever the numbers of peaks: limb, and where it begins and ends."""
        c, xy = self.trace.candidates, self.trace.peaks.xy
        return int(c.limb[row]), *np.rint(2 * np.concatenate([xy[c.first[row]], xy[c.second[row]]])).tolist()

    # --- who is there ---

    @property
    def people(self) -> People:
        """In pixels of the photo."""
        return self.trace.people.transform(geometry.invert(self.sight.matrix))

    def coco(self) -> list[dict]:
        """COCO results, as ``scripts/infer.py`` would write them."""
        return as_coco(self.people, self.sight.image_id, self.sight.category)

    def summary(self) -> str:
        """How many people and joints, and how long it took."""
        people, sight = self.trace.people, self.sight
        found = f"{counted(len(people), 'person')}, {counted(int(people.present.sum()), 'joint')}"
        size = "{}×{} px".format(*sight.size)
        name = sight.name if sight.film is None else f"{sight.name}, frame {sight.film.frame}"
        return f"{found} · grouping {1000 * self.seconds:.1f} ms · network {sight.seconds:.2f} s · {name}, {size}"

    # --- what the user picks ---

    def click(self, xy: tuple[float, float], joints: tuple[int, ...] | None = None) -> Session:
        """Pick the joint at a pixel of the canvas: one that a person has, if one is near, else any peak.

        Parameters
        ----------
        joints : tuple of int, optional
            Only peaks of these joints.

        Returns
        -------
        Session
            With no joint picked where no peak is near.
        """
        trace, reach = self.trace, REACH * max(self.sight.image.shape)
        away = np.hypot(*(trace.fields.grid.to_pixels(trace.peaks.xy) - np.array(xy, np.float32)).T)
        if joints is not None:
            away[~np.isin(trace.peaks.joint, joints)] = np.inf
        mine = np.isin(np.arange(len(away)), trace.members)
        for near in (mine & (away < reach), away < reach):
            if near.any():
                return self.pick_joint(int(np.where(near, away, np.inf).argmin()))
        return replace(self, joint=None, candidate=None, person=None)

    def pick_joint(self, peak: int) -> Session:
        """A peak, and the best limb it was offered."""
        return replace(self, joint=peak, candidate=None, person=None).pick_best()

    def pick_best(self) -> Session:
        """The best limb the joint was offered, unless one is picked."""
        offers = self.offers()
        return self if self.candidate is not None or not offers else replace(self, candidate=offers[0].row)

    def pick_offer(self, n: int) -> Session:
        """The n-th of :meth:`offers`."""
        offers = self.offers()
        return replace(self, candidate=offers[n].row) if 0 <= n < len(offers) else self

    def pick_person(self, n: int) -> Session:
        """A row of ``trace.people``; nobody if it is picked already."""
        person = n if n != self.person and 0 <= n < len(self.trace.people) else None
        return replace(self, joint=None, candidate=None, person=person)

    # --- what is to be said of it ---

    def offers(self) -> list[Offer]:
        """Every candidate limb that the picked joint was offered: used ones first, then by weight."""
        if self.joint is None:
            return []
        c = self.trace.candidates
        rows = np.flatnonzero((c.first == self.joint) | (c.second == self.joint))
        return [self._offer(m) for m in rows[np.lexsort((-c.weight[rows], ~self.trace.used[rows]))]]

    def _offer(self, m: int) -> Offer:
        trace, c, m = self.trace, self.trace.candidates, int(m)
        other = int(c.second[m] if c.first[m] == self.joint else c.first[m])
        fate = "used" if trace.used[m] else "matched" if trace.matched[m] else "rejected"
        limb = trace.fields.skeleton.limb_names[c.limb[m]].replace("-", " → ").replace("_", " ")
        values = (round(float(values[m]), 3) for values in (c.score, c.weight, c.share))
        return Offer(m, limb, f"{self._name(other)} {other}", *values, fate, trace.reason(m))

    def headline(self) -> str:
        """What is picked, in one sentence; or what could be."""
        if self.joint is not None:
            who = self.trace.person_of(self.joint)
            whose = f"of person {who}" if who >= 0 else "of nobody: no group that has it is listed"
            score = self.trace.peaks.score[self.joint]
            count = counted(len(self.offers()), "candidate limb")
            return f"{self._name(self.joint)} {self.joint}, heat {score:.2f}, {whose}; it was offered {count}"
        if self.person is not None:
            people = self.trace.people
            found, filled = (int(a[self.person].sum()) for a in (people.present, people.completed))
            return f"person {self.person}, score {people.person_score[self.person]:.2f}: " + (
                f"{counted(found, 'joint')}, {filled} of them completed along a limb's field"
            )
        return "click a joint to see every limb it was offered, and why it was joined or not"

    def plot(self) -> Plot | None:
        """The samples of the picked candidate, or what holds the picked person together."""
        if self.candidate is not None:
            return viz.explain_candidate(self.trace, self.candidate, self.sight.image, geometry.IDENTITY)
        return None if self.person is None else viz.explain_person(self.trace, self.person)

    def _name(self, peak: int) -> str:
        return self.trace.fields.skeleton.joints[self.trace.peaks.joint[peak]].replace("_", " ")
