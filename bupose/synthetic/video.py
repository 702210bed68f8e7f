"""Endless drawn videos of walking people, with who is who."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

import cv2
import numpy as np

from bupose import skeletons
from bupose.errors import LabelsError, OptionsError
from bupose.options import check, option, shown
from bupose.people import Labels
from bupose.synthetic.background import add_clutter, draw_place
from bupose.synthetic.camera import photograph
from bupose.synthetic.cover import hidden_joints
from bupose.synthetic.figure import Scene, Thing
from bupose.synthetic.head import FACE
from bupose.synthetic.landmarks import FACE_LANDMARKS
from bupose.synthetic.options import MOST_PEOPLE, MOST_SEED, SIDES, SceneOptions, scene_options
from bupose.synthetic.person import averted, draw_people
from bupose.synthetic.pose import BODY, WHOLE_BODY, Build, Posture, articulate
from bupose.synthetic.scene import cast_shadows, choose_heights, choose_props, choose_rise, elevation_of
from bupose.synthetic.shapes import SHIFT
from bupose.synthetic.walk import Walker, Walks

_FOCAL = 1.2  # picture widths: an angle of view of 45 degrees
_PAN = 12.0  # s for the camera to turn there and back
_FEET = [BODY.index[side + joint] for side in ("left_", "right_") for joint in ("heel", "big_toe", "small_toe")]
_WORLD, _SLOT, _WALKER, _GATE, _WALK, _CAMERA = range(6)  # what a random generator is for


@dataclass
class DrawnVideoOptions:
    """Options of a drawn video.

    Parameters
    ----------
    people : int
        People on the way at any time, some of them outside the picture.
    size : (width, height), px
    rate : float
        Frames per second.
    seed : int
        Equal seeds give equal videos.
    speed : float
        Factor on how fast they walk; 1 is usual, 0.6 to 1.1 body heights per second.
    stops : float in [0, 1]
        Share of walks with a stop, at which the person waves, telephones, points, or just stands.
    visits : int
        How often a person walks through before another takes its place.
    away : (low, high), s
        How long people stay outside.
    pan : float
        How far the camera turns, as a share of the picture's width.
    skeleton : str, Skeleton or dict
        Skeleton of the labels; it needs joints of a body.
    scene : SceneOptions, or a preset's name
        ``poses``, ``facing``, ``spread`` and ``beyond`` have no effect.
    """

    people: int = option(5, 1, MOST_PEOPLE)
    size: tuple[int, int] = option((640, 360), *SIDES)
    rate: float = option(25.0, 0.1, 1000)
    seed: int = option(0, 0, MOST_SEED)
    speed: float = option(1.0, 0.01, 20)
    stops: float = option(0.4, 0, 1)
    visits: int = option(2, 1, 1_000_000)
    away: tuple[float, float] = option((0.3, 2.0), 0, 3600, rising=True)
    pan: float = option(0.0, 0, 2)
    skeleton: Any = option("coco17")
    scene: SceneOptions = field(default_factory=SceneOptions)

    def __post_init__(self) -> None:
        self.scene = scene_options(self.scene)
        check(self, "video")


class DrawnFrame(NamedTuple):
    """A frame: uint8 RGB picture, labels with ``ids``, and time in seconds."""

    image: np.ndarray
    labels: Labels
    time: float


@dataclass(frozen=True)
class _Slot:
    """One of the people on the way at a time: its first side (±1), usual height (px), speed, and its timetable (s)."""

    side: int
    height: float
    speed: float
    period: float
    offset: float


@dataclass(frozen=True)
class _Bodies:
    """N bodies at their moments, seen in a picture that holds all the camera turns to."""

    walkers: list[Walker]
    build: Build
    posture: Posture
    height: np.ndarray
    ground: np.ndarray
    corner: np.ndarray

    @property
    def xy(self) -> np.ndarray:
        return self.corner[:, None] + self.height[:, None, None] * self.posture.joints[..., :2]


class DrawnVideo:
    """People who walk through a place, cross, hide each other, leave and return: an endless video with known truth.

    Every moment is computed from the seed and the time, so that any can be had at once, and none is kept. Iterating
    yields frames (image, labels, time) for ever. Ids are 0, 1, 2, … and never used again.

    Parameters
    ----------
    options : DrawnVideoOptions, optional

    Raises
    ------
    LabelsError
        A drawn body has none of the skeleton's joints.
    OptionsError
        A time is negative.
    """

    def __init__(self, options: DrawnVideoOptions | None = None) -> None:
        self.options = o = options or DrawnVideoOptions()
        self.skeleton = skeletons.get(o.skeleton)
        self._joints = self.skeleton.mapping(WHOLE_BODY)
        if (self._joints < 0).all():
            raise LabelsError(f"a drawn body has none of the joints of {self.skeleton.name!r}; give a body's skeleton")
        self._body = WHOLE_BODY if (self._joints >= len(BODY.joints)).any() else BODY
        rng, (width, height) = self._random(_WORLD), o.size
        self._width = int(np.ceil(width * (1 + o.pan)))
        self._horizon = height * rng.uniform(0.26, 0.42)
        self._place = draw_place(rng, (self._width, height), self._horizon, o.scene.places)
        add_clutter(rng, self._place, int(rng.integers(o.scene.clutter[0], o.scene.clutter[1] + 1)))
        self._heights = choose_heights(rng, height, o.people, o.scene)
        self._rise = choose_rise(rng, height, self._horizon, o.people, o.scene)
        self._props = choose_props(rng, self._width, self._horizon, self._rise, self._heights, o.scene)
        self._nearest_prop = self._where_props_are()
        self._slots = [self._choose_slot(n) for n in range(o.people)]
        self._visit = lru_cache(4 * o.people + 16)(self._choose_visit)

    def __iter__(self) -> Iterator[DrawnFrame]:
        return (self.frame(number / self.options.rate) for number in count())

    def frame(self, time: float) -> DrawnFrame:
        """The frame at ``time`` seconds, drawn; labels are those that :func:`~bupose.synthetic.draw_scene` gives."""
        o, bodies, view = self.options, self._bodies(np.array([time])), self._view(time)
        xy = bodies.xy - (view, 0)
        reach = 0.2 * bodies.height[:, None]
        here = ((xy.min(1) - reach < o.size) & (xy.max(1) + reach > 0)).all(1).nonzero()[0]
        looks = [bodies.walkers[n].look for n in here]
        figures = draw_people(
            _only(bodies.posture, here), _only(bodies.build, here), looks, bodies.height[here], self._body
        )
        for figure, n in zip(figures, here, strict=True):
            figure.move(*(bodies.corner[n] - (view, 0)))
            figure.joints = xy[n]
        shift = np.array([round(-view * (1 << SHIFT)), 0], np.int32)
        things = [replace(p, strokes=p.strokes.moved(shift)) for p in self._props]
        things += [Thing(f.strokes, bodies.ground[n], k) for k, (f, n) in enumerate(zip(figures, here, strict=True))]
        background = cv2.getRectSubPix(self._place, o.size, ((o.size[0] - 1) / 2 + view, (o.size[1] - 1) / 2))
        cast_shadows(background, figures, bodies.ground[here])
        ids = np.array([bodies.walkers[n].id for n in here], np.int32)
        scene = Scene(background, figures, things, self._body, self._unlabelled_away(), ids)
        painted = scene.paint()
        labels, _ = scene.label(painted, self.skeleton, o.scene.min_visible)
        return DrawnFrame(photograph(self._random(_CAMERA), painted.image, o.scene.camera), labels, time)

    def labels(self, time: float) -> Labels:
        """The labels at ``time`` seconds without a picture, many times faster than drawing one.

        Positions are a frame's own. Which joints are hidden is told from bars in place of what is painted, areas are
        those of the joints' boxes, and people without a visible joint are missing.
        """
        o, b = self.options, self._bodies(np.array([time]))
        away = averted(b.posture, self._body)
        hidden = away | hidden_joints(b.posture, b.build, b.corner, b.height, b.ground, self._body)
        x, y = np.moveaxis(np.rint(b.xy).astype(int), -1, 0)
        hidden |= self._nearest_prop[y.clip(0, o.size[1] - 1), x.clip(0, self._width - 1)] > b.ground[:, None]
        xy = b.xy - (self._view(time), 0)
        outside = ((np.rint(xy) < 0) | (np.rint(xy) >= o.size)).any(-1) | (away & self._unlabelled_away())
        visibility = np.where(outside, 0, np.where(hidden, 1, 2))
        wanted = (visibility[:, np.isin(self._body.joints, self.skeleton.joints)] == 2).any(1)
        ids = np.array([w.id for w in b.walkers], np.int32)
        labels = Labels(np.where(visibility[..., None] > 0, xy, 0), visibility, self._body, ids=ids)
        return labels[wanted].to(self.skeleton)

    def joints(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where everybody's joints are at ``times``, inside the picture and outside, hidden or not.

        Parameters
        ----------
        times : array (T,), s

        Returns
        -------
        ids : int32 array (T, P)
            Who is on the way in each of the P places.
        xy : float64 array (T, P, K, 2), px
            NaN for joints that a drawn body lacks.
        """
        times = np.asarray(times, float)
        bodies = self._bodies(times)
        xy = bodies.xy - np.stack([self._view(np.repeat(times, self.options.people)), 0 * bodies.ground], 1)[:, None]
        xy = np.where(self._joints[:, None] >= 0, xy[:, self._joints], np.nan)
        shape = (len(times), self.options.people)
        return np.array([w.id for w in bodies.walkers], np.int32).reshape(shape), xy.reshape(*shape, *xy.shape[1:])

    def _random(self, *what: int) -> np.random.Generator:
        return np.random.default_rng((self.options.seed, *what))

    def _unlabelled_away(self) -> np.ndarray:
        face = np.isin(self._body.joints, (*FACE, *FACE_LANDMARKS))
        return face & (not self.options.scene.face_from_behind)

    def _view(self, time: Any) -> Any:
        """The left edge of the picture, px from that of all the camera turns to."""
        width = self.options.size[0]
        return (self._width - width) / 2 + width * self.options.pan / 2 * np.sin(2 * np.pi * time / _PAN)

    def _where_props_are(self) -> np.ndarray:
        """float64 (H, W): the row on which the nearest prop stands that covers a pixel, −1 where there is none."""
        owner = np.zeros(self._place.shape[:2], np.int32)
        props = sorted(self._props, key=lambda p: p.ground)
        for n, prop in enumerate(props, 1):
            prop.strokes.paint(np.zeros_like(self._place), owner, n << 8)
        return np.array([-1.0, *(p.ground for p in props)])[owner >> 8]

    def _choose_slot(self, n: int) -> _Slot:
        rng, o, height = self._random(_SLOT, n), self.options, float(self._heights[n])
        side, speed, away = 1 if rng.random() < 0.5 else -1, o.speed * rng.uniform(0.6, 1.1), rng.uniform(*o.away)
        slot = _Slot(side, height, speed, 0.0, 0.0)
        period = (self._width / height + 1) / speed + 2.0 * o.stops + away
        return replace(slot, period=period, offset=rng.uniform(0, period))

    def _gate(self, n: int, visit: int) -> np.ndarray:
        """Where the n-th person is between two visits, outside the picture: as :class:`Walks` has it."""
        slot = self._slots[n]
        height = slot.height * np.exp(self._random(_GATE, n, visit).uniform(-0.2, 0.2))
        height = min(height, self._heights.max())
        side = slot.side * (-1) ** visit
        return np.array([side * (self._width / 2 / height + 0.5), _FOCAL * self.options.size[0] / height])

    def _choose_visit(self, n: int, visit: int) -> tuple[Walker, Walks]:
        o, slot, person = self.options, self._slots[n], visit // self.options.visits
        walker = Walker.choose(self._random(_WALKER, n, person), n + o.people * person, o.scene.colors)
        start, end = self._gate(n, visit), self._gate(n, visit + 1)
        rng = self._random(_WALK, n, visit)
        return walker, Walks.choose(rng, walker, start, end, slot.speed, slot.period - o.away[0], o.stops)

    def _bodies(self, times: np.ndarray) -> _Bodies:
        """Everybody at each time, T * P bodies."""
        if not (np.isfinite(times) & (times >= 0)).all():
            raise OptionsError(f"the time in a drawn video is {shown(float(times.min()))}; give seconds from 0")
        period, offset = (np.array([getattr(s, what) for s in self._slots]) for what in ("period", "offset"))
        since = times[:, None] + offset
        visits = np.floor(since / np.maximum(period, 1e-9)).astype(int)
        since = (since - visits * period).reshape(-1)
        who = np.stack([np.tile(np.arange(len(self._slots)), len(times)), visits.reshape(-1)], 1)
        pairs, index = np.unique(who, axis=0, return_inverse=True)
        found = [self._visit(*pair) for pair in pairs.tolist()]
        walkers = [found[i][0] for i in index]
        walks = Walks.join([walk for _, walk in found], index)
        build = Build(*(np.array([getattr(w.build, f.name)[0] for w in walkers]) for f in fields(Build)))

        waits = np.tile(period, len(times)) - walks.duration
        place, facing, angles = walks.at(since - waits)
        posture = articulate(angles, build, facing, elevation_of(self._rise), self._body, walks.grips)
        height = _FOCAL * self.options.size[0] / place[:, 1]
        ground = self._horizon + self._rise * height
        feet = posture.joints[:, _FEET, 1] + 0.018
        lowest = 0.02 * np.log(np.exp(feet / 0.02).sum(1))  # smoothly: who changes feet does not jerk
        corner = np.stack([self._width / 2 + height * place[:, 0], ground - height * lowest], 1)
        return _Bodies(walkers, build, posture, height, ground, corner)


def _only(bodies: Any, index: np.ndarray) -> Any:
    """Some bodies of a :class:`Posture` or :class:`Build`."""
    return type(bodies)(*(getattr(bodies, f.name)[index] for f in fields(bodies)))
