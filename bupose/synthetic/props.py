"""Props among the drawn people, which hide parts of them."""

from __future__ import annotations

import numpy as np

from bupose.synthetic.shapes import Color, Strokes, shade

_WOOD, _METAL = (168, 124, 84), (96, 104, 112)
_ROUND = np.stack([np.cos(np.arange(20) * np.pi / 10), np.sin(np.arange(20) * np.pi / 10)], -1)


def _rectangle(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def _any_color(rng: np.random.Generator) -> Color:
    palette = ((206, 92, 80), (84, 128, 180), (226, 178, 84), (110, 152, 110), (150, 122, 160), (190, 160, 128))
    return palette[int(rng.random() * len(palette))]


def _pole(rng: np.random.Generator, strokes: Strokes, x: float, ground: float, person: float) -> None:
    half, top = 0.025 * person, ground - person * rng.uniform(1.3, 1.8)
    strokes.fill(_rectangle(x - half, top, x + half, ground), _METAL, 1)
    strokes.fill(_rectangle(x - half, top, x - 0.3 * half, ground), shade(_METAL, 1.25))
    strokes.fill(_rectangle(x - 2 * half, ground - 2 * half, x + 2 * half, ground), shade(_METAL, 0.85), 1)
    strokes.fill((x, top) + 0.09 * person * _ROUND, (250, 232, 170), 1)


def _box(rng: np.random.Generator, strokes: Strokes, x: float, ground: float, person: float) -> None:
    w, h = person * rng.uniform((0.2, 0.18), (0.4, 0.42))
    d = 0.14 * w
    color = _any_color(rng)
    strokes.fill(_rectangle(x - w / 2, ground - h, x + w / 2, ground), color, 1)
    top, far = ground - h, ground - h - d
    lid = [(x - w / 2, top), (x + w / 2, top), (x + w / 2 - d, far), (x - w / 2 + d, far)]
    strokes.fill(np.array(lid), shade(color, 1.18), 1)
    strokes.fill(_rectangle(x - 0.06 * w, ground - h, x + 0.06 * w, ground), shade(color, 0.86))


def _plant(rng: np.random.Generator, strokes: Strokes, x: float, ground: float, person: float) -> None:
    w, h, leaf = 0.11 * person, 0.18 * person, (86, 142, 92)
    pot = np.array([(x - w, ground - h), (x + w, ground - h), (x + 0.7 * w, ground), (x - 0.7 * w, ground)])
    for angle in rng.uniform(-1.1, 1.1, 9):
        length = person * rng.uniform(0.25, 0.45)
        tip = np.array([x + length * np.sin(angle), ground - h - length * np.cos(angle)])
        root = np.array([x, ground - h])
        middle, across = (root + tip) / 2, 0.045 * person * np.array([np.cos(angle), np.sin(angle)])
        strokes.fill(np.stack([root, middle + across, tip, middle - across]), shade(leaf, rng.uniform(0.8, 1.2)), 1)
    strokes.fill(pot, (196, 112, 82), 1)
    rim = _rectangle(x - 1.1 * w, ground - h - 0.03 * person, x + 1.1 * w, ground - h + 0.02 * person)
    strokes.fill(rim, (176, 96, 70), 1)


def _bench(rng: np.random.Generator, strokes: Strokes, x: float, ground: float, person: float) -> None:
    w, h, t = person * rng.uniform(0.5, 0.8), 0.27 * person, 0.035 * person
    for leg in (-0.42, 0.38):
        strokes.fill(_rectangle(x + leg * w, ground - h, x + leg * w + t, ground), _METAL, 1)
    strokes.fill(_rectangle(x - w / 2, ground - h - t, x + w / 2, ground - h + t), _WOOD, 1)
    strokes.fill(_rectangle(x - w / 2, ground - h - 4.6 * t, x + w / 2, ground - h - 2.4 * t), shade(_WOOD, 1.1), 1)


def _cone(rng: np.random.Generator, strokes: Strokes, x: float, ground: float, person: float) -> None:
    h, w = 0.34 * person, 0.1 * person
    strokes.fill(_rectangle(x - 1.3 * w, ground - 0.04 * person, x + 1.3 * w, ground), (206, 92, 40), 1)
    strokes.fill(np.array([(x - w, ground - 0.03 * person), (x + w, ground - 0.03 * person), (x + 0.15 * w, ground - h),
                           (x - 0.15 * w, ground - h)]), (238, 120, 52), 1)  # fmt: skip
    low, high = ground - 0.4 * h, ground - 0.64 * h
    band = [(x - 0.66 * w, low), (x + 0.66 * w, low), (x + 0.44 * w, high), (x - 0.44 * w, high)]
    strokes.fill(np.array(band), (246, 244, 238))


PROPS = {"pole": _pole, "box": _box, "plant": _plant, "bench": _bench, "cone": _cone}


def draw_prop(rng: np.random.Generator, x: float, ground: float, person: float) -> Strokes:
    """A prop at (x, ground) px, where a person would be ``person`` px tall."""
    strokes = Strokes()
    kinds = tuple(PROPS.values())
    kinds[int(rng.random() * len(kinds))](rng, strokes, x, ground, person)
    return strokes


def draw_stool(x: float, seat: float, ground: float, person: float) -> Strokes:
    """A stool for sitting people: round, so that it fits every view."""
    strokes, r = Strokes(), 0.1 * person
    foot = (x, ground - 0.3 * r) + _ROUND * (0.8 * r, 0.25 * r)
    strokes.fill(foot, _METAL, 1)
    strokes.fill(_rectangle(x - 0.16 * r, seat, x + 0.16 * r, ground - 0.3 * r), shade(_METAL, 1.1), 1)
    strokes.fill((x, seat + 0.25 * r) + _ROUND * (r, 0.3 * r), shade(_WOOD, 0.8), 1)
    strokes.fill((x, seat) + _ROUND * (r, 0.3 * r), _WOOD, 1)
    return strokes
