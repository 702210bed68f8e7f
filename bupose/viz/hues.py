"""Colours of directions, and colours to tell people apart."""

from __future__ import annotations

import cv2
import numpy as np

UNKNOWN = (150, 150, 150)
_GOLDEN = np.pi * (3 - np.sqrt(5))  # turns by it never come near an earlier one


def _hue_circle(lightness: float = 74, chroma: float = 70) -> np.ndarray:
    """uint8 (720, 3) RGB: equally light colours in equal steps of hue."""
    turn = np.linspace(0, 2 * np.pi, 721)[:-1].astype(np.float32)
    lab = np.stack([np.full_like(turn, lightness), chroma * np.cos(turn), chroma * np.sin(turn)], -1)
    return np.rint(255 * np.clip(cv2.cvtColor(lab[None], cv2.COLOR_LAB2RGB)[0], 0, 1)).astype(np.uint8)


_HUES = _hue_circle()


def hue(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """uint8 (..., 3) RGB of directions: right rose, down amber, left teal, up blue, in even steps of CIE Lab's hue."""
    turn = np.arctan2(y, x) / (2 * np.pi) % 1
    return _HUES[np.rint(turn * len(_HUES)).astype(int) % len(_HUES)]


def distinct_colors(count: int) -> np.ndarray:
    """uint8 (count, 3) RGB: equally light hues, neighbours far apart; for ``draw_people(…, person_colors=…)``."""
    return colors_of(np.arange(count))


def colors_of(ids: np.ndarray) -> np.ndarray:
    """uint8 (P, 3) RGB: the colour of each identity, as :func:`distinct_colors` counts them; grey for −1."""
    turn = _GOLDEN * np.asarray(ids)
    return np.where(np.asarray(ids)[:, None] < 0, UNKNOWN, hue(np.cos(turn), np.sin(turn))).astype(np.uint8)
