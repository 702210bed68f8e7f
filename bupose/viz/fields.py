"""Heatmaps and part affinity fields as pictures, in the network's pixels."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from matplotlib import colormaps

from bupose.errors import FieldsError
from bupose.maps import Maps, MapSpec
from bupose.viz.hues import hue
from bupose.viz.plot import Plot
from bupose.viz.rgb import as_rgb, lay_over, warp_photo

HEAT_COLORS = np.rint(255 * colormaps["inferno"](np.linspace(0.25, 1, 256))[:, :3]).astype(np.uint8)
PHOTO_LIGHT = 0.55  # brightness of a photo below fields; it is grey, as colours belong to the fields


def to_network_pixels(maps: np.ndarray, stride: int) -> np.ndarray:
    """Maps (..., h, w) of cells up-sampled to pixels (..., h*stride, w*stride), cubic.

    Resizing by an integer factor puts cell u at pixel ``u*stride + (stride-1)/2``, as in ``Grid``. NaN and infinite
    values become 0.
    """
    flat = np.nan_to_num(maps, nan=0, posinf=0, neginf=0).astype(np.float32).reshape(-1, *maps.shape[-2:])
    large = [cv2.resize(m, None, fx=stride, fy=stride, interpolation=cv2.INTER_CUBIC) for m in flat]
    return np.stack(large).reshape(*maps.shape[:-2], *large[0].shape)


def heatmap(
    fields: Maps, joint: int | str | None = None, photo: np.ndarray | None = None, matrix: np.ndarray | None = None
) -> np.ndarray:
    """The heatmap of a joint, or of all, each in its joint's colour.

    Parameters
    ----------
    joint : int or name, optional
        Which joint; all by default.
    photo : array, optional
        Background, any picture that ``as_rgb`` takes; black by default.
    matrix : float array (2, 3), optional
        Photo pixels to network pixels, if they differ.

    Returns
    -------
    uint8 array (H, W, 3), RGB, network pixels

    Raises
    ------
    FieldsError
        No such joint, or maps without heatmaps.
    InputError
        The photo is not a picture, or does not fit the maps without a matrix.
    """
    under, all_heat = backdrop(fields, photo, matrix), array_of(fields, "heat")
    if joint is not None:
        heat = to_network_pixels(all_heat[find_row(joint, fields.skeleton.joints, "joint")], fields.grid.stride)
        heat = np.clip(heat, 0, 1)
        color = HEAT_COLORS[np.rint(255 * heat).astype(np.uint8)]
        return lay_over(under, color, opacity(heat))
    color, best = blend_strongest(all_heat, fields.skeleton.joint_colors, fields.grid.stride)
    return lay_over(under, color, opacity(best))


def blend_strongest(heat: np.ndarray, values: Iterable[np.ndarray], stride: int) -> tuple[np.ndarray, np.ndarray]:
    """Per pixel, the value (H, W, C) of the joint with most heat, with soft borders, and that heat (H, W).

    ``values`` has one array for each joint, which broadcasts to (H, W, C).
    """
    blend, best, total = np.zeros(1, np.float32), np.zeros(1, np.float32), np.full(1, 1e-9, np.float32)
    for cells, value in zip(heat, values, strict=True):
        strength = np.clip(to_network_pixels(cells, stride), 0, 1)[..., None]
        weight = strength**4
        blend, total, best = blend + weight * value, total + weight, np.maximum(best, strength)
    return blend / total, best[..., 0]


def paf_hue(
    fields: Maps,
    limb: int | str | None = None,
    photo: np.ndarray | None = None,
    matrix: np.ndarray | None = None,
    wheel: bool = True,
) -> np.ndarray:
    """The part affinity field of a limb, or the strongest of all: hue is direction, brightness is strength.

    Parameters
    ----------
    limb : int or name, optional
        Its number, or its joints' names as in ``left_elbow-left_wrist``; all by default.
    photo, matrix : optional
        As for :func:`heatmap`; over a photo, opacity is strength.
    wheel : bool
        Put the legend, :func:`color_wheel`, in the lower right corner.

    Returns
    -------
    uint8 array (H, W, 3), RGB, network pixels

    Raises
    ------
    FieldsError
        No such limb, or maps without part affinity fields.
    InputError
        The photo is not a picture, or does not fit the maps without a matrix.
    """
    row, stride = None if limb is None else limb_number(fields, limb), fields.grid.stride
    picture = lay_hue(backdrop(fields, photo, matrix), array_of(fields, "paf"), row, stride)
    return add_wheel(picture) if wheel else picture


def lay_hue(under: np.ndarray, vectors: np.ndarray, row: int | None, stride: int) -> np.ndarray:
    """Vectors (R, 2, h, w) of one row, or the strongest of all, over a picture in network pixels."""
    vectors = np.nan_to_num(vectors, nan=0, posinf=0, neginf=0)
    if row is None:
        weight = np.hypot(vectors[:, :1], vectors[:, 1:]) ** 3  # the strongest row decides, with soft borders
        vectors = (weight * vectors).sum(0) / np.maximum(weight.sum(0), 1e-9)
    else:
        vectors = vectors[row]
    x, y = to_network_pixels(vectors, stride)
    return lay_over(under, hue(x, y), opacity(np.minimum(np.hypot(x, y), 1)))


def color_wheel(size: int) -> np.ndarray:
    """The legend of :func:`paf_hue`: the colour of every direction and strength.

    Returns
    -------
    uint8 array (size, size, 4), RGBA
        Transparent outside the wheel.
    """
    x = (np.arange(size) - (size - 1) / 2) / (size / 2)
    x, y = np.meshgrid(x, x)
    strength = np.hypot(x, y)
    color = lay_over(np.zeros((size, size, 3), np.uint8), hue(x, y), opacity(np.minimum(strength, 1)))
    edge = np.clip((1 - strength) * size / 2 + 0.5, 0, 1)  # anti-aliased rim of one pixel
    return np.concatenate([color, np.rint(255 * edge)[..., None].astype(np.uint8)], -1)


def paf_quiver(
    fields: Maps,
    limb: int | str,
    photo: np.ndarray | None = None,
    matrix: np.ndarray | None = None,
    threshold: float = 0.1,
    window: tuple[float, float, float, float] | None = None,
) -> Plot:
    """The part affinity field of a limb as arrows, one per cell where it exceeds ``threshold``.

    A unit vector is one cell long. Other parameters and errors are those of :func:`paf_hue`.

    Parameters
    ----------
    threshold : float
    window : (left, top, right, bottom), network pixels, optional
        The part to show; by default all.

    Returns
    -------
    Plot
        A matplotlib figure; its axes are network pixels.
    """
    limb = limb_number(fields, limb)
    under = backdrop(fields, photo, matrix)
    left, top, right, bottom = window or (-0.5, -0.5, under.shape[1] - 0.5, under.shape[0] - 0.5)
    figure = Plot(figsize=(8, 8 * (bottom - top) / (right - left) + 0.4), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(under)
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.set_axis_off()
    draw_arrows(axes, fields, limb, threshold)
    axes.set_title(limb_title(fields.skeleton.limb_names[limb]))
    return figure


def draw_arrows(axes, fields: Maps, limb: int, threshold: float) -> None:
    """Draw the arrows of :func:`paf_quiver` on axes of network pixels."""
    x, y = np.nan_to_num(array_of(fields, "paf")[limb], nan=0, posinf=0, neginf=0)
    v, u = np.nonzero(np.hypot(x, y) > threshold)
    stride = fields.grid.stride
    axes.quiver(
        *fields.grid.to_pixels(np.stack([u, v])),
        x[v, u],
        y[v, u],
        color=hue(x[v, u], y[v, u]) / 255,
        angles="xy",
        scale_units="xy",
        scale=1.1 / stride,
        pivot="mid",
        units="xy",
        width=0.13 * stride,
        minlength=0,
    )


def limb_title(name: str) -> str:
    """A readable title of ``left_hip-left_knee``."""
    return name.replace("-", " → ").replace("_", " ")


def limb_number(fields: Maps, limb: int | str) -> int:
    """The index of a limb given by index or name; a ``FieldsError`` lists the limbs."""
    return find_row(limb, fields.skeleton.limb_names, "limb")


def array_of(maps: Maps, name: str) -> np.ndarray:
    """A map by name; a ``FieldsError`` lists the maps."""
    return maps.arrays[spec_of(maps, name).name]


def spec_of(maps: Maps, name: str) -> MapSpec:
    """The spec of a map; a ``FieldsError`` lists the maps."""
    for spec in maps.specs:
        if spec.name == name:
            return spec
    raise FieldsError(f"there is no map {name!r} to draw; there are {', '.join(maps.arrays)}")


def find_row(which: int | str, names: tuple[str, ...], kind: str) -> int:
    if isinstance(which, str):
        if which not in names:
            raise FieldsError(f"no {kind} {which!r}; choose one of {', '.join(names)}")
        return names.index(which)
    if not 0 <= which < len(names):
        raise FieldsError(f"no {kind} {which}; there are {len(names)}, counted from 0")
    return int(which)


def backdrop(fields: Maps, photo: np.ndarray | None, matrix: np.ndarray | None) -> np.ndarray:
    """The photo in network pixels, grey and darkened, or black."""
    width, height = fields.size
    if photo is None:
        return np.zeros((height, width, 3), np.uint8)
    grey = cv2.cvtColor(warp_photo(photo, fields.size, matrix), cv2.COLOR_RGB2GRAY)
    return np.repeat(np.rint(PHOTO_LIGHT * grey).astype(np.uint8)[..., None], 3, axis=2)


def opacity(strength: np.ndarray) -> np.ndarray:
    """float32 (..., 1): strength as opacity."""
    return np.clip(strength, 0, 1)[..., None].astype(np.float32)


def add_wheel(picture: np.ndarray) -> np.ndarray:
    """Put :func:`color_wheel` into the lower right corner, if there is room."""
    side = min(picture.shape[:2])
    size = max(12, side // 6)
    if size + 2 > side:
        return picture
    wheel, rim = color_wheel(size), max(2, size // 16)
    bottom, right = picture.shape[0] - rim, picture.shape[1] - rim
    corner = picture[bottom - size : bottom, right - size : right]
    corner[:] = lay_over(corner, as_rgb(wheel[..., :3]), wheel[..., 3:] / np.float32(255))
    return picture
