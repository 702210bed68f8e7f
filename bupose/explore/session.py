"""The state of one tab: a photo, its grouping, and the selection; every change gives a new session."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bupose import geometry, viz
from bupose.explore.observation import Observation
from bupose.methods.trace import Trace
from bupose.people import People
from bupose.predict.output import as_coco
from bupose.viz import Plot
from bupose.wording import counted

REACH = 0.03  # maximum distance of a click from a joint, relative to the picture's longer side


@dataclass(frozen=True)
class Candidate:
    """A possible link of a joint; for part affinity fields, a candidate limb.

    Parameters
    ----------
    row : int
        Of ``trace.links``.
    kind : str
        As in ``left elbow → left wrist``.
    partner : str
        The joint at the other end, with the number of its peak.
    evidence : tuple of float
        See :meth:`bupose.methods.trace.Trace.evidence`.
    fate : "used", "matched" or "rejected"
    reason : str
        One sentence.
    """

    row: int
    kind: str
    partner: str
    evidence: tuple[float, ...]
    fate: str
    reason: str


@dataclass(frozen=True)
class Session:
    """An observation and its grouping.

    Parameters
    ----------
    observation : Observation
    trace : Trace
        In canvas pixels.
    seconds : float
        Time for the grouping.
    joint : int, optional
        The picked peak, a row of ``trace.peaks``.
    candidate : int, optional
        The picked candidate of this joint, a row of ``trace.links``.
    person : int, optional
        The picked person, unless a joint is picked.
    """

    observation: Observation
    trace: Trace
    seconds: float
    joint: int | None = None
    candidate: int | None = None
    person: int | None = None

    @classmethod
    def begin(cls, observation: Observation, options: Any) -> Session:
        """Group an observation's people, with decoder options of its method."""
        return cls._group(observation, vars(options))

    @classmethod
    def _group(cls, observation: Observation, values: Mapping) -> Session:
        codec = observation.codec.with_decoder(**values)
        start = time.perf_counter()
        trace = codec.explain(observation.maps)
        return cls(observation, trace, time.perf_counter() - start)

    def regroup(self, values: Mapping) -> Session:
        """Group the same maps with other decoder options, without running the network. The picked joint is kept.

        Raises
        ------
        OptionsError
            An unknown option, or a value out of range.
        """
        new = self._group(self.observation, {**vars(self.trace.options), **values})
        if self.joint is None:
            return new
        old, same = self.trace.peaks, None if self.candidate is None else self._place_of(self.candidate)
        at = self.trace.maps.grid.to_pixels(old.xy[self.joint])
        peak = viz.nearest_peak(new.trace, at, int(old.joint[self.joint]))
        if peak is None or np.abs(new.trace.peaks.xy[peak] - old.xy[self.joint]).max() > 0.5:
            return new
        new = replace(new, joint=peak)
        rows = [m for m in new.trace.links_of(peak).tolist() if new._place_of(m) == same]
        return replace(new, candidate=rows[0] if rows else None).pick_best()

    def _place_of(self, row: int) -> tuple:
        """The identity of a link independent of peak numbers: its kind and end points."""
        links, xy = self.trace.links, self.trace.peaks.xy
        ends = np.concatenate([xy[links.first[row]], xy[links.second[row]]])
        return int(links.kind[row]), *np.rint(2 * ends).tolist()

    # --- who is there ---

    @property
    def people(self) -> People:
        """In pixels of the photo."""
        return self.trace.people.transform(geometry.invert(self.observation.matrix))

    def coco(self) -> list[dict]:
        """COCO results, as ``scripts/infer.py`` would write them."""
        return as_coco(self.people, self.observation.image_id, self.observation.category)

    def summary(self) -> str:
        """Number of people and joints, and times."""
        people, observation = self.trace.people, self.observation
        found = f"{counted(len(people), 'person')}, {counted(int(people.present.sum()), 'joint')}"
        size = "{}×{} px".format(*observation.size)
        name = observation.name if observation.film is None else f"{observation.name}, frame {observation.film.frame}"
        return f"{found} · grouping {1000 * self.seconds:.1f} ms · network {observation.seconds:.2f} s · {name}, {size}"

    # --- what the user picks ---

    def click(self, xy: tuple[float, float], joints: tuple[int, ...] | None = None) -> Session:
        """Pick the joint at a pixel of the canvas: a person's, if one is near, else any peak.

        Parameters
        ----------
        joints : tuple of int, optional
            Only peaks of these joints.

        Returns
        -------
        Session
            With no joint picked if no peak is near.
        """
        trace, reach = self.trace, REACH * max(self.observation.image.shape)
        away = np.hypot(*(trace.maps.grid.to_pixels(trace.peaks.xy) - np.array(xy, np.float32)).T)
        if joints is not None:
            away[~np.isin(trace.peaks.joint, joints)] = np.inf
        mine = np.isin(np.arange(len(away)), trace.members)
        for near in (mine & (away < reach), away < reach):
            if near.any():
                return self.pick_joint(int(np.where(near, away, np.inf).argmin()))
        return replace(self, joint=None, candidate=None, person=None)

    def pick_joint(self, peak: int) -> Session:
        """A peak, and its best candidate."""
        return replace(self, joint=peak, candidate=None, person=None).pick_best()

    def pick_best(self) -> Session:
        """The best candidate of the joint, unless one is picked."""
        if self.joint is None or self.candidate is not None:
            return self
        rows = self.trace.links_of(self.joint)
        return replace(self, candidate=int(rows[0])) if len(rows) else self

    def pick_candidate(self, n: int) -> Session:
        """The n-th of :meth:`candidates`."""
        candidates = self.candidates()
        return replace(self, candidate=candidates[n].row) if 0 <= n < len(candidates) else self

    def pick_person(self, n: int) -> Session:
        """A row of ``trace.people``; nobody if it is picked already."""
        person = n if n != self.person and 0 <= n < len(self.trace.people) else None
        return replace(self, joint=None, candidate=None, person=person)

    # --- what is to be said of it ---

    def candidates(self) -> list[Candidate]:
        """Every link that begins or ends at the picked joint: used ones first, then by weight."""
        return [] if self.joint is None else [self._describe(m) for m in self.trace.links_of(self.joint).tolist()]

    def _describe(self, m: int) -> Candidate:
        trace, links = self.trace, self.trace.links
        other = int(links.second[m] if links.first[m] == self.joint else links.first[m])
        evidence = tuple(round(value, 3) for value in trace.evidence(m))
        return Candidate(
            m, trace.kind_name(m), f"{self._name(other)} {other}", evidence, trace.fate(m), trace.reason(m)
        )

    def headline(self) -> str:
        """The selection in one sentence, or a hint."""
        if self.joint is not None:
            who = self.trace.person_of(self.joint)
            whose = f"of person {who}" if who >= 0 else "of nobody: no group that has it is listed"
            score = self.trace.peaks.score[self.joint]
            count = counted(len(self.trace.links_of(self.joint)), f"candidate {self.trace.link_word}")
            return f"{self._name(self.joint)} {self.joint}, heat {score:.2f}, {whose}; it was offered {count}"
        if self.person is not None:
            people = self.trace.people
            found, filled = (int(a[self.person].sum()) for a in (people.present, people.completed))
            told = "" if people.hidden is None else f", {int(people.hidden[self.person].sum())} hidden"
            return f"person {self.person}, score {people.person_score[self.person]:.2f}: " + (
                f"{counted(found, 'joint')}, {filled} of them completed{told}"
            )
        return f"click a joint to see every {self.trace.link_word} it was offered, and why it was joined or not"

    def plot(self) -> Plot | None:
        """The explanation of the picked candidate or person."""
        if self.candidate is not None:
            return viz.explain_link(self.trace, self.candidate, self.observation.image, geometry.IDENTITY)
        return None if self.person is None else viz.explain_member(self.trace, self.person)

    def _name(self, peak: int) -> str:
        return self.trace.joint_name(int(self.trace.peaks.joint[peak]))
