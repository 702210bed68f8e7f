"""Skeletons of files that name joints, but not how they hang together."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from bupose.annotations.joint_names import fit_names, read_joints
from bupose.annotations.own_skeleton import declare_skeleton, find_known, spelt_as
from bupose.errors import LabelsError
from bupose.joint_arrays import pick_by_name
from bupose.skeleton import Skeleton

_LOG = logging.getLogger(__name__)


def with_skeleton(
    xy: np.ndarray, score: np.ndarray, own: Sequence[str], wanted: Skeleton | None, name: str,
    pairs: Sequence[tuple[int, int]] = (),
) -> tuple[np.ndarray, np.ndarray, Skeleton]:  # fmt: skip
    """Arrays of a file's joints as those of a skeleton: the wanted one, a built-in one with the same joints, else the
    file's own, whose limbs are its pairs and, where these leave joints apart, the nearest joints'. The latter two keep
    the file's names for writing.

    Parameters
    ----------
    xy : float array (…, K, 2)
        NaN where absent.
    score : float array (…, K)
    own : K names
        As in the file.
    wanted : Skeleton, optional
    name : str
        Of the file.
    pairs : pairs of numbers from 0

    Raises
    ------
    LabelsError
        None of the wanted skeleton's joints is there, or names repeat.
    """
    k, names = len(own), read_joints(own, name)
    flat, flat_score = xy.reshape(-1, k, 2), score.reshape(-1, k)
    present = ~np.isnan(flat).any(2)
    skeleton = wanted or find_known(names)
    if skeleton is None:
        skeleton = _declare(names, pairs, flat, present)
    fitted, told = fit_names(names, skeleton, name)
    if wanted is not None:
        _LOG.info("%s: %s", name, told)
    else:
        skeleton = spelt_as(skeleton, names, own)
    picked, picked_score = pick_by_name((flat, flat_score), fitted, skeleton, present)
    joints = len(skeleton.joints)
    return picked.reshape(*xy.shape[:-2], joints, 2), picked_score.reshape(*score.shape[:-1], joints), skeleton


def _declare(names: Sequence[str], pairs: Sequence[tuple[int, int]], xy: np.ndarray, present: np.ndarray) -> Skeleton:
    try:
        return declare_skeleton("own", names, pairs, xy, present)[0]
    except LabelsError:  # too few were found together: in the file's order
        chain = [(n, n + 1) for n in range(len(names) - 1)]
        return declare_skeleton("own", names, [*pairs, *chain], xy, present)[0]
