"""Which joints of drawn people are hidden by a body, told from bars and discs in place of all that is painted."""

from __future__ import annotations

import numpy as np

from bupose.skeleton import Skeleton
from bupose.synthetic.person import PART, shown_by
from bupose.synthetic.pose import BODY, Build, Posture

# A bar's ends, its half widths there (body heights), the part of the body that it is, and how far it is before its
# axis, as it is painted.
_SIDED = (
    ("shoulder", "elbow", 0.034, 0.029, "upper_arm", 0.024), ("elbow", "wrist", 0.029, 0.021, "forearm", 0.024),
    ("wrist", "tip", 0.020, 0.015, "hand", 0.024), ("hip", "knee", 0.055, 0.041, "thigh", 0.0),
    ("knee", "ankle", 0.042, 0.026, "shank", 0.0), ("ankle", "big_toe", 0.021, 0.018, "foot", 0.0),
)  # fmt: skip
_BARS = [
    *((side + a, side + b, r, q, PART[side + part], lift)
      for side in ("left_", "right_") for a, b, r, q, part, lift in _SIDED),
    *((side + "shoulder", side + "hip", 0.030, 0.035, PART["torso"], 0.012) for side in ("left_", "right_")),
    ("left_shoulder", "right_shoulder", 0.03, 0.03, PART["torso"], 0.012),
    ("neck", "mid_hip", 0.070, 0.085, PART["torso"], 0.012),
    ("neck", "head", 0.029, 0.029, PART["neck"], 0.012),
    ("left_hip", "right_hip", 0.055, 0.055, PART["hips"], 0.004),
    ("head", "head", 0.062, 0.062, PART["head"], 0.02),
]  # fmt: skip
_PLACES = (*BODY.joints, "head", "left_tip", "right_tip")
_A, _B = (np.array([_PLACES.index(bar[n]) for bar in _BARS]) for n in (0, 1))
_RADII, _LIFT = np.array([bar[2:4] for bar in _BARS]), np.array([bar[5] for bar in _BARS])
_PARTS = [bar[4] for bar in _BARS]
_HEAD = np.isin(_PARTS, PART["head"])
_SPINE = next(n for n, bar in enumerate(_BARS) if bar[0] == "neck")
_TORSO = np.isin(_PARTS, [PART["torso"], PART["hips"]])


def hidden_joints(
    postures: Posture, build: Build, corner: np.ndarray, height: np.ndarray, ground: np.ndarray, body: Skeleton
) -> np.ndarray:
    """Joints behind somebody, or behind the person's own body.

    Parameters
    ----------
    postures, build : of P people
    corner : float64 array (P, 2), px
        Where in the picture the postures' origins are.
    height : float64 array (P,), px
        Body heights.
    ground : float64 array (P,), px
        Rows on which they stand: who stands lower is nearer.
    body : ``BODY`` or ``WHOLE_BODY``
        Whose joints the postures are of.

    Returns
    -------
    bool array (P, K)
    """
    size = height[:, None, None]
    joints = postures.joints * size
    known = joints[:, [body.index[j] for j in BODY.joints]]
    places = np.concatenate([known, (postures.head_center * height[:, None])[:, None], postures.hands * size], 1)
    start, end = places[:, _A], places[:, _B]
    girth = np.where(_TORSO, build.girth[:, None], 0.45 + 0.55 * build.girth[:, None])
    radii = _RADII * np.where(_HEAD, build.head[:, None], girth)[..., None] * size
    hidden = _behind_own(joints, start, end, radii, size[..., 0] * _LIFT, shown_by(body)[:, _PARTS])

    seen = corner[:, None] + joints[..., :2]
    start, end = start[..., :2] + corner[:, None], end[..., :2] + corner[:, None]
    low = np.minimum(start, end).min(1) - 0.1 * height[:, None]
    high = np.maximum(start, end).max(1) + 0.1 * height[:, None]
    meet = (low[:, None] < high).all(-1) & (high[:, None] > low).all(-1) & (ground[:, None] < ground)
    behind, before = np.nonzero(meet)
    inside = _covers(seen[behind, :, None], start[before, None], end[before, None], radii[before, None])
    np.logical_or.at(hidden, behind, inside.any(-1))
    return hidden


def _behind_own(joints, start, end, radii, lift, own: np.ndarray) -> np.ndarray:
    """Whether the bar painted last over a joint, by its middle's depth, is of a part that the joint is not on."""
    inside = _covers(joints[:, :, None, :2], start[:, None, :, :2], end[:, None, :, :2], radii[:, None])
    depth = (start + end)[..., 2] / 2
    depth = np.where(_TORSO, depth[:, _SPINE, None], depth) + lift
    top = np.where(inside, depth[:, None], -np.inf).argmax(-1)
    return inside.any(-1) & ~np.take_along_axis(own[None].repeat(len(joints), 0), top[..., None], 2)[..., 0]


def _covers(point, start, end, radii) -> np.ndarray:
    """bool: whether bars cover points."""
    along, off = end - start, point - start
    share = np.clip((off * along).sum(-1) / np.maximum((along * along).sum(-1), 1e-9), 0, 1)
    gap = off - share[..., None] * along
    return (gap * gap).sum(-1) < (radii[..., 0] + share * (radii[..., 1] - radii[..., 0])) ** 2
