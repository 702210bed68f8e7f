"""Camera effects: light, blur, grain, compression, without geometric changes."""

from __future__ import annotations

import cv2
import numpy as np


def photograph(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    """Apply camera effects to a uint8 (H, W, 3) picture; ``strength`` in [0, 1] is the probability and size of each."""
    chance = rng.random(6)
    if chance[0] < 0.5 * strength:
        image = _light(rng, image, strength)
    if chance[1] < 0.35 * strength:
        image = _blur(rng, image)
    if chance[2] < 0.9 * strength:
        image = _grade(rng, image, strength)
    if chance[3] < 0.55 * strength:
        image = _grain(rng, image, strength)
    if chance[4] < 0.25 * strength:
        image = _compress(rng, image)
    if chance[5] < 0.04 * strength:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return image


def _light(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    """Uneven illumination."""
    field = rng.integers(int(255 - 110 * strength), 256, (3, 3, 1), np.uint8)
    field = cv2.resize(field, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.multiply(image, cv2.merge([field] * 3), scale=1 / 235)


def _blur(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    kind, size = rng.random(2)
    if kind < 0.4:
        return cv2.GaussianBlur(image, (0, 0), 0.5 + 1.1 * size)
    if kind < 0.7:  # moved
        width = 3 + 2 * int(3 * size)
        angle = rng.uniform(0, np.pi)
        kernel, middle = np.zeros((width, width), np.float32), width // 2
        reach = np.rint(middle * np.array([np.cos(angle), np.sin(angle)])).astype(int)
        cv2.line(kernel, tuple((middle - reach).tolist()), tuple((middle + reach).tolist()), 1.0)
        return cv2.filter2D(image, -1, kernel / kernel.sum())
    height, width = image.shape[:2]  # too few pixels
    factor = 0.4 + 0.4 * size
    small = (max(1, round(width * factor)), max(1, round(height * factor)))
    few = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    return cv2.resize(few, (width, height), interpolation=cv2.INTER_LINEAR)


def _grade(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    """Exposure, contrast, gamma and a colour cast, as one lookup table per channel."""
    level = np.linspace(0, 1, 256)[:, None]
    gamma, contrast = 1 + strength * rng.uniform(-0.35, 0.45), 1 + strength * rng.uniform(-0.4, 0.3)
    cast, shift = 1 + strength * rng.uniform(-0.16, 0.16, 3), strength * rng.uniform(-0.1, 0.1)
    table = ((level**gamma - 0.5) * contrast + 0.5 + shift) * cast
    return cv2.LUT(image, (255 * np.clip(table, 0, 1)).astype(np.uint8)[:, None])


def _grain(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    gain = strength * rng.uniform(0.03, 0.22)
    grain = np.frombuffer(rng.bytes(image.size), np.uint8).reshape(image.shape)
    return cv2.addWeighted(image, 1.0, grain, gain, -127.5 * gain)


def _compress(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    quality = int(rng.integers(20, 80))
    _, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR))
