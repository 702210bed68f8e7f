"""Joint candidates of several crops, and which person gets which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bupose import geometry, kernels
from bupose.maps import Maps
from bupose.methods.peaks import find_peaks, smooth
from bupose.methods.single.codec import SingleCodec
from bupose.methods.single.reading import read_positions


@dataclass(frozen=True)
class Candidates:
    """N joint candidates of a crop.

    Parameters
    ----------
    joint : int array (N,)
    xy : float64 array (N, 2), pixels
    score : float64 array (N,)
        Heat.
    reach : float, pixels
        Standard deviation of a joint's Gaussian.
    """

    joint: np.ndarray
    xy: np.ndarray
    score: np.ndarray
    reach: float

    def transform(self, matrix: np.ndarray) -> Candidates:
        """The same in another picture's pixels."""
        reach = self.reach * float(np.sqrt(geometry.area_factor(matrix)))
        return replace(self, xy=geometry.apply(matrix, self.xy), reach=reach)


def read_candidates(codec: SingleCodec, maps: Maps) -> Candidates:
    """All peaks of a crop's heatmaps, in pixels of the grid; visible and hidden joints alike."""
    options = codec.decoder
    heat = np.maximum.reduce(list(maps.arrays.values())).astype(np.float32)
    heat = smooth(heat, options.smooth) if options.smooth else heat
    peaks = find_peaks(heat, options.peak_threshold)
    read = "parabola" if options.read == "integral" else options.read  # a mean has no candidates
    cells = np.ascontiguousarray(peaks.cell)
    xy = read_positions(heat[peaks.joint], cells, read, options.sharpness, codec.cell_sigma)
    pixels = codec.grid.to_pixels(xy.astype(np.float64))
    return Candidates(peaks.joint, pixels, peaks.score.astype(np.float64), codec.target.sigma)


def share_out(crops: Sequence[Candidates], worth: np.ndarray, joints: int) -> tuple[np.ndarray, np.ndarray]:
    """Give each joint in a photo to one person: positions (P, K, 2), NaN where absent, and scores (P, K).

    Parameters
    ----------
    crops : sequence of P Candidates
        Of each person's crop, in the photo's pixels.
    worth : float array (P,)
        Factor of each person's scores: that of the box, so that of two boxes of one person the surer gets all.
    joints : int
        K.

    Notes
    -----
    Li et al. 2019 (CrowdPose), section 3.3: candidates of several crops in one place are one joint, and for each kind
    of joint people are matched with joints one to one, by the largest total response. As there, candidates are in one
    place if no farther apart than the smaller of their Gaussians' deviations.
    """
    xy = np.full((len(crops), joints, 2), np.nan)
    score = np.zeros((len(crops), joints))
    person = np.repeat(np.arange(len(crops)), [len(c.joint) for c in crops])
    if not len(person):
        return xy, score
    joint, place, heat = (np.concatenate([getattr(c, name) for c in crops]) for name in ("joint", "xy", "score"))
    node = _merge(joint, person, place, heat, np.array([c.reach for c in crops])[person])
    order = np.lexsort((node, person, joint))
    ids = np.ascontiguousarray(np.stack([joint, person, node], 1)[order], np.int32)
    weight = (heat * np.asarray(worth)[person])[order].astype(np.float32)
    matched = kernels.load().match_hungarian(ids, np.maximum(weight, np.float32(1e-6)), len(person))
    chosen = order[matched]
    xy[person[chosen], joint[chosen]], score[person[chosen], joint[chosen]] = place[chosen], heat[chosen]
    return xy, score


def _merge(joint: np.ndarray, person: np.ndarray, xy: np.ndarray, heat: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """int64 (N,): the joint in the photo that each candidate shows, from 0 for each kind; of one person never twice."""
    node = np.full(len(joint), -1)
    for k in np.unique(joint):
        left = np.flatnonzero(joint == k)
        left = left[np.argsort(-heat[left], kind="stable")]
        number = 0
        while len(left):
            best = left[0]
            distance = np.hypot(*(xy[left] - xy[best]).T)
            near = left[(distance <= np.minimum(reach[left], reach[best])) & (person[left] != person[best])]
            _, first = np.unique(person[near], return_index=True)  # the highest of each
            node[[best, *near[first]]] = number
            left, number = left[node[left] < 0], number + 1
    return node
