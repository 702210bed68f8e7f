"""Placement of the drawn people: ground, perspective, and props."""

from __future__ import annotations

import cv2
import numpy as np

from bupose.skeleton import Skeleton
from bupose.synthetic.angles import choose_angles
from bupose.synthetic.background import add_clutter, draw_place
from bupose.synthetic.figure import Figure, Scene, Thing
from bupose.synthetic.head import FACE
from bupose.synthetic.landmarks import FACE_LANDMARKS
from bupose.synthetic.look import choose_look
from bupose.synthetic.options import SceneOptions
from bupose.synthetic.person import draw_people
from bupose.synthetic.pose import BODY, Build, articulate
from bupose.synthetic.props import draw_prop, draw_stool

_HIPS = BODY.index["mid_hip"]


def plan_scene(
    rng: np.random.Generator, size: tuple[int, int], people: int, options: SceneOptions, body: Skeleton = BODY
) -> Scene:
    """Choose background, people and props; only the background is painted."""
    width, height = size
    horizon = height * rng.uniform(0.26, 0.42)
    background = draw_place(rng, size, horizon, options.places)
    add_clutter(rng, background, int(rng.integers(options.clutter[0], options.clutter[1] + 1)))

    heights = choose_heights(rng, height, people, options)
    rise = choose_rise(rng, height, horizon, people, options)
    grounds = horizon + rise * heights
    angles, poses = choose_angles(rng, people, tuple(options.poses))
    build, facing = Build.choose(rng, people), _choose_facing(rng, people, options)
    postures = articulate(angles, build, facing, elevation_of(rise), body)
    looks = [choose_look(rng, options.colors) for _ in range(people)]
    figures = draw_people(postures, build, looks, heights, body)
    xs = choose_places(rng, width, grounds, heights, options)

    things = []
    for n, (figure, pose, x, ground) in enumerate(zip(figures, poses, xs, grounds, strict=True)):
        left, _, right, bottom = figure.bounds
        lifted = rng.uniform(0.05, 0.2) * heights[n] if pose == "jump" else 0.0
        if options.beyond == 0:  # nobody is cut
            x = np.clip(x, (right - left) / 2, max(width - 1 - (right - left) / 2, (right - left) / 2))
        figure.move(x - (left + right) / 2, ground - lifted - bottom)
        if pose == "sit":
            at, low = figure.joints[_HIPS] + (0, 0.05 * heights[n])
            seat = draw_stool(at, low, ground, heights[n])
            things.append(Thing(seat, ground - 1e-3))
        things.append(Thing(figure.strokes, ground, n))
    cast_shadows(background, figures, grounds)
    things += choose_props(rng, width, horizon, rise, heights, options)
    unlabelled = np.isin(body.joints, (*FACE, *FACE_LANDMARKS)) & (not options.face_from_behind)
    return Scene(background, figures, things, body, unlabelled)


def choose_rise(rng: np.random.Generator, height: int, horizon: float, people: int, options: SceneOptions) -> float:
    """How high the camera is, in body heights: a person of h px stands ``rise`` * h px below the horizon."""
    tallest = height * options.height[1] * crowd_factor(people)
    return (height * rng.uniform(0.9, 0.98 + 6 * options.beyond) - horizon) / tallest


def elevation_of(rise: float) -> float:
    """The downward angle of view, degrees."""
    return float(np.clip(3 + 6 * rise, 4, 24))


def crowd_factor(people: int) -> float:
    """Factor on body heights: smaller for many people, larger for few."""
    return min(1.2, (5 / max(people, 1)) ** 0.4)


def choose_heights(rng: np.random.Generator, height: int, people: int, options: SceneOptions) -> np.ndarray:
    """Body heights (P,), px: as many between 100 and 200 as between 50 and 100."""
    low, high = np.log(options.height)
    return height * np.exp(rng.uniform(low, high, people)) * crowd_factor(people)


def choose_places(
    rng: np.random.Generator, width: int, grounds: np.ndarray, heights: np.ndarray, options: SceneOptions
) -> np.ndarray:
    """Columns (P,) px: for each person the one of ``spread`` tries farthest from those placed before."""
    xs = np.empty(len(heights))
    for n in range(len(heights)):
        margin = width * (0.08 if options.beyond == 0 else -options.beyond)
        tries = rng.uniform(margin, width - margin, options.spread)
        if n and options.spread > 1:
            across = (tries[:, None] - xs[:n]) / (0.35 * (heights[n] + heights[:n]) / 2)
            along = (grounds[n] - grounds[:n]) / (0.5 * (heights[n] + heights[:n]) / 2)
            xs[n] = tries[np.argmax((across**2 + along**2).min(1))]
        else:
            xs[n] = tries[0]
    return xs


def _choose_facing(rng: np.random.Generator, people: int, options: SceneOptions) -> np.ndarray:
    """Degrees (P,); every other person is biased to face the viewer."""
    middle = (options.facing[0] + options.facing[1]) / 2
    facing = rng.uniform(*options.facing, people)
    return np.where(rng.random(people) < 0.5, middle + (facing - middle) / 3, facing)


def cast_shadows(background: np.ndarray, figures: list[Figure], grounds: np.ndarray) -> None:
    """Darken the ground under figures (their rows ``grounds``)."""
    dark = background.copy()
    for figure, ground in zip(figures, grounds, strict=True):
        left, _, right, _ = figure.bounds
        center = (round(8 * (left + right)), round(16 * (ground - 0.012 * figure.height)))
        axes = (round(7 * (right - left)), max(1, round(16 * 0.03 * figure.height)))
        cv2.ellipse(dark, center, axes, 0, 0, 360, (30, 30, 40), -1, cv2.LINE_AA, 4)
    cv2.addWeighted(dark, 0.22, background, 0.78, 0, dst=background)


def choose_props(
    rng: np.random.Generator, width: int, horizon: float, rise: float, heights: np.ndarray, options: SceneOptions
) -> list[Thing]:
    """Choose props, as large as they are beside people of ``heights`` px."""
    things = []
    for _ in range(int(rng.integers(options.props[0], options.props[1] + 1))):
        x, person = rng.uniform(0, width), rng.choice(heights) if len(heights) else 0.3 * width
        person *= rng.uniform(0.7, 1.1)
        ground = horizon + rise * person
        things.append(Thing(draw_prop(rng, x, ground, person), ground))
    return things
