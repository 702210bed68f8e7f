"""Matching and assembly of limb candidates into people, without limbs too long for their person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bupose import kernels
from bupose.methods.paf.limbs import LimbCandidates
from bupose.methods.paf.options import DecodeOptions
from bupose.methods.peaks import Peaks
from bupose.skeleton import Skeleton

LEAST = 3  # limbs needed to estimate a person's size
SLACK = 1.0  # cells by which inexact peaks may lengthen a limb


@dataclass(frozen=True, repr=False)
class Assembly:
    """N people, as many as there are peaks; most of them were merged into others, and have none.

    Parameters
    ----------
    matched : bool array (M,)
        Chosen by the matching among the candidates of its limb.
    overlong : bool array (M,)
        Candidates too long for the person of one of their joints, and excluded from the matching.
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

    matched: np.ndarray
    overlong: np.ndarray
    members: np.ndarray
    person: np.ndarray
    used: np.ndarray
    scale: np.ndarray


def assemble_people(candidates: LimbCandidates, peaks: Peaks, skeleton: Skeleton, options: DecodeOptions) -> Assembly:
    """Match candidates, and assemble people of them; once more without the limbs that are then too long.

    Notes
    -----
    Matching is as in :func:`bupose.methods.paf.matching.match_limbs`. Matched limbs of all types are processed in order
    of descending weight (Hidalgo et al. 2019), so that strong limbs precede weak ones, and redundant limbs count like
    any other.
    """
    c, joints, assemble = candidates, len(skeleton.joints), kernels.load().assemble_people
    limits = (options.matching == "greedy", LEAST, float(options.max_limb_ratio), SLACK)
    return Assembly(*assemble(c.ids, c.values, peaks.joint, joints, peaks.xy, skeleton.usual, limits))
