"""Mosaic of four pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from bupose import geometry
from bupose.data.affine import join_labels
from bupose.images.sample import Sample
from bupose.people import Labels


def compose_mosaic(
    rng: np.random.Generator, size: tuple[int, int], crop: Callable[[int, tuple[int, int]], Sample]
) -> Sample:
    """Join four crops around a point.

    Parameters
    ----------
    size : (width, height), px
    crop : function of n in 0..3 and (width, height)
        Returns the sample of one quarter.
    """
    width, height = size
    x, y = (np.array(size) * rng.uniform(0.35, 0.65, 2)).astype(int).tolist()
    frames = [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]
    image, ignore = np.empty((height, width, 3), np.uint8), np.zeros((height, width), bool)
    parts = []
    for n, (left, top, right, bottom) in enumerate(frames):
        sample = crop(n, (right - left, bottom - top))
        image[top:bottom, left:right] = sample.image
        labels, unknown = confine(sample.labels, (right - left, bottom - top))
        if sample.ignore is not None:
            unknown |= sample.ignore
        ignore[top:bottom, left:right] = unknown
        parts.append(labels.transform(geometry.translate(left, top)))
    labels = join_labels(*parts)
    return Sample(image, labels, ignore if ignore.any() else None)


def confine(labels: Labels, size: tuple[int, int]) -> tuple[Labels, np.ndarray]:
    """Labels without the joints outside a picture of ``size``, and a bool mask of the limbs that leave it.

    The visible part of such a limb cannot be painted without its other end, and is not background either.
    """
    width, height = size
    xy = np.nan_to_num(labels.xy)
    inside = labels.present & ((xy >= -0.5) & (xy <= (width - 0.5, height - 0.5))).all(2)
    unknown = np.zeros((height, width), np.uint8)
    for p in range(len(labels)):
        thick = int(np.clip(0.12 * labels.box[p, 2:].max(), 8, 40))
        for a, b in labels.skeleton.limb_joints:
            if labels.present[p, [a, b]].all() and inside[p, [a, b]].any() and not inside[p, [a, b]].all():
                ends = np.rint(np.clip(xy[p, [a, b]], -8192, 8192)).astype(int)
                cv2.line(unknown, ends[0].tolist(), ends[1].tolist(), 1, thick)
    kept = replace(labels, visibility=np.where(inside, labels.visibility, 0))
    return kept[inside.any(1)], unknown > 0
