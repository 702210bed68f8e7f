"""The target fields of one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bupose.errors import FieldsError
from bupose.viz.fields import HEAT_COLORS, draw_arrows, limb_number, limb_title
from bupose.viz.plot import Plot

if TYPE_CHECKING:
    from bupose.methods.paf import FieldCodec
    from bupose.people import Labels

BLUE, GREY = "#3567d6", "0.45"


def explain_targets(codec: FieldCodec, labels: Labels, size: tuple[int, int], limb: int | str, person: int = 0) -> Plot:
    """One limb of one person as encoded by the codec: arrows, and each cell's value against its distance.

    Parameters
    ----------
    codec : FieldCodec
        Its ``target`` options set the widths.
    labels : Labels
        Pixels of a picture of ``size`` = (width, height).
    limb : int or name
    person : int
        Row of the labels.

    Returns
    -------
    Plot
        On the left the limb's field at the cell centres; on the right the heat of the limb's first joint and the
        strength of the field. Dots are cells, lines the definition of Cao et al. 2017 (eqs. 7 and 8).

    Raises
    ------
    FieldsError
        No such person or limb, or the person lacks one of the limb's joints.
    """
    if not 0 <= person < len(labels):
        raise FieldsError(f"no person {person}; there are {len(labels)}, counted from 0")
    fields = codec.encode(labels[[person]], size)
    limb = limb_number(fields.maps, limb)
    ends = codec.skeleton.limb_joints[limb]
    if not labels.present[person, ends].all():
        raise FieldsError(f"person {person} lacks a joint of limb {codec.skeleton.limb_names[limb]}; choose another")
    stride, target = codec.grid.stride, codec.target
    first, second = labels.xy[person, ends].astype(np.float64)
    half = target.limb_width * stride
    cells = np.moveaxis(codec.grid.to_pixels(np.mgrid[: fields.heat.shape[1], : fields.heat.shape[2]][::-1]), 0, -1)
    from_joint, from_limb = np.hypot(*(cells - first).T).T, _distance(cells, first, second)

    figure = Plot(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1, 1))[0]
    axes = left.add_subplot()
    _draw_limb(axes, fields, limb, first, second, half)
    axes.set_title(limb_title(codec.skeleton.limb_names[limb]), loc="left")
    top, bottom = right.subplots(2, 1)
    far = 1.25 * max(target.sigma * np.sqrt(2 * np.log(100)), half)
    way = np.linspace(0, far, 200)
    joint = codec.skeleton.joints[ends[0]].replace("_", " ")
    curve = np.exp(-(way**2) / (2 * target.sigma**2))
    _profile(top, from_joint, fields.heat[ends[0]], way, np.where(curve < 0.01, 0, curve))
    top.set(title=f"heat, sigma {target.sigma:g} px", xlabel=f"pixels from the {joint}")
    _profile(bottom, from_limb, np.hypot(*fields.paf[limb]), way, (way <= half).astype(float))
    bottom.set(title=f"length of the arrows, limb width {target.limb_width:g} strides = {half:g} px")
    bottom.set_xlabel("pixels from the limb")
    return figure


def _draw_limb(axes, fields, limb: int, first: np.ndarray, second: np.ndarray, half: float) -> None:
    width, height = fields.size
    heat = np.clip(fields.heat[fields.skeleton.limb_joints[limb]].max(0), 0, 1)
    axes.imshow(
        HEAT_COLORS[np.rint(255 * heat).astype(np.uint8)] * (heat[..., None] > 0),
        extent=(-0.5, width - 0.5, height - 0.5, -0.5),
        alpha=0.55,
    )
    axes.set_facecolor("black")
    x, y = (
        fields.grid.to_pixels(np.arange(fields.heat.shape[2])),
        fields.grid.to_pixels(np.arange(fields.heat.shape[1])),
    )
    axes.plot(*map(np.ravel, np.meshgrid(x, y)), ".", color="0.45", markersize=2)
    draw_arrows(axes, fields, limb, 0.1)
    along = np.arctan2(*(second - first)[::-1])
    turn = np.linspace(-np.pi / 2, np.pi / 2, 20)
    ends = [
        p + half * np.stack([np.cos(along + a), np.sin(along + a)], 1)
        for p, a in ((second, turn), (first, turn + np.pi))
    ]
    ring = np.concatenate([*ends, ends[0][:1]])
    axes.plot(*ring.T, color="white", linewidth=1, linestyle="--")
    axes.plot(*np.stack([first, second], 1), "o-", color="white", linewidth=1, markersize=5)
    low, high = np.minimum(first, second), np.maximum(first, second)
    reach = max(float((high - low).max()) / 2, 2 * half) + 1.8 * half
    middle = (low + high) / 2
    axes.set(xlim=(middle[0] - reach, middle[0] + reach), ylim=(middle[1] + reach, middle[1] - reach), aspect="equal")
    axes.set(xticks=[], yticks=[])


def _profile(axes, distance: np.ndarray, value: np.ndarray, way: np.ndarray, curve: np.ndarray) -> None:
    near = distance <= way[-1]
    axes.plot(way, curve, color=GREY, linewidth=1)
    axes.plot(distance[near], value[near], "o", color=BLUE, markersize=4, alpha=0.7, clip_on=False)
    axes.set(xlim=(0, way[-1]), ylim=(0, 1.08))
    axes.title.set_fontsize(10)
    axes.spines[["top", "right"]].set_visible(False)


def _distance(points: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Distance (…) of points (…, 2) to the segment between two points."""
    way = second - first
    share = np.clip((points - first) @ way / max(float(way @ way), 1e-9), 0, 1)
    return np.linalg.norm(points - first - share[..., None] * way, axis=-1)
