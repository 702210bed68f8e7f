"""Encoding of joints and limbs into fields."""

from __future__ import annotations

import numpy as np

from bupose.kernels.compiled.jit import jit


@jit
def paint_heat(shape, xy, present, sigma):
    """Gaussians around joints, the maximum over people."""
    h, w = shape
    joints = xy.shape[1]
    heat = np.zeros((joints, h, w), np.float32)
    cut = 4.6052  # 1 % of the height
    reach = np.sqrt(2 * cut) * sigma
    for p in range(len(xy)):
        for k in range(joints):
            if not present[p, k]:
                continue
            x, y = xy[p, k, 0], xy[p, k, 1]
            for v in range(max(int(np.ceil(y - reach)), 0), min(int(np.floor(y + reach)) + 1, h)):
                for u in range(max(int(np.ceil(x - reach)), 0), min(int(np.floor(x + reach)) + 1, w)):
                    exponent = ((u - x) ** 2 + (v - y) ** 2) / (2 * sigma * sigma)
                    if exponent <= cut:
                        heat[k, v, u] = max(heat[k, v, u], np.float32(np.exp(-exponent)))
    return heat


@jit
def paint_limbs(shape, xy, present, limb_joints, width):
    """Unit vectors in the cells within ``width`` of a limb, averaged over people."""
    h, w = shape
    limbs = len(limb_joints)
    paf = np.zeros((limbs, 2, h, w), np.float32)
    count = np.zeros((h, w), np.int32)
    for limb in range(limbs):
        ja, jb = limb_joints[limb, 0], limb_joints[limb, 1]
        count[:] = 0
        for p in range(len(xy)):
            if not (present[p, ja] and present[p, jb]):
                continue
            ax, ay, bx, by = xy[p, ja, 0], xy[p, ja, 1], xy[p, jb, 0], xy[p, jb, 1]
            length = np.sqrt((bx - ax) ** 2 + (by - ay) ** 2)
            if not length > 1e-6:
                continue
            ux, uy = (bx - ax) / length, (by - ay) / length
            top, bottom = max(int(np.ceil(min(ay, by) - width)), 0), min(int(np.floor(max(ay, by) + width)) + 1, h)
            left, right = max(int(np.ceil(min(ax, bx) - width)), 0), min(int(np.floor(max(ax, bx) + width)) + 1, w)
            for v in range(top, bottom):
                for u in range(left, right):
                    along = min(max((u - ax) * ux + (v - ay) * uy, 0.0), length)
                    dx, dy = u - ax - along * ux, v - ay - along * uy
                    if dx * dx + dy * dy <= width * width:
                        paf[limb, 0, v, u] += np.float32(ux)
                        paf[limb, 1, v, u] += np.float32(uy)
                        count[v, u] += 1
        for v in range(h):
            for u in range(w):
                if count[v, u] > 1:
                    paf[limb, 0, v, u] /= np.float32(count[v, u])
                    paf[limb, 1, v, u] /= np.float32(count[v, u])
    return paf
