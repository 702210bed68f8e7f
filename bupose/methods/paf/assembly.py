"""Assembly of people from matched limbs, and their sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bupose import kernels
from bupose.methods.paf.limbs import LimbCandidates
from bupose.methods.peaks import Peaks
from bupose.skeleton import Skeleton

LEAST = 3  # limbs needed to estimate a person's size


@dataclass(frozen=True, repr=False)
class Assembly:
    """N people, as many as there are peaks; most of them were merged into others, and have none.

    Parameters
    ----------
    members : int32 array (N, K)
        Peak of each person's joint, -1 for none.
    person : int32 array (N,)
        The person of each peak.
    used : bool array (M,)
        Candidates whose two joints belong to one person.
    scale : float32 array (N,), cells
        How long a person's limb of usual length 1 is: the median over its limbs, robust to one wrong limb. NaN for
        fewer than three limbs.
    """

    members: np.ndarray
    person: np.ndarray
    used: np.ndarray
    scale: np.ndarray


def assemble_people(candidates: LimbCandidates, matched: np.ndarray, peaks: Peaks, skeleton: Skeleton) -> Assembly:
    """Assemble people from matched candidates, bool (M,).

    Notes
    -----
    Limbs of all types are processed in order of descending weight (Hidalgo et al. 2019), so that strong limbs precede
    weak ones, and redundant limbs count like any other.
    """
    k, ids = kernels.load(), candidates.ids
    order = candidates.order[matched[candidates.order]]
    members, person, used = k.group_people(ids, order, peaks.joint, len(skeleton.joints))
    scale = k.measure_people(ids, peaks.xy, skeleton.usual, person, used, LEAST)
    return Assembly(members, person, used, scale)


def limb_lengths(assembly: Assembly, candidates: LimbCandidates, peaks: Peaks, skeleton: Skeleton) -> np.ndarray:
    """float32 (N,), cells: the length of person n's median limb, at least 1, also for people without limbs.

    From whichever limbs it has, by their usual lengths; where the skeleton knows none, the median of the limbs that
    there are.
    """
    usual, a = skeleton.usual, assembly
    if not skeleton.usual_limb:
        usual = np.ones_like(usual)
    scale = kernels.load().measure_people(candidates.ids, peaks.xy, usual, a.person, a.used, 1)
    length: np.ndarray = np.fmax(scale * np.float32(skeleton.usual_limb or 1), np.float32(1))
    return length
