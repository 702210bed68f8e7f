"""Encoding of joints and limbs into fields."""

from __future__ import annotations

import numpy as np


def paint_heat(shape, xy, present, sigma):
    """Gaussians around joints, the maximum over people.

    Parameters
    ----------
    shape : (h, w)
    xy : float64 array (P, K, 2), cells
    present : bool array (P, K)
    sigma : float, cells

    Returns
    -------
    float32 array (K, h, w)

    Notes
    -----
    Cao et al. 2017, eqs. 7-8; cut off at 1 %, as in OpenPose's training code.
    """
    heat = np.zeros((xy.shape[1], *shape), np.float32)
    v, u = np.mgrid[: shape[0], : shape[1]]
    for p, k in np.argwhere(present):
        exponent = ((u - xy[p, k, 0]) ** 2 + (v - xy[p, k, 1]) ** 2) / (2 * sigma**2)
        heat[k] = np.maximum(heat[k], np.where(exponent <= 4.6052, np.exp(-exponent), 0))
    return heat


def paint_limbs(shape, xy, present, limb_joints, width):
    """Unit vectors in the cells within ``width`` of a limb, averaged over people.

    Parameters
    ----------
    shape : (h, w)
    xy : float64 array (P, K, 2), cells
    present : bool array (P, K)
    limb_joints : int32 array (L, 2)
    width : float, cells
        Half the painted width.

    Returns
    -------
    float32 array (L, 2, h, w)

    Notes
    -----
    Cao et al. 2017, eqs. 8-9, with round ends, so that samples at the joints get the full vector.
    """
    paf = np.zeros((len(limb_joints), 2, *shape), np.float32)
    v, u = np.mgrid[: shape[0], : shape[1]]
    for limb, (ja, jb) in enumerate(limb_joints):
        count = np.zeros(shape, np.int32)
        for p in range(len(xy)):
            way = xy[p, jb] - xy[p, ja]
            length = np.hypot(*way)
            if not (present[p, ja] and present[p, jb] and length > 1e-6):
                continue
            direction = way / length
            dx, dy = u - xy[p, ja, 0], v - xy[p, ja, 1]
            along = np.clip(dx * direction[0] + dy * direction[1], 0, length)
            inside = (dx - along * direction[0]) ** 2 + (dy - along * direction[1]) ** 2 <= width**2
            paf[limb, 0] += inside * direction[0]
            paf[limb, 1] += inside * direction[1]
            count += inside
        paf[limb] /= np.maximum(count, 1)
    return paf
