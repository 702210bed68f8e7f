"""Backgrounds of drawn scenes: streets, parks, rooms, and clutter."""

from __future__ import annotations

import cv2
import numpy as np

from bupose.synthetic.shapes import Color, shade

Size = tuple[int, int]


def _gradient(image: np.ndarray, top: int, bottom: int, first: Color, last: Color) -> None:
    """Fill rows ``top`` to ``bottom`` (exclusive) with a colour gradient from ``first`` to ``last``."""
    if bottom > top:
        rows = np.linspace(first, last, bottom - top).clip(0, 255).astype(np.uint8)[:, None]
        image[top:bottom] = cv2.resize(rows, (image.shape[1], bottom - top), interpolation=cv2.INTER_NEAREST)


def _near(rng: np.random.Generator, color: Color, spread: float = 14) -> Color:
    red, green, blue = np.clip(color + spread * rng.uniform(-1, 1, 3), 0, 255).astype(int).tolist()
    return red, green, blue


def _pick(rng: np.random.Generator, choices: tuple):
    return choices[int(rng.random() * len(choices))]


def _polygon(image: np.ndarray, points, color: Color) -> None:
    cv2.fillPoly(image, [np.rint(np.asarray(points) * 16).astype(np.int32)], color, cv2.LINE_AA, 4)


def _disc(image: np.ndarray, x: float, y: float, rx: float, ry: float, color: Color) -> None:
    center, axes = (round(x * 16), round(y * 16)), (max(1, round(rx * 16)), max(1, round(ry * 16)))
    cv2.ellipse(image, center, axes, 0, 0, 360, color, -1, cv2.LINE_AA, 4)


def _sky(rng: np.random.Generator, image: np.ndarray, horizon: int) -> None:
    top = _pick(rng, ((150, 200, 236), (176, 214, 240), (250, 214, 180), (196, 208, 222), (158, 190, 232)))
    _gradient(image, 0, horizon, top, shade(top, 1.14))
    width = image.shape[1]
    for x, y, s in rng.random((3, 3)) * (1, 0.55, 1):
        r = width * (0.03 + 0.04 * s)
        for dx, dy in ((-1.2, 0.2), (0, 0), (1.1, 0.25), (0.4, -0.35)):
            _disc(image, x * width + dx * r, y * horizon + dy * r, r, 0.55 * r, tuple((c + 510) // 3 for c in top))


def _tree(rng: np.random.Generator, image: np.ndarray, x: float, ground: float, size: float) -> None:
    trunk, leaves = _near(rng, (122, 92, 66)), _near(rng, (104, 158, 96), 26)
    _polygon(image, [(x - 0.05 * size, ground), (x + 0.05 * size, ground), (x + 0.03 * size, ground - 0.5 * size),
                     (x - 0.03 * size, ground - 0.5 * size)], trunk)  # fmt: skip
    if rng.random() < 0.35:
        for n in range(3):
            y, half = ground - (0.3 + 0.25 * n) * size, (0.3 - 0.07 * n) * size
            _polygon(image, [(x - half, y), (x + half, y), (x, y - 0.42 * size)], shade(leaves, 0.92 + 0.06 * n))
        return
    for dx, dy, r in ((-0.2, 0.62, 0.22), (0.2, 0.6, 0.2), (0.0, 0.8, 0.26)):
        _disc(image, x + dx * size, ground - dy * size, r * size, r * size, shade(leaves, 0.9 + 0.12 * dy))


def _park(rng: np.random.Generator, image: np.ndarray, horizon: int) -> None:
    height, width = image.shape[:2]
    _sky(rng, image, horizon)
    hill = _near(rng, (156, 196, 150))
    x = np.linspace(-0.05 * width, 1.05 * width, 14)
    for n, rise in enumerate((0.16, 0.07)):
        waves = np.sin(x / width * rng.uniform(4, 9) + rng.uniform(0, 6)) * 0.5 + 0.5
        y = horizon - rise * height * (0.3 + 0.7 * waves)
        points = np.stack([x, y], 1).tolist() + [(1.05 * width, horizon + 2), (-0.05 * width, horizon + 2)]
        _polygon(image, points, shade(hill, 1.05 - 0.08 * n))
    grass = _near(rng, (146, 188, 112))
    _gradient(image, horizon, height, shade(grass, 0.96), shade(grass, 1.1))
    if rng.random() < 0.6:  # a path
        a, b, far = *rng.uniform(-0.1, 0.8, 2), rng.uniform(0.2, 0.8) * width
        _polygon(image, [(far, horizon), (far + 0.03 * width, horizon), ((a + 0.45) * width, height),
                         (min(a, b) * width, height)], (226, 212, 184))  # fmt: skip
    for place in np.sort(rng.random(int(rng.integers(3, 8)))):
        ground = horizon + 0.12 * height * place**2
        _tree(rng, image, rng.uniform(0, 1) * width, ground, (0.12 + 0.25 * place) * height)


def _street(rng: np.random.Generator, image: np.ndarray, horizon: int) -> None:
    height, width = image.shape[:2]
    _sky(rng, image, horizon)
    x = -0.05 * width
    while x < width:
        wide, tall = rng.uniform(0.12, 0.26) * width, rng.uniform(0.45, 1.1) * horizon
        wall = _near(rng, _pick(rng, ((214, 196, 176), (196, 172, 160), (186, 198, 206), (226, 214, 190),
                                      (176, 186, 178))))  # fmt: skip
        left, right, top = int(x), int(x + wide), int(horizon - tall)
        cv2.rectangle(image, (left, top), (right, horizon + 2), wall, -1)
        cv2.rectangle(image, (left, top), (right, top + max(2, int(0.02 * height))), shade(wall, 0.86), -1)
        columns, rows = int(rng.integers(2, 5)), max(1, int(tall / (0.09 * height)))
        glass, w, h = _near(rng, (138, 168, 190), 20), wide / columns, tall / rows
        for i in range(columns):
            for j in range(rows):
                corner = (int(left + (i + 0.25) * w), int(top + (j + 0.35) * h))
                cv2.rectangle(image, corner, (int(corner[0] + 0.5 * w), int(corner[1] + 0.45 * h)), glass, -1)
        x += wide + (rng.random() < 0.3) * 0.06 * width
    ground = _near(rng, (198, 192, 184))
    _gradient(image, horizon, height, shade(ground, 0.94), shade(ground, 1.08))
    vanishing, lines = rng.uniform(0.2, 0.8) * width, np.linspace(-1.2, 2.2, 14) * width
    for end in lines:
        start = (int(vanishing + 0.1 * (end - vanishing)), horizon)
        cv2.line(image, start, (int(end), height), shade(ground, 0.9), 1, cv2.LINE_AA)
    for t in (0.06, 0.16, 0.32, 0.55, 0.85):
        y = int(horizon + t * (height - horizon))
        cv2.line(image, (0, y), (width, y), shade(ground, 0.9), 1)


def _room(rng: np.random.Generator, image: np.ndarray, horizon: int) -> None:
    height, width = image.shape[:2]
    floor = min(height, int(horizon + 0.12 * height))
    wall = _near(rng, _pick(rng, ((232, 222, 206), (206, 220, 224), (222, 208, 214), (214, 222, 204))))
    wood = _near(rng, (206, 176, 138))
    _gradient(image, 0, floor, shade(wall, 1.02), shade(wall, 0.96))
    _gradient(image, floor, height, shade(wood, 0.95), shade(wood, 1.08))
    for end in np.linspace(-1.0, 2.0, 16) * width:
        start = (int(width / 2 + 0.35 * (end - width / 2)), floor)
        cv2.line(image, start, (int(end), height), shade(wood, 0.9), 1, cv2.LINE_AA)
    cv2.rectangle(image, (0, floor - max(2, height // 60)), (width, floor), shade(wall, 0.84), -1)
    for place in (np.arange(3) + rng.uniform(0.1, 0.5, 3)) / 3:  # pictures and windows
        w, h = rng.uniform(0.1, 0.2) * width, rng.uniform(0.14, 0.26) * height
        left, top = int(place * width), int(rng.uniform(0.05, 0.3) * floor)
        right, bottom = int(left + w), int(top + h)
        cv2.rectangle(image, (left, top), (right, bottom), (246, 244, 240), -1)
        m = max(2, int(0.015 * width))
        inner = _near(rng, _pick(rng, ((168, 204, 228), (228, 170, 120), (140, 170, 150), (190, 140, 160))), 30)
        cv2.rectangle(image, (left + m, top + m), (right - m, bottom - m), inner, -1)
        if rng.random() < 0.5:
            _disc(image, (left + right) / 2, (top + bottom) / 2, w * 0.2, h * 0.2, shade(inner, 1.25))
        else:
            cv2.line(image, ((left + right) // 2, top), ((left + right) // 2, bottom), (246, 244, 240), m)


def _beach(rng: np.random.Generator, image: np.ndarray, horizon: int) -> None:
    height, width = image.shape[:2]
    _sky(rng, image, horizon)
    shore = min(int(horizon + 0.08 * height), height)
    sea, sand = _near(rng, (96, 164, 190)), _near(rng, (238, 220, 180))
    _gradient(image, horizon, shore, shade(sea, 0.95), shade(sea, 1.12))
    _gradient(image, shore, height, shade(sand, 0.97), shade(sand, 1.04))
    x = np.linspace(0, width, 20)
    foam = shore + 0.012 * height * np.sin(x / width * 14 + rng.uniform(0, 6))
    _polygon(image, np.stack([np.r_[x, x[::-1]], np.r_[foam, foam[::-1] + 0.02 * height]], 1), (246, 248, 246))


def _studio(rng: np.random.Generator, image: np.ndarray, horizon: int) -> None:
    height = image.shape[0]
    color = _near(rng, _pick(rng, ((226, 230, 236), (238, 228, 214), (214, 226, 220), (222, 216, 232))))
    _gradient(image, 0, horizon, color, shade(color, 1.04))
    _gradient(image, horizon, height, shade(color, 0.9), shade(color, 0.98))


def _noise(rng: np.random.Generator, image: np.ndarray, horizon: int) -> None:
    """Multi-scale blurred noise, like a photo far out of focus."""
    height, width = image.shape[:2]
    cells = int(rng.integers(3, 9))
    first = rng.integers(0, 256, (cells, cells, 3), np.uint8)
    second = rng.integers(0, 256, (4 * cells, 4 * cells, 3), np.uint8)
    coarse = cv2.resize(first, (width, height), interpolation=cv2.INTER_LINEAR)
    fine = cv2.resize(second, (width, height), interpolation=cv2.INTER_LINEAR)
    share = rng.uniform(0.1, 0.5)
    cv2.addWeighted(coarse, 1 - share, fine, share, 0, dst=image)
    paleness = rng.uniform(0, 0.8)
    cv2.addWeighted(image, 1 - paleness, np.full_like(image, rng.integers(60, 220, 3)), paleness, 0, dst=image)


def _polygons(rng: np.random.Generator, image: np.ndarray, horizon: int) -> None:
    height, width = image.shape[:2]
    image[:] = rng.integers(0, 256, 3, np.uint8)
    corners = rng.uniform(-0.2, 1.2, (24, 4, 2)) * (width, height)
    for points, color in zip(corners, rng.integers(0, 256, (24, 3)).tolist(), strict=True):
        hull = cv2.convexHull(points.astype(np.float32))[:, 0]
        _polygon(image, hull, tuple(color))


PLACES = {
    "park": _park, "street": _street, "room": _room, "beach": _beach, "studio": _studio, "noise": _noise,
    "polygons": _polygons,
}  # fmt: skip


def draw_place(rng: np.random.Generator, size: Size, horizon: float, places: tuple[str, ...]) -> np.ndarray:
    """A place without people: uint8 (H, W, 3) RGB; ``horizon`` is a row of the picture."""
    image = np.empty((size[1], size[0], 3), np.uint8)
    row = int(np.clip(horizon, 1, max(size[1] - 1, 1)))
    PLACES[_pick(rng, tuple(places))](rng, image, row)
    return image


def add_clutter(rng: np.random.Generator, image: np.ndarray, things: int) -> None:
    """Scatter distractors over a picture: bars and discs in the colours of people."""
    height, width = image.shape[:2]
    side = min(height, width)
    for _ in range(things):
        x, y, r, s, kind = rng.random(5)
        color = tuple(rng.integers(0, 256, 3).tolist())
        x, y, r = x * width, y * height, (0.02 + 0.12 * r * r) * side
        if kind < 0.25:  # a bar as thick as a limb
            angle = s * 2 * np.pi
            end = (int(x + 4 * r * np.cos(angle)), int(y + 4 * r * np.sin(angle)))
            cv2.line(image, (int(x), int(y)), end, color, max(1, int(0.7 * r)), cv2.LINE_AA)
        elif kind < 0.45:
            _disc(image, x, y, r, r * (0.6 + 0.6 * s), color)
        elif kind < 0.65:
            cv2.rectangle(image, (int(x - r), int(y - 2 * s * r)), (int(x + r), int(y + 2 * s * r)), color, -1)
        elif kind < 0.8:
            corners = np.array([x, y]) + r * 1.5 * rng.uniform(-1, 1, (3, 2))
            _polygon(image, corners, color)
        elif kind < 0.9:
            text = "".join(chr(65 + c) for c in rng.integers(0, 26, 4))
            cv2.putText(image, text, (int(x), int(y)), 3, 0.3 + 0.04 * r, color, 1, cv2.LINE_AA)
        else:  # a textured patch
            box = np.s_[max(int(y - r), 0) : int(y + r) + 1, max(int(x - r), 0) : int(x + r) + 1]
            patch = image[box]
            if patch.size:
                grain = rng.integers(0, 256, (int(3 + 9 * s), int(3 + 9 * s), 3), np.uint8)
                image[box] = cv2.resize(grain, patch.shape[1::-1], interpolation=cv2.INTER_NEAREST)
