"""Merging the people of several views of a photo: everybody once, by the best view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bupose.estimate.suppress import keep_unlike
from bupose.people import People
from bupose.proportions import AREA_OF_BOX

SAME = 0.2  # object keypoint similarity from which two are one person
SURER = 2.0  # times as sure: somebody before whom they resemble makes room
EDGE = 6  # view pixels from a border inside the photo within which somebody may be cut off
AT_ONCE = 1_000_000  # distances held at once


@dataclass(frozen=True)
class Sighting:
    """People of a photo, and the scale of the view that each was found in.

    Parameters
    ----------
    people : People
        In the photo's pixels, whatever their score.
    scale : float64 array (P,)
        View pixels per photo pixel.
    """

    people: People
    scale: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """float64 (P,): the longer side of each person's joints, view pixels."""
        return np.asarray(self.people.boxes()[:, 2:].max(1, initial=0) * self.scale)

    def pick(self, rows: np.ndarray) -> Sighting:
        """Some of them."""
        return Sighting(self.people[rows], self.scale[rows])


def whole_people(people: People, border: Sequence[float], size: tuple[int, int], margin: float) -> np.ndarray:
    """bool (P,): people who are not cut off by a view's border.

    Parameters
    ----------
    border : left, top, right, bottom
        Of the view, photo pixels.
    size : (width, height)
        Of the photo: where the view ends with it, nobody is cut off.
    margin : float, photo pixels
        People closer to the border than this may be cut off.
    """
    box = people.boxes().astype(np.float64)
    low, high = box[:, :2], box[:, :2] + box[:, 2:]
    inside_low, inside_high = np.array(border[:2]) > 1, np.array(border[2:]) < np.array(size) - 2
    near_low, near_high = low < np.array(border[:2]) + margin, high > np.array(border[2:]) - margin
    return np.asarray(~((near_low & inside_low) | (near_high & inside_high)).any(1))


def similarity(first: People, second: People) -> np.ndarray:
    """float64 (P, Q): object keypoint similarity, summed over common joints, by the joints of who has fewer.

    The area is that of both people's boxes, times ``AREA_OF_BOX``, on average.
    """
    sigmas = np.array(first.skeleton.sigmas)
    areas = [AREA_OF_BOX * np.maximum(p.boxes()[:, 2:].astype(np.float64).prod(1), 1) for p in (first, second)]
    counts = [p.present.sum(1) for p in (first, second)]
    alike = np.zeros((len(first), len(second)))
    few = max(1, AT_ONCE // max(second.xy.size, 1))
    for start in range(0, len(first), few):
        rows = slice(start, start + few)
        squared = ((first.xy[rows, None].astype(np.float64) - second.xy) ** 2).sum(3)
        area = (areas[0][rows, None] + areas[1]) / 2
        alike[rows] = np.nansum(np.exp(-squared / (8 * area[..., None] * sigmas**2)), 2)
    alike /= np.maximum(np.minimum(counts[0][:, None], counts[1]), 1)
    return alike


def merge(seen: Sighting, closer: Sequence[Sighting], small: float) -> Sighting:
    """Merge people found so far with those of closer views.

    Parameters
    ----------
    seen : Sighting
    closer : sequence of Sighting
        For each view the people who are not cut off by its border.
    small : float
        People who were larger than this in their view, pixels, are kept unchanged.

    Returns
    -------
    Sighting
        Best first.

    Notes
    -----
    The people of each view are matched one to one with those found so far, greedily by similarity times the root of
    both scores. A small person takes the joints of the best-scored match, keeps joints that the match lacks, and gets
    the mean of both scores. Then the others are added by non-maximum suppression over poses, as in RMPE (Fang et al.
    2017, section 3.3), by object keypoint similarity. Two whom a coarse view saw as one so become two. Somebody seen
    before whom they resemble makes room for people more than twice as sure: it was a large figure made of several.
    """
    people, scale, may_change = seen.people, seen.scale.copy(), seen.sizes < small
    best: dict[int, tuple[float, int, int]] = {}
    for v, view in enumerate(closer):
        alike = similarity(people, view.people)
        likely = alike * np.sqrt(np.outer(people.person_score, view.people.person_score))
        for p, q in _pairs(np.where(alike > SAME, likely, 0)):
            sure = float(view.people.person_score[q])
            if may_change[p] and sure > best.get(p, (0.0,))[0]:
                best[p] = sure, v, q
    xy, score, completed = people.xy.copy(), people.score.copy(), np.array(people.completed)
    hidden = None if people.hidden is None else people.hidden.copy()
    person_score = people.person_score.copy()
    for p, (_, v, q) in best.items():
        view, one = closer[v], closer[v].people[q]
        there = one.present[0]
        xy[p, there], score[p, there] = one.xy[0, there], one.score[0, there]
        completed[p, there] = np.asarray(one.completed)[0, there]
        if hidden is not None and one.hidden is not None:
            hidden[p, there] = one.hidden[0, there]
        person_score[p] = (person_score[p] + one.person_score[0]) / 2
        scale[p] = view.scale[q]
    merged = Sighting(People(xy, score, person_score, people.skeleton, completed, hidden=hidden), scale)
    taken = {(v, q) for _, v, q in best.values()}
    others = [
        view.pick(np.array([q for q in range(len(view.people)) if (v, q) not in taken], int))
        for v, view in enumerate(closer)
    ]
    return _sorted(_add(merged, others))


def _add(seen: Sighting, others: Sequence[Sighting]) -> Sighting:
    """Add people, best first, who are similar to nobody of half their score; whoever has less makes room for them."""
    if not others:
        return seen
    candidates = _sorted(_joined(others))
    alike = similarity(seen.people, candidates.people) > SAME
    counts = seen.people.person_score[:, None] >= candidates.people.person_score / SURER
    unlike = np.flatnonzero(~(alike & counts).any(0))
    candidates, alike = candidates.pick(unlike), alike[:, unlike]
    added = np.flatnonzero(keep_unlike(similarity(candidates.people, candidates.people), SAME))
    left = np.flatnonzero(~alike[:, added].any(1))
    return _joined([seen.pick(left), candidates.pick(added)])


def _pairs(weight: np.ndarray) -> list[tuple[int, int]]:
    """Rows and columns one to one, heaviest first, of positive weight."""
    order = np.argsort(-weight, axis=None, kind="stable")
    order = order[weight.flat[order] > 0]
    rows, columns, pairs = set(), set(), []
    for p, q in zip(*(index.tolist() for index in np.unravel_index(order, weight.shape)), strict=True):
        if p not in rows and q not in columns:
            rows.add(p)
            columns.add(q)
            pairs.append((p, q))
    return pairs


def join_people(several: Sequence[People]) -> People:
    """One after the other, of one skeleton, at least one of them; ids and further data are left out."""
    several = [one for one in several if len(one)] or several[:1]
    names = ("xy", "score", "person_score", "completed")
    xy, score, person_score, completed = (np.concatenate([getattr(one, name) for one in several]) for name in names)
    told = [one.hidden for one in several if one.hidden is not None]
    hidden = np.concatenate(told) if len(told) == len(several) else None
    return People(xy, score, person_score, several[0].skeleton, completed, hidden=hidden)


def _joined(several: Sequence[Sighting]) -> Sighting:
    return Sighting(join_people([one.people for one in several]), np.concatenate([one.scale for one in several]))


def _sorted(seen: Sighting) -> Sighting:
    return seen.pick(np.argsort(-seen.people.person_score, kind="stable"))


def listed(people: People, decoder: Any) -> People:
    """Apply the score thresholds of decoder options, as :func:`bupose.methods.scoring.list_people` does."""
    first = people.skeleton.joint_parts == 0
    min_joints, min_score = getattr(decoder, "min_joints", 1), getattr(decoder, "min_joint_score", 0.0)
    unsure, completed = people.score < min_score, np.asarray(people.completed)
    found = (people.present & ~completed)[:, first].sum(1)
    kept = (people.person_score >= getattr(decoder, "min_person_score", 0.0)) & (found >= min_joints)
    kept &= ((people.score > 0) & ~unsure)[:, first].sum(1) >= min_joints
    xy = np.where(unsure[..., None], np.float32(np.nan), people.xy)
    score = np.where(unsure, np.float32(0), people.score)
    sure: People = replace(people, xy=xy, score=score, completed=completed & ~unsure)[kept]
    return sure
