"""Targets: heatmaps, centres, and offsets around the centres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bupose import kernels
from bupose.methods.targets import Targets, check_shape, in_cells, known_share
from bupose.people import Labels

if TYPE_CHECKING:
    from bupose.methods.centre.codec import CentreCodec


def encode_labels(
    labels: Labels, size: tuple[int, int], codec: CentreCodec, ignore: np.ndarray | None = None
) -> Targets:
    """Encode labels (pixels) of a picture of ``size`` = (width, height).

    The maps are those of ``CentreCodec.outputs``, in cells. In addition ``offset_weight`` (K, h, w),
    ``box_size_weight`` and ``box_offset_weight`` (1, h, w), float32, are 1 / the person's diagonal in cells where the
    map is known, else 0; ``local_weight`` (K, h, w) is 1 or 0.

    Notes
    -----
    A person's centre is the mean of its joints; where discs around centres overlap, cells belong to the smaller person:
    Geng et al. 2021 (DEKR). Local offsets are learned in the cell that holds a joint, as in Zhou et al. 2019
    (CenterNet), and in its neighbours, which may hold the peak instead.
    """
    k, options, stride = kernels.load("encode"), codec.target, codec.grid.stride
    shape = check_shape(size, codec.grid)
    labels, xy, present = in_cells(labels, codec.grid)
    xy, present = xy[present.any(1)], present[present.any(1)]
    low, high, centre = _measure(xy, present)
    diagonal = np.maximum(np.hypot(*(high - low).T), 1)
    cells, owner = _claim_cells(shape, centre, diagonal, options.radius)
    here = present[owner]
    everybody = np.ones((len(xy), 1), bool)
    maps = {
        "heat": k.paint_heat(shape, xy, present, options.sigma / stride),
        "centre": k.paint_heat(shape, centre[:, None].copy(), everybody, options.centre_sigma / stride),
        "offset": _spread(shape, cells, np.where(here[..., None], xy[owner] - cells[:, None], 0)),
    }
    weights = {"offset_weight": _spread(shape, cells, here / diagonal[owner, None])}
    if options.local:
        maps["local"], weights["local_weight"] = _paint_local(shape, xy, present)
    if options.box:
        maps["box_size"] = _spread(shape, cells, (high - low)[owner])
        maps["box_offset"] = _spread(shape, cells, ((low + high) / 2)[owner] - cells)[None]
        weights["box_size_weight"] = weights["box_offset_weight"] = _spread(shape, cells, 1 / diagonal[owner, None])
    painted = (maps["heat"] > 0).any(0) | (maps["centre"][0] > 0)
    return Targets(codec.maps(maps), known_share(ignore, size, codec.grid, painted), weights)


def _measure(xy: np.ndarray, present: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """float64 (P, 2) each: corners of the joints' box (top left, bottom right), and their mean."""
    here = present[..., None]
    low, high = np.where(here, xy, np.inf).min(1), np.where(here, xy, -np.inf).max(1)
    return low, high, (xy * here).sum(1) / here.sum(1)


def _spread(shape: tuple[int, int], cells: np.ndarray, values: np.ndarray) -> np.ndarray:
    """float32 (…, h, w): values (N, …) in their cells, 0 elsewhere."""
    u, v = cells.T
    painted = np.zeros((*values.shape[1:], *shape), np.float32)
    painted[..., v, u] = np.moveaxis(values, 0, -1)
    return painted


def _claim_cells(
    shape: tuple[int, int], centre: np.ndarray, diagonal: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Cells (N, 2), column and row, within ``radius`` of a centre, and their owners (N,): the smallest person."""
    owner = np.full(shape, -1)
    for p in np.argsort(-diagonal, kind="stable"):
        (left, top), (right, bottom) = np.ceil(centre[p] - radius), np.floor(centre[p] + radius) + 1
        rows = slice(int(np.clip(top, 0, shape[0])), int(np.clip(bottom, 0, shape[0])))
        columns = slice(int(np.clip(left, 0, shape[1])), int(np.clip(right, 0, shape[1])))
        v, u = np.ogrid[rows, columns]
        owner[rows, columns][np.hypot(u - centre[p, 0], v - centre[p, 1]) <= radius] = p
    v, u = np.nonzero(owner >= 0)
    return np.stack([u, v], 1), owner[v, u]


def _paint_local(shape: tuple[int, int], xy: np.ndarray, present: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(K, 2, h, w): offset from a cell to the nearest joint in it or a neighbour; (K, h, w): where it is known."""
    joints, (h, w) = xy.shape[1], shape
    local, weight = np.zeros((joints, 2, h, w), np.float32), np.zeros((joints, h, w), np.float32)
    nearest = np.full((joints, h, w), np.inf)
    cell = np.rint(np.where(present[..., None], xy, -9)).astype(int)
    for dv in (-1, 0, 1):
        for du in (-1, 0, 1):
            for p in range(len(xy)):
                u, v = cell[p, :, 0] + du, cell[p, :, 1] + dv
                k = np.flatnonzero((u >= 0) & (u < w) & (v >= 0) & (v < h))
                u, v, gap = u[k], v[k], xy[p, k] - np.stack([u[k], v[k]], 1)
                nearer = np.hypot(*gap.T) < nearest[k, v, u]
                k, u, v, gap = k[nearer], u[nearer], v[nearer], gap[nearer]
                nearest[k, v, u], local[k, :, v, u], weight[k, v, u] = np.hypot(*gap.T), gap, 1
    return local, weight
