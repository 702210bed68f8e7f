"""The people that are followed, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from bupose.track.motion import corners, sizes


@dataclass
class Tracks:
    """N people that are followed.

    Parameters
    ----------
    number : int64 (N,)
        Of their tracklets.
    ids : int64 (N,)
        −1 until confirmed.
    xy : float64 (N, K, 2), pixels
        Where each joint is expected; NaN if it was not seen lately.
    joint_seen : float64 (N, K), s
        When each joint was seen last.
    velocity : float64 (N, 2), pixels per second
    covariance : float64 (N, 3)
        As of :func:`bupose.track.motion.predict`.
    size : float64 (N,), pixels
        Square root of the body's area.
    born, seen : float64 (N,), s
        When each was seen first and last.
    hits : int64 (N,)
        Pictures in which each was seen.
    score : float64 (N,)
        Sum of the person scores there.
    """

    number: np.ndarray
    ids: np.ndarray
    xy: np.ndarray
    joint_seen: np.ndarray
    velocity: np.ndarray
    covariance: np.ndarray
    size: np.ndarray
    born: np.ndarray
    seen: np.ndarray
    hits: np.ndarray
    score: np.ndarray

    def __len__(self) -> int:
        return len(self.number)

    @classmethod
    def nobody(cls, joints: int) -> Tracks:
        """An empty scene."""
        return cls.begin(np.zeros(0, np.int64), np.zeros((0, joints, 2)), np.zeros(0), 0.0)

    @classmethod
    def begin(cls, number: np.ndarray, xy: np.ndarray, score: np.ndarray, time: float) -> Tracks:
        """People seen for the first time, at joints (N, K, 2), with person scores (N,)."""
        n, k = xy.shape[:2]
        covariance = np.tile(np.array([NOISE, 0.0, FIRST_SPEED**2]), (n, 1))
        now = np.full(n, time)
        return cls(number, np.full(n, -1), xy, np.full((n, k), time), np.zeros((n, 2)), covariance,
                   sizes(*corners(xy)), now, now.copy(), np.ones(n, np.int64), score.astype(np.float64))  # fmt: skip

    def select(self, rows: np.ndarray) -> Tracks:
        """Some of them."""
        return Tracks(*(getattr(self, f.name)[rows] for f in fields(self)))

    def join(self, others: Tracks) -> Tracks:
        """These, then the others."""
        return Tracks(*(np.concatenate([getattr(self, f.name), getattr(others, f.name)]) for f in fields(self)))


LEAST_HITS = 3  # pictures in which a person must be seen to get an id
NOISE = 0.005  # variance of a measured place, body sizes²
FIRST_SPEED = 1.5  # standard deviation of a new person's velocity, body sizes per second: walking is about 1.8
