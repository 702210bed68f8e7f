"""Merging the people of several views of a photo: everybody once, by all views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bupose.people import People
from bupose.proportions import AREA_OF_BOX
from bupose.skeleton import Skeleton

SAME = 0.2  # object keypoint similarity from which two are one person, or one joint
PART = 0.8  # from which somebody is a piece of one who is matched with another
LEAST_WEIGHT = 1e-9  # of a joint that is there, whatever its score
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
    areas = [_areas(p) for p in (first, second)]
    counts = [p.present.sum(1) for p in (first, second)]
    alike = np.zeros((len(first), len(second)))
    few = max(1, AT_ONCE // max(second.xy.size, 1))
    for start in range(0, len(first), few):
        rows = slice(start, start + few)
        area = (areas[0][rows, None] + areas[1]) / 2
        alike[rows] = np.nansum(_joint_similarity(first.xy[rows, None], second.xy, area, first.skeleton), 2)
    alike /= np.maximum(np.minimum(counts[0][:, None], counts[1]), 1)
    return alike


def _areas(people: People) -> np.ndarray:
    return np.asarray(AREA_OF_BOX * np.maximum(people.boxes()[:, 2:].astype(np.float64).prod(1), 1))


def _joint_similarity(first: np.ndarray, second: np.ndarray, area: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """float64 (…, K): of joints (…, K, 2) of people of an area (…); NaN where one is missing."""
    squared = ((first.astype(np.float64) - second) ** 2).sum(-1)
    return np.asarray(np.exp(-squared / (8 * area[..., None] * np.array(skeleton.sigmas) ** 2)))


def merge(seen: Sighting, closer: Sequence[Sighting]) -> Sighting:
    """Merge people found so far with those of closer views.

    Parameters
    ----------
    seen : Sighting
    closer : sequence of Sighting
        For each view the people who are not cut off by its border.

    Returns
    -------
    Sighting
        Best first.

    Notes
    -----
    View by view, its people are matched one to one with those found so far, greedily by similarity times the root of
    both scores. Whoever is matched is :func:`fused <fuse>`. The others stay or are added, however much they resemble
    somebody who is matched: each grouping by itself took them for two, so that a crowd stays one, and two whom a coarse
    view saw as one are told apart. Only those whose joints are all but the same are dropped, as pieces of whoever was
    cut by a border.
    """
    for view in closer:
        alike = similarity(seen.people, view.people)
        likely = alike * np.sqrt(np.outer(seen.people.person_score, view.people.person_score))
        pairs = _pairs(np.where(alike > SAME, likely, 0))
        p, q = np.array(pairs, int).reshape(-1, 2).T
        parts = alike > PART
        alone = np.setdiff1d(np.flatnonzero(~parts[:, q].any(1)), p)
        new = np.setdiff1d(np.flatnonzero(~parts[p].any(0)), q)
        seen = _joined([seen.pick(alone), fuse(seen.pick(p), view.pick(q)), view.pick(new)])
    return seen.pick(np.argsort(-seen.people.person_score, kind="stable"))


def fuse(first: Sighting, closer: Sighting) -> Sighting:
    """Two sightings of the same people, row by row, as one.

    Notes
    -----
    A joint weighs its score times the square of the view's scale: localization errors are of some view pixels, and
    variances in the photo fall with the square. Where both views have it at about the same place, it is at their
    weighted mean (the estimate of least variance if errors are independent); else the heavier one counts. Of scores
    the closer view's counts, or the mean weighted by scale where that is more.
    """
    people = first.people, closer.people
    scales = np.stack([first.scale, closer.scale])
    weights = [
        np.where(p.present, np.maximum(p.score, LEAST_WEIGHT) * scale[:, None] ** 2, 0)
        for p, scale in zip(people, scales, strict=True)
    ]
    area = (_areas(people[0]) + _areas(people[1])) / 2
    agree = _joint_similarity(people[0].xy, people[1].xy, area, people[0].skeleton) > SAME
    heavier = weights[1] >= weights[0]
    share = np.where(agree, weights[1] / np.maximum(weights[0] + weights[1], LEAST_WEIGHT), heavier)[..., None]
    xy = (1 - share) * np.nan_to_num(people[0].xy) + share * np.nan_to_num(people[1].xy)
    xy[~(people[0].present | people[1].present)] = np.nan
    score, completed = (np.where(heavier, *(getattr(p, name) for p in people[::-1])) for name in ("score", "completed"))
    hidden = None
    if people[0].hidden is not None and people[1].hidden is not None:
        hidden = np.where(heavier, people[1].hidden, people[0].hidden)
    scores = np.stack([p.person_score for p in people])
    person_score = np.maximum(scores[1], (scales * scores).sum(0) / scales.sum(0)).astype(np.float32)
    made = People(xy.astype(np.float32), score, person_score, people[0].skeleton, completed, hidden=hidden)
    return Sighting(made, scales.max(0))


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
