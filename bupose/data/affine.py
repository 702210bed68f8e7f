"""Geometric augmentation: rotation, scale, shift and mirroring as one matrix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bupose import geometry
from bupose.people import Labels

_FAR = 64.0  # margin in px within which people may affect the crop's maps


def plan_crop(
    rng: np.random.Generator, labels: Labels, picture: tuple[int, int], size: tuple[int, int], options
) -> np.ndarray:
    """The 2x3 matrix from a picture's pixels to those of a crop of ``size`` = (width, height).

    Draws the same number of random values whatever the options and labels.
    """
    mirror, relative, spread, which, *rest = rng.random(7)
    angle, shift = (2 * rest[0] - 1) * options.rotation, (2 * np.array(rest[1:]) - 1) * options.shift * np.array(size)
    person = choose_person(labels, which, options)
    if person is not None and relative < options.person:
        height = max(float(labels.box[person, 3]), 1.0)
        scale = _between(options.person_scale, spread) * options.person_height * size[1] / height
    else:
        fit = min(size[0] / picture[0], size[1] / picture[1])
        scale = _between(options.picture_scale, spread) * fit
    scale = min(scale, options.max_zoom) if options.max_zoom else scale
    center = _center(labels, person, picture, size, scale, person is not None and relative < options.person)
    sign = -1.0 if mirror < options.mirror else 1.0
    return geometry.compose(
        geometry.translate(-center[0], -center[1]),
        geometry.rotate(angle),
        np.array([[sign * scale, 0.0, 0.0], [0.0, scale, 0.0]]),
        geometry.translate((size[0] - 1) / 2 + shift[0], (size[1] - 1) / 2 + shift[1]),
    )


def choose_person(labels: Labels, which: float, options) -> int | None:
    """Choose a person with enough joints and size, by a number in [0, 1); else among all; None if there is nobody."""
    if not len(labels):
        return None
    good = (labels.present.sum(1) >= options.min_joints) & (labels.box[:, 2:].max(1) >= options.min_side)
    rows = np.flatnonzero(good) if good.any() else np.arange(len(labels))
    return int(rows[int(which * len(rows))])


def move_labels(labels: Labels, matrix: np.ndarray) -> Labels:
    """Transformed labels; left and right are swapped if the matrix mirrors."""
    moved, m = labels.transform(matrix), labels.skeleton.mirror_joints
    if np.linalg.det(matrix[:, :2]) > 0:
        return moved
    return replace(moved, xy=moved.xy[:, m], visibility=moved.visibility[:, m])


def join_labels(*several: Labels) -> Labels:
    """Concatenate labels of one skeleton."""
    xy, visibility, area, box = (
        np.concatenate([getattr(labels, name) for labels in several]) for name in ("xy", "visibility", "area", "box")
    )
    ids = None if any(labels.ids is None for labels in several) else np.concatenate([one.ids for one in several])
    return Labels(xy, visibility, several[0].skeleton, area, box, ids)


def people_near(labels: Labels, size: tuple[int, int]) -> Labels:
    """The people with joints in or near a picture of ``size``."""
    if not len(labels):
        return labels
    xy = np.where(labels.present[..., None], labels.xy, np.nan)
    with np.errstate(all="ignore"):
        low, high = np.fmin.reduce(xy, 1), np.fmax.reduce(xy, 1)
        near = (high >= -_FAR).all(1) & (low <= np.array(size) + _FAR).all(1)
    return labels if near.all() else labels[near]


def _between(span: tuple[float, float], t: float) -> float:
    return span[0] + t * (span[1] - span[0])


def _center(labels, person, picture, size, scale, on_person) -> np.ndarray:
    """The point of the picture at the centre of the crop, px.

    For crops around a person that person's centre; else as near to it as a crop inside the picture allows.
    """
    middle = (np.array(picture) - 1) / 2
    if person is None:
        return middle
    x, y, w, h = labels.box[person].astype(float)
    wanted = np.array([x + w / 2, y + h / 2])
    if on_person:
        return wanted
    spare = np.maximum(np.array(picture) - np.array(size) / scale, 0) / 2
    return np.clip(wanted, middle - spare, middle + spare)
