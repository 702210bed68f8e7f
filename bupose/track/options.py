"""Options of tracking."""

from __future__ import annotations

from dataclasses import dataclass, field

from bupose.options import check, option


@dataclass
class SteadyOptions:
    """Options of steady joints.

    Parameters
    ----------
    live : bool
        Take the jitter out while people are followed.
    offline : bool
        Fill short gaps and take the jitter out once the video is known as a whole.
    sides : bool
        Where a network takes one leg for the other for moments, put it right, by how joints move.
    bridge : float, s
        Joints not found for at most so long are filled in offline; live, they begin anew after it.
    window : float, s
        Offline: how far before and after a moment joints count there.
    outlier : float, body sizes
        Offline: joints this far from where their neighbours in time have them do not count.
    cutoff : float, Hz
        Live: faster motion of a joint at rest is jitter. Lower is steadier.
    speed : float, Hz per body size and second
        Live: how much the cutoff grows with a joint's speed against the body. Higher is prompter.
    jump : float, body sizes per second
        Live: joints farther from where they are expected than this speed takes them come there step by step.
    """

    live: bool = option(True)
    offline: bool = option(True)
    sides: bool = option(True)
    bridge: float = option(0.3, 0, 10)
    window: float = option(0.25, 0.001, 10)
    outlier: float = option(0.2, 0.01, 100)
    cutoff: float = option(2.0, 0.001, 1000)
    speed: float = option(16.0, 0, 1000)
    jump: float = option(2.0, 0, 1000)

    def __post_init__(self) -> None:
        check(self, "track.steady")


@dataclass
class TrackOptions:
    """Options of tracking: who is who in a video.

    Parameters
    ----------
    sure : float
        Person score from which somebody not seen before is followed; people below only continue who is followed.
    similarity : float
        Least similarity of an expected and a found person, from 0 to 1, to be taken for the same.
    confirm : float, s
        People get an id once they have been followed this long, and in three pictures.
    patience : float, s
        How long an unseen person is expected to return; one without an id, a quarter of it.
    gap : float, s
        Offline: stretches of one person at most this far apart are joined.
    fill : float, s
        Offline: people not found for at most this long are filled in; 0 fills nobody in.
    restless : float
        How much people change their velocity: the spectral density of their acceleration, body sizes² / s³ (a body size
        is the square root of its area).
    steady : SteadyOptions
        How joints are steadied.
    """

    sure: float = option(0.29, 0, 1)
    similarity: float = option(0.2, 0.01, 0.99)
    confirm: float = option(0.2, 0, 60)
    patience: float = option(0.75, 0, 600)
    gap: float = option(2.0, 0, 60)
    fill: float = option(1.5, 0, 60)
    restless: float = option(2.0, 0.001, 1000)
    steady: SteadyOptions = field(default_factory=SteadyOptions)

    def __post_init__(self) -> None:
        check(self, "track")
