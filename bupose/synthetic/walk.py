"""How the drawn people of a video walk: a gait, on a path over the ground, with a stop here and there.

All functions work on N people at once, each at its own moment; lengths are body heights, angles degrees.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from bupose.synthetic.angles import ANGLES, choose_angles
from bupose.synthetic.look import Look, choose_look
from bupose.synthetic.pose import Build, clip_ankle

STRIDE = 0.73  # two steps: what legs of 0.485 body heights cover that swing by ``_LEGS`` degrees
_LEGS = 22.0
_RAMP = 0.7  # s, from walking to standing
_GESTURES = ("wave", "phone", "hands_on_hips", "point", "arms_folded", "stand")
_AT = {name: n for n, name in enumerate(ANGLES)}
_ARMS = np.array([name.split("_", 1)[-1] in ("arm_forward", "arm_out", "arm_in", "elbow") for name in ANGLES])


@dataclass(frozen=True)
class Walker:
    """A person: its number, its look, and how it carries itself.

    Parameters
    ----------
    id : int
    look : Look
    build : Build
        Of one person.
    rest : float64 array (A,), degrees
        Its angles when it stands.
    swing : float, degrees
        How far its arms swing.
    grips : float64 array (2, 3)
        Of its hands, as :func:`~bupose.synthetic.pose.articulate` takes them.
    """

    id: int
    look: Look
    build: Build
    rest: np.ndarray
    swing: float
    grips: np.ndarray

    @classmethod
    def choose(cls, rng: np.random.Generator, number: int, colors: float) -> Walker:
        """Draw a person."""
        rest, _ = choose_angles(rng, 1, ("stand",))
        look, build = choose_look(rng, colors), Build.choose(rng, 1)
        return cls(number, look, build, rest[0], rng.uniform(14, 30), rng.random((2, 3)))


@dataclass(frozen=True)
class Walks:
    """N walks, each an array (N, …) of what belongs to it.

    Parameters
    ----------
    speed : body heights per second
    start, end : (N, 2)
        To the right of the camera's axis, and distance from the camera.
    bow : body heights
        How much farther than a straight line's the middle of the way is.
    stop, pause : s
        When the person slows down, and how long it then stands.
    gesture : (N, A), degrees
        Its angles while it stands.
    rest, swing, grips : as of :class:`Walker`
    """

    speed: np.ndarray
    start: np.ndarray
    end: np.ndarray
    bow: np.ndarray
    stop: np.ndarray
    pause: np.ndarray
    gesture: np.ndarray
    rest: np.ndarray
    swing: np.ndarray
    grips: np.ndarray

    @classmethod
    def choose(
        cls,
        rng: np.random.Generator,
        walker: Walker,
        start: np.ndarray,
        end: np.ndarray,
        speed: float,
        longest: float,
        stops: float,
    ) -> Walks:
        """Draw one walk from ``start`` to ``end``, of at most ``longest`` s; ``stops`` is the probability of a stop."""
        length = float(np.hypot(*(end - start)))
        speed = max(speed, length / longest)
        gesture, _ = choose_angles(rng, 1, (_GESTURES[int(rng.random() * len(_GESTURES))],))
        part, pause, chance, bow = rng.uniform((0.25, 0.8, 0, -0.08), (0.75, 2.5, 1, 0.08))
        pause = min(pause, longest - length / speed - _RAMP)
        stop = part * length / speed if chance < stops and pause > 0.5 else np.inf
        gesture = np.where(_ARMS, gesture[0], walker.rest)
        return cls(*(np.asarray(v)[None] for v in (
            speed, start, end, bow * length, stop, pause, gesture, walker.rest, walker.swing, walker.grips,
        )))  # fmt: skip

    @classmethod
    def join(cls, walks: list[Walks], index: np.ndarray) -> Walks:
        """Some walks, ``index`` (N,) among ``walks``, which hold one each."""
        return cls(*(np.concatenate([getattr(w, f.name) for w in walks])[index] for f in fields(cls)))

    @property
    def length(self) -> np.ndarray:
        """float64 (N,): from start to end, body heights."""
        return np.sqrt(((self.end - self.start) ** 2).sum(-1))

    @property
    def duration(self) -> np.ndarray:
        """float64 (N,), s."""
        return self.length / self.speed + np.where(np.isfinite(self.stop), self.pause + _RAMP, 0.0)

    def at(self, time: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where the people are after ``time`` (N,) seconds of their walks, and how they hold themselves.

        They wait at the start before, and at the end afterwards.

        Returns
        -------
        place : float64 array (N, 2)
            As ``start``.
        facing : float64 array (N,), degrees
        angles : float64 array (N, A), degrees
        """
        time = np.clip(time, 0, self.duration)
        way, pace, still = self._travel(time)
        way /= self.length
        across, away = (self.end - self.start).T
        place = self.start + way[:, None] * (self.end - self.start)
        place[:, 1] += 4 * self.bow * way * (1 - way)
        facing = np.rad2deg(np.arctan2(across, -(away + 4 * self.bow * (1 - 2 * way))))
        return place, facing, self._angles(2 * np.pi * way * self.length / STRIDE, pace, still, time)

    def _travel(self, time: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The way gone, the share of the usual speed, and how far the gesture is made (0 to 1)."""
        stops = np.isfinite(self.stop)
        since = np.where(stops, time - self.stop, -1.0)  # slows down, stands, gathers speed
        again = since - _RAMP - self.pause
        slowing, starting = np.clip(since / _RAMP, 0, 1), np.clip(again / _RAMP, 0, 1)
        lost = slowing - np.sin(np.pi * slowing) / np.pi + starting + np.sin(np.pi * starting) / np.pi
        lost = _RAMP / 2 * lost + np.clip(since - _RAMP, 0, self.pause)  # the seconds' worth of way not gone
        pace = 1 - (1 - np.cos(np.pi * slowing)) / 2 + (1 - np.cos(np.pi * starting)) / 2
        still = np.clip(np.minimum(since - 0.5 * _RAMP, self.pause + 1.5 * _RAMP - since) / 0.5, 0, 1)
        return self.speed * (time - lost), pace, still**2 * (3 - 2 * still)

    def _angles(self, phase: np.ndarray, pace: np.ndarray, still: np.ndarray, time: np.ndarray) -> np.ndarray:
        """The gait: a leg on the ground goes back evenly, its knee bends coming forward; arms swing against legs."""
        angles = self.rest + still[:, None] * (self.gesture - self.rest)
        angles[:, _AT["lean"]] += 2 * pace
        arms = pace * (1 - still) * self.swing
        for side, turn in (("left_", phase), ("right_", phase + np.pi)):
            forward, even = np.sin(turn), 8 / np.pi**2 * (np.sin(turn) - np.sin(3 * turn) / 9)
            bent = ((1 + np.cos(turn + 0.5)) / 2) ** 3
            pushed = ((1 - np.sin(turn + 0.2)) / 2) ** 4  # off the toes
            raised = ((1 + np.sin(turn - 0.1)) / 2) ** 4  # onto the heel
            angles[:, _AT[side + "leg_forward"]] += pace * (2 + _LEGS * even)
            angles[:, _AT[side + "leg_out"]] *= 1 - 0.6 * pace
            angles[:, _AT[side + "knee"]] += pace * (4 + 46 * bent)
            level = angles[:, _AT["lean"]] + angles[:, _AT[side + "knee"]] - angles[:, _AT[side + "leg_forward"]]
            angles[:, _AT[side + "tiptoe"]] += pace * (20 * pushed - 14 * raised) + clip_ankle(level) - _bend(level)
            angles[:, _AT[side + "arm_forward"]] -= arms * forward
            angles[:, _AT[side + "elbow"]] += arms * (0.4 - 0.4 * forward)
        angles[:, _AT["twist"]] += pace * 5 * np.sin(phase)
        angles[:, _AT["roll"]] += pace * 1.5 * np.cos(phase)
        angles[:, _AT["turn"]] *= np.sin(0.6 * time)  # looks around
        waving = still * (self.gesture[:, _AT["left_arm_out"]] > 90)
        angles[:, _AT["left_elbow"]] += waving * 18 * np.sin(2 * np.pi * 1.4 * time)
        waving = still * (self.gesture[:, _AT["right_arm_out"]] > 90)
        angles[:, _AT["right_elbow"]] += waving * 18 * np.sin(2 * np.pi * 1.4 * time)
        return angles


def _bend(level: np.ndarray) -> np.ndarray:
    """What an ankle does of ``level`` degrees, as :func:`clip_ankle` but without kinks, which would jerk the foot."""
    return 31.5 * np.tanh((level + 3.5) / 31.5) - 3.5
