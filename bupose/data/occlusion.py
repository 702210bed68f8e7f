"""Occlusion augmentation: patches over people, with their joints hidden."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from bupose.images.sample import Sample
from bupose.people import Labels


def hide_people(rng: np.random.Generator, sample: Sample, count: int) -> Sample:
    """Cover ``count`` parts of people with flat, noisy or copied patches; the joints below become hidden."""
    image, labels = sample.image, sample.labels
    for _ in range(count):
        if not labels.present.any():
            break
        covered = _patch(rng, image, labels)
        labels = hide_joints(labels, covered)
    return replace(sample, labels=labels)


def hide_joints(labels: Labels, covered: np.ndarray, offset: tuple[int, int] = (0, 0)) -> Labels:
    """Hide joints under a bool mask; people who lose all their visible joints are dropped.

    ``offset`` is the picture's pixel at the mask's origin.
    """
    if not len(labels):
        return labels
    at = np.rint(np.nan_to_num(labels.xy) - offset)
    height, width = covered.shape
    inside = ((at >= 0) & (at < (width, height))).all(2) & labels.present
    at = np.where(inside[..., None], at, 0).astype(int)
    under = inside & covered[at[..., 1], at[..., 0]]
    visibility = np.where(under, np.minimum(labels.visibility, 1), labels.visibility)
    lost = under.any(1) & (under | ~labels.present).all(1)
    return replace(labels, visibility=visibility)[~lost] if lost.any() else replace(labels, visibility=visibility)


def _patch(rng: np.random.Generator, image: np.ndarray, labels: Labels) -> np.ndarray:
    """Paint one patch in place; returns the bool mask of what it covers."""
    height, width = image.shape[:2]
    person, joint = np.argwhere(labels.present)[rng.integers(labels.present.sum())]
    body = np.clip(np.sqrt(labels.box[person, 2] * labels.box[person, 3]), 16, max(height, width))
    w, h = np.maximum(rng.uniform(0.15, 0.5, 2) * body, 4)
    x, y = labels.xy[person, joint] + rng.uniform(-0.25, 0.25, 2) * (w, h)
    mask = np.zeros((height, width), np.uint8)
    center = (float(np.clip(x, -4096, 8192)), float(np.clip(y, -4096, 8192)))
    box = cv2.RotatedRect(center, (float(w), float(h)), float(rng.uniform(0, 180)))
    if rng.random() < 0.5:
        cv2.ellipse(mask, (box.center, box.size, box.angle), 1, -1)
    else:
        cv2.fillConvexPoly(mask, np.rint(box.points()).astype(np.int32), 1)
    covered = mask > 0
    kind, color = rng.random(), rng.integers(0, 256, 3)
    if kind < 0.35:
        image[covered] = color
    elif kind < 0.6:
        noise = rng.integers(-60, 60, (int(covered.sum()), 3))
        image[covered] = np.clip(color + noise, 0, 255)
    else:  # a piece of the picture from elsewhere
        dy, dx = int(rng.integers(height)), int(rng.integers(width))
        image[covered] = np.roll(image, (dy, dx), (0, 1))[covered]
    return covered
