"""Steady joints while people are followed: a one-euro filter that expects motion, and knows the person's size."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from bupose.people import People
from bupose.track.motion import corners, sizes
from bupose.track.options import SteadyOptions
from bupose.track.sides import decide_sides_now

DRIFT = 3.0  # Hz: of the velocity that all joints of a person share
SWING = 1.0  # Hz: of how fast a joint moves against the others
SIZE = 0.5  # Hz
RELAX = 5.0  # 1/s: how fast a joint's own velocity is forgotten
ROOM = 0.02  # body sizes: how far a joint may jump at once
CREEP = 0.5  # body sizes per second: how much farther the longer it stays away
FIRST_SWING = 0.5  # body sizes per second
LEAST_SCORE = 0.05
SHORTEST = 1e-6  # s between two frames


@dataclass
class _Filters:
    """What is known of N people: of each joint (N, K), of pairs of joints (N, L) and of the person (N,)."""

    ids: np.ndarray
    seen: np.ndarray
    size: np.ndarray
    drift: np.ndarray
    xy: np.ndarray
    found: np.ndarray
    velocity: np.ndarray
    swing: np.ndarray
    away: np.ndarray
    last: np.ndarray
    pair_xy: np.ndarray
    pair_seen: np.ndarray
    pair_cost: np.ndarray

    @classmethod
    def begin(cls, ids: np.ndarray, joints: int, pairs: int) -> _Filters:
        """Filters of people not seen yet."""
        n, never = len(ids), -np.inf
        return cls(
            ids, np.full(n, never), np.zeros(n), np.zeros((n, 2)), np.full((n, joints, 2), np.nan),
            np.full((n, joints, 2), np.nan), np.zeros((n, joints, 2)), np.full((n, joints), FIRST_SWING),
            np.zeros((n, joints)), np.full((n, joints), never), np.zeros((n, pairs, 2, 2, 2)),
            np.full((n, pairs, 2), never), np.zeros((n, pairs, 2, 2)),
        )  # fmt: skip

    def take(self, rows: np.ndarray) -> _Filters:
        return _Filters(*(getattr(self, f.name)[rows] for f in fields(self)))

    def join(self, other: _Filters) -> _Filters:
        return _Filters(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))


class LiveSmoother:
    """Takes the jitter out of followed people's joints, frame by frame.

    Parameters
    ----------
    options : SteadyOptions, optional

    Notes
    -----
    The filter's cutoff frequency grows with speed, as of the one-euro filter (Casiez, Roussel and Vogel 2012,
    equations 1 to 9), with what a person adds to it:

    * Lengths are in body sizes, so that one setting fits all sizes.
    * Joints are expected where the velocity shared by all joints, and their own, take them (an alpha-beta filter with
      the gains of Benedict and Bordner 1962), so that people who walk are not drawn behind themselves.
    * The speed that counts is that against the other joints, averaged: legs keep their pace where they turn round.
    * Where both joints of a pair move on as if exchanged, they are (:mod:`bupose.track.sides`).
    * Joints with a low score move less, and none jumps far from where it is expected, unless it stays there.
    """

    def __init__(self, options: SteadyOptions | None = None) -> None:
        self.options = SteadyOptions() if options is None else options
        self.reset()

    def reset(self) -> None:
        """Forget everybody."""
        self._filters: _Filters | None = None

    def update(self, people: People, time: float) -> People:
        """The next frame's people with steady joints.

        Parameters
        ----------
        people : People
            With ``ids``; those with −1 stay as they are, and everybody with ``live`` off.
        time : float, s
            Not earlier than the frame before.

        Returns
        -------
        People
            The same in the same order; ``data["raw_xy"]``, float32 (P, K, 2), holds the joints as found.
        """
        people = replace(people, data={**people.data, "raw_xy": people.xy}, joint_data=("raw_xy",))
        ids = np.full(len(people), -1) if people.ids is None else people.ids
        rows = np.flatnonzero(ids >= 0)
        if not self.options.live:
            return people
        mirror = people.skeleton.mirror_joints
        filters = self._known(ids[rows], mirror, time)
        if self.options.sides:
            other = np.zeros(people.score.shape, bool)
            other[rows] = _other_side(filters, people.xy[rows], mirror, time)
            people = _exchanged(people, other)
        xy = people.xy.copy()
        xy[rows] = self._filter(filters, people.xy[rows].astype(np.float64), people.score[rows], time)
        return replace(people, xy=xy)

    def _known(self, ids: np.ndarray, mirror: np.ndarray, time: float) -> _Filters:
        """The filters of these people, in order; those of others are kept for a moment."""
        size = len(mirror), len(_left(mirror))
        old = self._filters or _Filters.begin(ids[:0], *size)
        old = old.take(time - old.seen <= self.options.bridge)
        old = old.join(_Filters.begin(np.setdiff1d(ids, old.ids), *size))
        place = {i: n for n, i in enumerate(old.ids.tolist())}
        rows = np.array([place[i] for i in ids.tolist()], int)
        others = np.setdiff1d(np.arange(len(old.ids)), rows)
        self._filters = old.take(np.concatenate([rows, others]))
        return self._filters

    def _filter(self, all_filters: _Filters, xy: np.ndarray, score: np.ndarray, time: float) -> np.ndarray:
        o, f, rows = self.options, all_filters.take(np.arange(len(xy))), slice(0, len(xy))
        here = ~np.isnan(xy[..., 0])
        apart = np.maximum(time - f.last, SHORTEST)
        going, fresh = here & (apart <= o.bridge), here & (apart > o.bridge)
        since = np.where(np.isfinite(f.seen), np.maximum(time - f.seen, SHORTEST), np.inf)
        size = sizes(*corners(xy))
        f.size += _share(SIZE, since) * (np.where(np.isnan(size), f.size, size) - f.size)
        unit = np.maximum(f.size, 1e-3)[:, None]
        apart = np.where(going, apart, 1.0)

        step = np.where(going.any(1)[:, None], _median((xy - f.found) / apart[..., None], going), f.drift)
        f.drift += _share(DRIFT, since)[:, None] * (step - f.drift)
        expected = f.xy + apart[..., None] * (f.drift[:, None] + f.velocity)
        off = np.where(going[..., None], xy - expected, 0)
        far = np.linalg.norm(off, axis=-1)
        most = (ROOM + apart * (o.jump + f.swing) + CREEP * f.away) * unit
        f.away = np.where(going & (far > most), f.away + apart, 0)
        off *= np.minimum(1, most / np.maximum(far, 1e-9))[..., None]

        sure = np.maximum(score, LEAST_SCORE)
        gain = _share((o.cutoff + o.speed * f.swing) * sure, apart)[..., None]
        f.xy = np.where(going[..., None], expected + gain * off, np.where(fresh[..., None], xy, f.xy))
        own = (f.velocity + gain**2 / (2 - gain) * off / apart[..., None]) * np.exp(-RELAX * apart)[..., None]
        f.velocity = np.where(going[..., None], own, np.where(fresh[..., None], 0, f.velocity))
        speed = np.linalg.norm(f.velocity, axis=-1) / unit
        f.swing = np.where(going, f.swing + _share(SWING, apart) * (speed - f.swing), f.swing)
        f.swing[fresh] = FIRST_SWING
        f.found = np.where(here[..., None], xy, f.found)
        f.last[here] = time
        f.seen[:] = time
        for field in fields(f):
            getattr(all_filters, field.name)[rows] = getattr(f, field.name)
        return np.where(here[..., None], f.xy, np.nan)


def _other_side(filters: _Filters, xy: np.ndarray, mirror: np.ndarray, time: float) -> np.ndarray:
    """bool (N, K): joints of the first N people that are taken for those of the other side."""
    n, left = len(xy), _left(mirror)
    pairs = np.stack([xy[:, left], xy[:, mirror[left]]], 2).astype(np.float64)
    states = filters.pair_xy[:n], filters.pair_seen[:n], filters.pair_cost[:n]
    turned = decide_sides_now(*states, pairs, filters.size[:n], time)
    other = np.zeros(xy.shape[:2], bool)
    other[:, left] = other[:, mirror[left]] = turned
    return other


def _exchanged(people: People, other: np.ndarray) -> People:
    """People with some joints, bool (P, K), in place of their counterparts."""
    mirror, hidden = people.skeleton.mirror_joints, people.hidden
    return replace(
        people,
        xy=np.where(other[..., None], people.xy[:, mirror], people.xy),
        score=np.where(other, people.score[:, mirror], people.score),
        completed=np.where(other, people.completed[:, mirror], people.completed),
        hidden=None if hidden is None else np.where(other, hidden[:, mirror], hidden),
    )


def _left(mirror: np.ndarray) -> np.ndarray:
    """Joints of the first of two sides."""
    return np.flatnonzero(mirror > np.arange(len(mirror)))


def _share(cutoff: np.ndarray | float, dt: np.ndarray) -> np.ndarray:
    """How much of a new value a low-pass filter takes after ``dt`` s: equation 1 of the one-euro filter."""
    share: np.ndarray = 1 - 1 / (1 + 2 * np.pi * cutoff * dt)
    return share


def _median(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """float64 (N, 2): the median of those of (N, K, 2) that are valid (N, K), inf without any."""
    ordered = np.sort(np.where(valid[..., None], values, np.inf), axis=1)
    last, rows = np.maximum(valid.sum(1) - 1, 0), np.arange(len(values))
    middle: np.ndarray = (ordered[rows, last // 2] + ordered[rows, (last + 1) // 2]) / 2
    return middle
