"""How steady joints become, on drawn videos whose truth is known: accelerations, places, delay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt

from bupose.estimate import Estimator
from bupose.people import Labels, People
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO18
from bupose.synthetic import DrawnVideo, DrawnVideoOptions, SceneOptions
from bupose.track import LiveSmoother, SteadyOptions
from bupose.track.motion import corners, sizes
from bupose.track.smoothing import fill_gaps, steady_window

RATE, START = 25.0, 2.0  # frames per second, and where in the videos to begin, s
CHOSEN, SHOWN = range(100, 105), range(105, 110)  # seeds for choosing constants, and for showing what they give
SHORTEST = 20  # frames of somebody that is worth a look
FARTHEST = 0.3  # sizes of a body: mean distance of joints from those of the person they are of


@dataclass(frozen=True)
class Sight:
    """One person's joints through a video, T frames.

    Parameters
    ----------
    times : float64 array (T,), s
    found, truth : float64 arrays (T, K, 2), pixels
    score : float32 array (T, K)
    here : bool array (T, K)
        Joints in the picture.
    size : float64 array (T,), pixels
    skeleton : Skeleton
    """

    times: np.ndarray
    found: np.ndarray
    truth: np.ndarray
    score: np.ndarray
    here: np.ndarray
    size: np.ndarray
    skeleton: Skeleton


def film(seed: int, people: int = 4) -> DrawnVideo:
    """A drawn street or room with people of half the picture's height."""
    scene = SceneOptions(height=(0.35, 0.75))
    return DrawnVideo(DrawnVideoOptions(people=people, seed=seed, size=(640, 400), skeleton="coco18", scene=scene))


def seen_by(network: Estimator, seeds: Iterable[int], frames: int = 150) -> list[Sight]:
    """What a network finds in drawn videos."""
    return [sight for seed in seeds for sight in _sights(film(seed), frames, lambda f: network(f.image))]


def seen_with_noise(seeds: Iterable[int], frames: int = 150) -> list[Sight]:
    """The truth with the kind of noise that the shipped network has there.

    In body sizes: a slow error of 0.02, one of 0.016 that lasts 0.12 s, and 0.004 from frame to frame; and left and
    right are taken for each other for 0.12 s, every second or so.
    """
    return [sight for seed in seeds for sight in _sights(film(seed), frames, None, np.random.default_rng(seed))]


def _sights(
    video: DrawnVideo, frames: int, look: Callable | None, rng: np.random.Generator | None = None
) -> Iterator[Sight]:
    times = START + np.arange(frames) / RATE
    ids, truth = video.joints(times)
    people = video.options.people
    found, score = np.full(truth.shape, np.nan), np.zeros(truth.shape[:3], np.float32)
    here = np.zeros(truth.shape[:3], bool)
    for t, time in enumerate(times):
        frame = video.frame(time) if look else None
        labels = frame.labels if frame else video.labels(time)
        places = [ids[t].tolist().index(i) for i in np.array(labels.ids).tolist()]
        here[t, places] = labels.present
        if frame and look:
            for person, row in _pairs(labels, seen := look(frame)):
                found[t, places[person]], score[t, places[person]] = seen.xy[row], seen.score[row]
    for n in range(people):
        for i in np.unique(ids[:, n]):
            rows = np.flatnonzero(ids[:, n] == i)
            size = sizes(*corners(truth[rows, n]))
            if rng is not None:
                noisy = _shaken(rng, truth[rows, n], size)
                found[rows, n], score[rows, n] = np.where(here[rows, n, :, None], noisy, np.nan), 0.6
            seen_at = np.flatnonzero((~np.isnan(found[rows, n, :, 0])).any(1))
            if len(seen_at) >= SHORTEST:
                span = slice(seen_at[0], seen_at[-1] + 1)
                at = rows[span]
                yield Sight(times[at], found[at, n], truth[at, n], score[at, n], here[at, n], size[span], COCO18)


def _pairs(labels: Labels, people: People) -> Iterator[tuple[int, int]]:
    """Labels and people who are nearest to each other."""
    if not len(labels) or not len(people):
        return
    gap = np.linalg.norm(people.xy - labels.xy[:, None], axis=-1)
    both = people.present & labels.present[:, None]
    apart = np.where(both, gap, 0).sum(2) / np.maximum(both.sum(2), 1)
    apart = np.where(both.sum(2) > 2, apart / np.sqrt(np.maximum(labels.area, 1))[:, None], np.inf)
    for person, row in enumerate(apart.argmin(1).tolist()):
        if apart[person, row] < FARTHEST and apart[:, row].argmin() == person:
            yield person, row


def _shaken(rng: np.random.Generator, xy: np.ndarray, size: np.ndarray) -> np.ndarray:
    noise = np.zeros(xy.shape)
    for spread, lasts in ((0.02, 1.5), (0.016, 0.12), (0.004, 0.0)):
        keep = np.exp(-1 / (RATE * lasts)) if lasts else 0.0
        state = rng.normal(0, spread, xy.shape[1:])
        for t in range(len(xy)):
            noise[t] += state
            state = keep * state + np.sqrt(1 - keep**2) * rng.normal(0, spread, xy.shape[1:])
    xy = xy + noise * size[:, None, None]
    mirror = COCO18.mirror_joints
    left = np.flatnonzero(np.arange(len(mirror)) < mirror)
    turned = np.zeros(xy.shape[:2], bool)
    for k in left.tolist():
        for at in np.flatnonzero(rng.random(len(xy)) < 1.2 / RATE).tolist():
            turned[at : at + 1 + int(rng.exponential(0.12 * RATE)), [k, mirror[k]]] = True
    return np.where(turned[..., None], xy[:, mirror], xy)


def _frames(sight: Sight) -> list[tuple[float, People]]:
    ids = np.zeros(1, np.int32)
    rows = zip(sight.times.tolist(), sight.found, sight.score, strict=True)
    return [(time, People(xy[None], score[None], np.ones(1), sight.skeleton, ids=ids)) for time, xy, score in rows]


def _live(sight: Sight, **options: bool) -> np.ndarray:
    smoother = LiveSmoother(SteadyOptions(**options))
    return np.concatenate([smoother.update(people, time).xy for time, people in _frames(sight)]).astype(np.float64)


def _offline(sight: Sight, **options: bool) -> np.ndarray:
    steady = steady_window(_frames(sight), SteadyOptions(**options))
    return np.concatenate([people.xy for _, people in steady]).astype(np.float64)


def _one_euro(sight: Sight, least: float, beta: float) -> np.ndarray:
    """The filter as published, in body sizes, joint by joint."""
    out, size = sight.found.copy(), np.nanmean(sight.size)
    speed = np.zeros(out.shape[1:])
    for t in range(1, len(out)):
        step = (sight.found[t] - sight.found[t - 1]) * RATE / size
        known = ~np.isnan(step) & ~np.isnan(out[t - 1])
        speed = np.where(known, speed + _share(1.0) * (step - speed), 0)
        gain = _share(least + beta * np.abs(speed))
        out[t] = np.where(known, out[t - 1] + gain * (sight.found[t] - out[t - 1]), sight.found[t])
    return out


def _share(cutoff: np.ndarray | float) -> np.ndarray | float:
    return 1 / (1 + RATE / (2 * np.pi * cutoff))


def _butterworth(sight: Sight, cutoff: float) -> np.ndarray:
    """Of order 4, both ways, over short gaps."""
    sections = butter(2, cutoff, fs=RATE, output="sos")
    xy, _, _ = fill_gaps(sight.times, sight.found, sight.score, SteadyOptions())
    for k in range(xy.shape[1]):
        here = np.flatnonzero(~np.isnan(xy[:, k, 0]))
        for run in np.split(here, np.flatnonzero(np.diff(here) > 1) + 1):
            if len(run) > 15:
                xy[run, k] = sosfiltfilt(sections, xy[run, k], axis=0)
    return xy


WAYS: dict[str, Callable[[Sight], np.ndarray]] = {
    "as found": lambda sight: sight.found,
    "one-euro, MediaPipe's constants (0.05, 80)": lambda sight: _one_euro(sight, 0.05, 80),
    "one-euro, 1 and 3": lambda sight: _one_euro(sight, 1, 3),
    "track.steady.live": _live,
    "live, track.steady.sides=false": lambda sight: _live(sight, sides=False),
    "Butterworth 6 Hz, Sports2D's": lambda sight: _butterworth(sight, 6.0),
    "track.steady.offline": _offline,
    "offline, track.steady.sides=false": lambda sight: _offline(sight, sides=False),
}


def compare(sights: Sequence[Sight]) -> list[dict]:
    """A row for each way: errors of acceleration and place in shares of those as found, and delay in frames."""
    plain = _errors(sights, [s.found for s in sights])
    rows = []
    for name, way in WAYS.items():
        after = [way(s) for s in sights]
        acceleration, place = (a / b for a, b in zip(_errors(sights, after), plain, strict=True))
        rows.append({"way": name, "acceleration": acceleration, "place": place, "frames late": delay(sights, after)})
    return rows


def _errors(sights: Sequence[Sight], places: Sequence[np.ndarray]) -> tuple[float, float]:
    """Mean errors of the acceleration and of the place in body sizes, over joints that were found."""
    acceleration, place = [], []
    for s, xy in zip(sights, places, strict=True):
        known, off = s.here & ~np.isnan(s.found[..., 0]), (xy - s.truth) / s.size[:, None, None]
        place.append(np.linalg.norm(off, axis=-1)[known])
        three = known[:-2] & known[1:-1] & known[2:]
        acceleration.append(np.linalg.norm(np.diff(off, 2, axis=0), axis=-1)[three] * RATE**2)
    return float(np.concatenate(acceleration).mean()), float(np.concatenate(place).mean())


def delay(sights: Sequence[Sight], places: Sequence[np.ndarray]) -> float:
    """How many frames ago the truth was what is shown now: where the errors, cut at 0.06 body sizes, are least."""
    tries = np.linspace(-2, 4, 121)
    off = np.zeros(len(tries))
    for s, xy in zip(sights, places, strict=True):
        truth, known = CubicSpline(s.times, s.truth, axis=0), s.here & ~np.isnan(xy[..., 0])
        known[:5] = known[-5:] = False
        for n, late in enumerate(tries):
            gap = np.linalg.norm(xy - truth(s.times - late / RATE), axis=-1) / s.size[:, None]
            off[n] += np.minimum(gap, 0.06)[known].sum()
    return float(tries[off.argmin()])
