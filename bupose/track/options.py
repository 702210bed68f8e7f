"""Options of tracking."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.options import check, option


@dataclass
class TrackOptions:
    """Options of tracking: who is who in a video.

    Parameters
    ----------
    sure : float
        Person score from which somebody not seen before is followed.
    faint : float
        Person score down to which people are taken for those already followed; people below are left unknown.
    similarity : float
        Least similarity of an expected and a found person, from 0 to 1, to be taken for the same.
    confirm : float, s
        People get an id once they have been followed this long, and in three pictures.
    patience : float, s
        How long an unseen person is expected to return; one without an id, a quarter of it.
    gap : float, s
        Offline: tracklets at most this far apart are joined, and people are filled in between.
    restless : float
        How much people change their velocity: the spectral density of their acceleration, body sizes² / s³ (a body size
        is the square root of its area).
    """

    sure: float = option(0.25, 0, 1)
    faint: float = option(0.1, 0, 1)
    similarity: float = option(0.2, 0.01, 0.99)
    confirm: float = option(0.2, 0, 60)
    patience: float = option(1.5, 0, 600)
    gap: float = option(2.0, 0, 60)
    restless: float = option(2.0, 0.001, 1000)

    def __post_init__(self) -> None:
        check(self, "track")
