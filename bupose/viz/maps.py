"""Maps of any method as pictures, in the network's pixels."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps

from bupose.maps import Maps, MapSpec
from bupose.viz.fields import (
    HEAT_COLORS,
    add_wheel,
    backdrop,
    blend_strongest,
    find_row,
    heatmap,
    lay_hue,
    opacity,
    spec_of,
    to_network_pixels,
)
from bupose.viz.rgb import lay_over

VALUE_COLORS = np.rint(255 * colormaps["turbo"](np.linspace(0.05, 0.95, 256))[:, :3]).astype(np.uint8)
TAIL = 0.5  # percent of the values clipped at either end of a scale
SURE = 0.1  # minimum heat of cells that determine a scale


def fields_picture(maps: Maps, photo: np.ndarray | None = None, matrix: np.ndarray | None = None) -> np.ndarray:
    """All maps side by side; for part affinity fields heatmaps on the left, fields with their wheel on the right.

    Parameters and errors are those of :func:`heatmap`.

    Returns
    -------
    uint8 array (H, n W + gaps, 3), RGB, network pixels
    """
    pictures = [map_picture(maps, spec.name, None, photo, matrix) for spec in maps.specs]
    gap = np.full((pictures[0].shape[0], max(4, pictures[0].shape[1] // 100), 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)]
    return np.concatenate(parts[1:], 1)


def map_picture(
    maps: Maps,
    name: str,
    row: int | str | None = None,
    photo: np.ndarray | None = None,
    matrix: np.ndarray | None = None,
    wheel: bool = True,
) -> np.ndarray:
    """One map, drawn according to its ``MapSpec``.

    Parameters
    ----------
    name : str
        As in ``maps.arrays``.
    row : int or name, optional
        As in the spec's ``rows``; by default the strongest in each cell.
    photo, matrix : optional
        As for :func:`heatmap`.
    wheel : bool
        Put the legend, :func:`color_wheel`, into pictures of vectors.

    Returns
    -------
    uint8 array (H, W, 3), RGB, network pixels
        Heatmaps as :func:`heatmap`; vectors as :func:`paf_hue`; unbounded values of joints, such as tags, as colours
        whose opacity is the heat; others like one heatmap. Unbounded values are scaled to their range.

    Raises
    ------
    FieldsError
        No such map or row.
    InputError
        The photo is not a picture, or does not fit the maps without a matrix.
    """
    spec = spec_of(maps, name)
    row = None if row is None else find_row(row, spec.rows, "joint" if spec.rows == maps.skeleton.joints else "row")
    if name == "heat" and spec.rows == maps.skeleton.joints:
        return heatmap(maps, row, photo, matrix)
    under, stride = backdrop(maps, photo, matrix), maps.grid.stride
    values = np.nan_to_num(maps.arrays[name], nan=0, posinf=0, neginf=0)
    if spec.depth != 1:
        values = values.mean(-3)
    if spec.vector:
        picture = lay_hue(under, values / _longest(values, spec), row, stride)
        return add_wheel(picture) if wheel else picture
    if not _is_bounded(spec) and spec.rows == maps.skeleton.joints and "heat" in maps.arrays:
        return _color_by_value(under, values, maps.arrays["heat"], row, stride)
    if not _is_bounded(spec):
        low, high = np.percentile(values, [TAIL, 100 - TAIL])
        values = (values - low) / max(high - low, 1e-9)
    strength = np.clip(to_network_pixels(values.max(0) if row is None else values[row], stride), 0, 1)
    return lay_over(under, HEAT_COLORS[np.rint(255 * strength).astype(np.uint8)], opacity(strength))


def _is_bounded(spec: MapSpec) -> bool:
    """Whether values are bounded by about 1, as those of maps stored in steps."""
    return spec.stored != "float16"


def _longest(vectors: np.ndarray, spec: MapSpec) -> float:
    """The length drawn at full strength."""
    if _is_bounded(spec):
        return 1.0
    return max(float(np.percentile(np.hypot(vectors[:, 0], vectors[:, 1]), 100 - TAIL)), 1e-9)


def _color_by_value(
    under: np.ndarray, values: np.ndarray, heat: np.ndarray, row: int | None, stride: int
) -> np.ndarray:
    """Colours of values (K, h, w) of one joint, or of the joint with most heat, with the heat as opacity."""
    heat = np.clip(np.nan_to_num(heat, nan=0, posinf=0, neginf=0), 0, 1)
    sure = values[heat > SURE] if (heat > SURE).any() else values
    low, high = np.percentile(sure, [TAIL, 100 - TAIL])
    rows = slice(None) if row is None else [row]
    large = (to_network_pixels(one, stride)[..., None] for one in values[rows])
    value, best = blend_strongest(heat[rows], large, stride)
    share = np.clip((value[..., 0] - low) / max(high - low, 1e-9), 0, 1)
    return lay_over(under, VALUE_COLORS[np.rint(255 * share).astype(np.uint8)], opacity(best))
