"""From pixels to metres, by a person's height or a known scale."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bupose.errors import InputError
from bupose.exchange.formats.options import WriteOptions
from bupose.exchange.individuals import Individuals
from bupose.skeleton import Skeleton

# The way from ankle over knee and hip to the shoulder as a share of the height: 0.818 - 0.039 (Winter 2009,
# Biomechanics and Motor Control of Human Movement, figure 4.1, after Drillis and Contini 1966).
SHARE = 0.779
_WAY = ("ankle", "knee", "hip", "shoulder")
SEEN = 0.75  # quantile of a segment's lengths over time: seen nearly in the picture's plane, and no outlier


def metres_per_pixel(found: Individuals, skeleton: Skeleton, options: WriteOptions, name: str) -> float | None:
    """The scale, None if nothing is known: ``options.scale``, or that at which the person who is seen most has
    ``options.height``.

    Raises
    ------
    InputError
        A height is given, and that person's ankles, knees, hips and shoulders are never seen.
    """
    if options.scale is not None:
        return 1 / options.scale
    if options.height is None:
        return None
    pixels = np.nan
    if len(found.ids):
        most = int(np.argmax((~np.isnan(found.xy[..., 0])).sum((0, 2))))
        pixels = body_height(found.xy[:, most], skeleton)
    if not pixels > 0:
        joints = "ankles, knees, hips and shoulders"
        raise InputError(
            f"nobody's {joints} are seen in {name!r}, to tell their size; give write.scale instead of height"
        )
    return options.height / pixels


def body_height(xy: np.ndarray, skeleton: Skeleton) -> float:
    """A standing person's height, pixels, from joints (F, K, 2) of a video's frames; NaN if segments are never seen."""
    lengths = []
    for first, second in pairwise(_WAY):
        ends = [[f"{side}_{joint}" for joint in (first, second)] for side in ("left", "right")]
        known = [[skeleton.index[joint] for joint in pair] for pair in ends if set(pair) <= set(skeleton.index)]
        sides = [np.hypot(*np.moveaxis(xy[:, a] - xy[:, b], -1, 0)) for a, b in known]
        seen = np.concatenate([np.zeros(0), *(side[~np.isnan(side)] for side in sides)])
        if not len(seen):
            return float("nan")
        lengths.append(np.quantile(seen, SEEN))
    return float(np.sum(lengths) / SHARE)
