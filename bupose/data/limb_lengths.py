"""Relative limb lengths of a data set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bupose.data.check import spread_rows
from bupose.data.picture import picture_of
from bupose.errors import InputError
from bupose.proportions import measure_lengths, usual_length
from bupose.skeleton import Skeleton
from bupose.wording import counted

MOST_PHOTOS = 2000  # pictures to measure, spread over the data set
MOST_DRAWN = 64  # fewer of drawn sets, whose pictures must be drawn first


def learn_lengths(samples, skeleton: Skeleton) -> tuple[Skeleton, str]:
    """The skeleton with the limb lengths of a data set's labels, and a note.

    Parameters
    ----------
    samples : sequence of samples, of this skeleton
    skeleton : Skeleton
        Declared limb lengths are kept. Rarely labelled limbs keep the default of a human body, scaled to the others,
        else 0: unknown.

    Returns
    -------
    skeleton, sentence
        The sentence is "" if nothing was measured.
    """
    by_name = np.array([usual_length(limb) for limb in skeleton.limbs])
    if skeleton.limb_lengths != tuple(by_name):
        return skeleton, ""
    most = MOST_PHOTOS if hasattr(samples, "picture") else MOST_DRAWN
    lengths = np.concatenate([np.zeros((0, len(by_name))), *_lengths(samples, skeleton, most)])
    measured = measure_lengths(lengths)
    measured = np.sqrt(measured * measured[skeleton.mirror_limbs[0]])  # training mirrors pictures, too
    if not measured.any():
        return skeleton, ""
    both = (measured > 0) & (by_name > 0)
    unit = np.median(measured[both] / by_name[both]) if both.any() else 0.0
    learned = replace(skeleton, limb_lengths=np.where(measured > 0, measured, unit * by_name).round(4).tolist())
    found = f"{(measured > 0).sum()} of {counted(len(by_name), 'limb')}"
    return learned, f"Limb lengths measured from {counted(len(lengths), 'person')}: {found}."


def _lengths(samples, skeleton: Skeleton, most: int) -> list[np.ndarray]:
    """float (people, L) of each picture, px; NaN where a limb is not labelled."""
    found = []
    for i in spread_rows(len(samples), most):
        try:
            labels = picture_of(samples, i).labels
        except InputError:  # reported when it is read in training
            continue
        ends = np.where(labels.present[..., None], labels.xy, np.nan)[:, skeleton.limb_joints]
        found.append(np.hypot(*np.moveaxis(ends[:, :, 1] - ends[:, :, 0], 2, 0)))
    return found
