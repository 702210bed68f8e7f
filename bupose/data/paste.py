"""Copy-paste augmentation: people cut out of other pictures."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from bupose import geometry
from bupose.data.affine import join_labels, move_labels
from bupose.data.occlusion import hide_joints
from bupose.data.picture import Drawn, Picture, crop_image, picture_of
from bupose.images.sample import Sample
from bupose.people import Labels

_TRIES = 8
_MIN_JOINTS, _MIN_SIDE = 6, 40  # minimum joints and size of a donor
_TORSO = ("left_shoulder", "right_shoulder", "right_hip", "left_hip")


def paste_people(rng: np.random.Generator, sample: Sample, donors, count: int) -> Sample:
    """Paste up to ``count`` people of other pictures near or over those present.

    Parameters
    ----------
    donors : sequence of samples
        Of the same skeleton. Outlines are used if known; else a soft shape around the limbs.
    """
    for _ in range(count):
        found = _find_donor(rng, donors)
        if found is None:
            break
        sample = paste_person(sample, *found, _place(rng, sample, found[0].labels, found[1]))
    return sample


def paste_person(sample: Sample, donor: Picture, person: int, matrix: np.ndarray) -> Sample:
    """Paste one person of a picture into another, transformed by ``matrix`` (donor's pixels to the sample's)."""
    height, width = sample.image.shape[:2]
    one = move_labels(donor.labels[person], matrix)
    left, top, right, bottom = _extent(one, (width, height))
    if right - left < 4 or bottom - top < 4:
        return sample
    local = geometry.compose(matrix, geometry.crop(left, top))
    size = (right - left, bottom - top)
    shape = donor.silhouette(person, local, size)
    if shape is None:
        shape = body_shape(one.transform(geometry.crop(left, top)), size)
    alpha = cv2.GaussianBlur(shape, (0, 0), 1.0).astype(np.float32) / 255
    image = sample.image.copy()
    part = image[top:bottom, left:right]
    part[:] = cv2.blendLinear(crop_image(donor, local, size), np.ascontiguousarray(part), alpha, 1 - alpha)
    covered = alpha > 0.5
    labels = join_labels(hide_joints(sample.labels, covered, (left, top)), one)
    ignore = sample.ignore
    if ignore is not None:
        ignore = ignore.copy()
        ignore[top:bottom, left:right] &= ~covered
    return replace(sample, image=image, labels=labels, ignore=ignore)


def body_shape(labels: Labels, size: tuple[int, int]) -> np.ndarray:
    """uint8 mask (height, width) of thick limbs and a filled trunk around one person's joints."""
    mask = np.zeros(size[::-1], np.uint8)
    xy, here = np.rint(np.clip(np.nan_to_num(labels.xy[0]), -8192, 8192)).astype(int), labels.present[0]
    body = float(labels.box[0, 2:].max())
    for a, b in labels.skeleton.limb_joints:
        if here[a] and here[b]:
            cv2.line(mask, xy[a].tolist(), xy[b].tolist(), 255, max(2, round(0.1 * body)))
    for k in np.flatnonzero(here):
        cv2.circle(mask, xy[k].tolist(), max(2, round(0.06 * body)), 255, -1)
    index = labels.skeleton.index
    trunk = [index[j] for j in _TORSO if j in index and here[index[j]]]
    if len(trunk) > 2:
        cv2.fillPoly(mask, [xy[trunk].astype(np.int32)], 255)
    return mask


def _find_donor(rng: np.random.Generator, donors) -> tuple[Picture, int] | None:
    """A suitable donor, preferably with a known outline."""
    found = None
    for _ in range(_TRIES):
        picture = picture_of(donors, int(rng.integers(len(donors))))
        labels = picture.labels
        good = (labels.present.sum(1) >= _MIN_JOINTS) & (labels.box[:, 3] >= _MIN_SIDE)
        rows = [int(p) for p in np.flatnonzero(good)]
        outlined = [p for p in rows if picture.has_outline(p)]
        if outlined:
            return picture, outlined[rng.integers(len(outlined))]
        if rows and isinstance(picture, Drawn):  # others have no outlines either, and are costly to make
            return picture, rows[rng.integers(len(rows))]
        if rows and found is None:
            found = picture, rows[rng.integers(len(rows))]
    return found


def _place(rng: np.random.Generator, sample: Sample, labels: Labels, person: int) -> np.ndarray:
    """The matrix that places a donor beside or in front of somebody, at a similar size."""
    height, width = sample.image.shape[:2]
    x, y, w, h = labels.box[person].astype(float)
    shares, mirror, angle = rng.random(4), rng.random() < 0.5, rng.uniform(-12, 12)
    beside = sample.labels.box[rng.integers(len(sample.labels))].astype(float) if len(sample.labels) else None
    if beside is None:
        tall, middle = (0.3 + 0.6 * shares[0]) * height, shares[1:3] * (width, height)
    else:
        tall = (0.7 + 0.6 * shares[0]) * np.clip(beside[3], 0.1 * height, 1.2 * height)
        offset = (shares[1:3] - 0.5) * (1.6 * beside[2], 0.4 * beside[3])
        middle = beside[:2] + beside[2:] / 2 + offset
    scale = min(tall / max(h, 1.0), 2.0)
    return geometry.compose(
        geometry.translate(-(x + w / 2), -(y + h / 2)),
        geometry.rotate(angle),
        np.array([[-scale if mirror else scale, 0.0, 0.0], [0.0, scale, 0.0]]),
        geometry.translate(*middle),
    )


def _extent(one: Labels, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """left, top, right, bottom of the pixels that a person may cover, within the picture."""
    xy = one.xy[0][one.present[0]]
    low = np.minimum(one.box[0, :2], xy.min(0)) - 4
    high = np.maximum(one.box[0, :2] + one.box[0, 2:], xy.max(0)) + 5
    left, top = np.clip(np.floor(low), 0, size).astype(int).tolist()
    right, bottom = np.clip(np.ceil(high), 0, size).astype(int).tolist()
    return left, top, right, bottom
