"""The steps of the grouping: peaks, the matching of one limb, the assembly of people."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from bupose.errors import FieldsError, InputError
from bupose.kernels import reference
from bupose.methods.paf.matching import match_limbs
from bupose.viz.explain import TEXT_RIM, _draw_peaks, _frame, check_trace
from bupose.viz.fields import HEAT_COLORS, backdrop, heatmap, limb_number, limb_title, paf_hue
from bupose.viz.hues import distinct_colors
from bupose.viz.plot import Plot
from bupose.wording import counted

if TYPE_CHECKING:
    from bupose.methods.paf import FieldTrace
    from bupose.methods.trace import Trace

MATCHINGS = {"hungarian": ("-", "#2ca25f"), "greedy": ("--", "#e34a33")}  # line style and colour of each
AROUND = 3  # cells shown on each side of a peak


def explain_peaks(
    trace: Trace, joint: int | str, photo: np.ndarray | None = None, matrix: np.ndarray | None = None
) -> Plot:
    """The heatmap of one joint with its peaks, and the cells around the highest peak.

    Parameters
    ----------
    trace : FieldTrace
    joint : int or name
    photo, matrix : optional
        As for :func:`heatmap`.

    Returns
    -------
    Plot
        On the right the cells around the highest peak (cross: the cell, dot: the refined peak) and the logarithm of the
        heat along their middle row, a parabola for a Gaussian.

    Raises
    ------
    FieldsError
        No such joint, or maps without heatmaps.
    """
    fields = trace.maps
    under = heatmap(fields, joint, photo, matrix)
    joint = fields.skeleton.joints.index(joint) if isinstance(joint, str) else joint
    rows = np.flatnonzero(trace.peaks.joint == joint)
    figure = Plot(figsize=(11, 4.4), layout="constrained")
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1.7, 1))[0]
    axes = left.add_subplot()
    axes.imshow(under)
    axes.set_axis_off()
    axes.set_title(f"{fields.skeleton.joints[joint].replace('_', ' ')}: {counted(len(rows), 'peak')}", loc="left")
    for row in rows:
        x, y = fields.grid.to_pixels(trace.peaks.xy[row])
        axes.plot(x, y, "o", markersize=11, markerfacecolor="none", markeredgecolor="white")
        look = {"textcoords": "offset points", "fontsize": 9, "color": "white", "clip_on": True}
        axes.annotate(f"{row}: {trace.peaks.score[row]:.2f}", (x, y), (9, 5), **look).set_path_effects(TEXT_RIM)
    if len(rows):
        cells, line = right.subplots(2, 1, height_ratios=(1.6, 1))
        _close_up(cells, line, trace, rows[trace.peaks.score[rows].argmax()])
    return figure


def _close_up(cells, line, trace: Trace, peak: int) -> None:
    heat, (x, y) = trace.maps.arrays["heat"][trace.peaks.joint[peak]], trace.peaks.xy[peak]
    h, w = heat.shape
    # the highest cell lies within one of the refined peak
    v, u = (np.clip(np.rint((y, x)), 0, (h - 1, w - 1))).astype(int)
    near = [
        (heat[b, a], b, a) for b in range(max(v - 1, 0), min(v + 2, h)) for a in range(max(u - 1, 0), min(u + 2, w))
    ]
    _, v, u = max(near)
    top, left = max(v - AROUND, 0), max(u - AROUND, 0)
    part = heat[top : v + AROUND + 1, left : u + AROUND + 1]
    box = (left - 0.5, left + part.shape[1] - 0.5, top + part.shape[0] - 0.5, top - 0.5)
    cells.imshow(HEAT_COLORS[np.rint(255 * np.clip(part, 0, 1)).astype(np.uint8)], extent=box)
    look = {"ha": "center", "va": "center", "fontsize": 7, "color": "white"}
    for b, a in np.argwhere(part > 0.005):
        text = cells.text(left + a, top + b, f"{part[b, a]:.2f}".lstrip("0"), **look)
        text.set_path_effects([withStroke(linewidth=1.5, foreground="#101218")])
    cells.plot(u, v + 0.3, "x", color="white", markersize=5)
    cells.plot(x, y, "o", color="#00e5ff", markeredgecolor="#101218", markersize=6)
    cells.set(title=f"peak {peak}, cell ({u}, {v}), refined ({x:.2f}, {y:.2f})", xticks=[], yticks=[])
    cells.title.set_fontsize(9)
    row, columns = heat[v, left : left + part.shape[1]], np.arange(left, left + part.shape[1])
    line.semilogy(columns[row > 0], row[row > 0], "o", color="#3567d6")
    if 0 < u < w - 1 and (heat[v, u - 1 : u + 2] > 0).all():
        parabola = np.polyfit((-1, 0, 1), np.log(heat[v, u - 1 : u + 2].astype(float)), 2)
        way = np.linspace(columns[0], columns[-1], 100)
        line.semilogy(way, np.exp(np.polyval(parabola, way - u)), color="0.5", linewidth=1)
    line.axvline(x, color="#00a5bf", linewidth=1)
    line.set(xlim=box[:2], ylim=(0.008, 1.6), xlabel="column, cells", ylabel="heat")
    line.spines[["top", "right"]].set_visible(False)


def explain_matching(
    trace: FieldTrace, limb: int | str, photo: np.ndarray | None = None, matrix: np.ndarray | None = None
) -> Plot:
    """The Hungarian and the greedy matching of one limb's candidates, with all weights.

    Parameters
    ----------
    trace : FieldTrace
        Both matchings are computed from its candidates, whatever its own.
    limb, photo, matrix
        As for :func:`explain_limb`.

    Returns
    -------
    Plot
        Two pictures and a table: a row per first joint, a column per second, framed where chosen.

    Raises
    ------
    FieldsError
        No such limb, it has no candidates, or the trace is of another method.
    """
    check_trace(trace)
    c, skeleton = trace.candidates, trace.fields.skeleton
    limb = limb_number(trace.fields, limb)
    rows = np.flatnonzero(c.limb == limb)
    if not len(rows):
        raise FieldsError(f"limb {skeleton.limb_names[limb]} has no candidates to match; choose another")
    chosen = {
        name: rows[match_limbs(c, trace.peaks, replace(trace.options, matching=name))[rows]] for name in MATCHINGS
    }
    peaks = np.unique(c.ids[rows, 1:])
    under = paf_hue(trace.fields, limb, photo, matrix, wheel=False)
    (left, right), (top, bottom) = _frame(trace, peaks, *under.shape[1::-1])
    figure = Plot(figsize=(11, np.clip(3.5 * (bottom - top) / (right - left) + 0.4, 3.2, 6)), layout="constrained")
    *pictures, table = figure.subplots(1, 3)
    for axes, (name, (_, color)) in zip(pictures, MATCHINGS.items()):
        axes.imshow(under)
        axes.set(xlim=(left, right), ylim=(bottom, top))
        axes.set_axis_off()
        axes.set_title(f"{name}: total weight {c.weight[chosen[name]].sum():.2f}", loc="left", fontsize=10, color=color)
        for m in rows:
            ends = trace.fields.grid.to_pixels(trace.peaks.xy[c.ids[m, 1:]]).T
            taken = m in chosen[name]
            look = (color, 3.5, "-", 1.0) if taken else ("white", 1.0, ":", 0.6)
            axes.plot(*ends, **dict(zip(("color", "linewidth", "linestyle", "alpha"), look)))
        _draw_peaks(axes, trace, peaks)
    _weight_table(table, trace, rows, chosen)
    return figure


def _weight_table(axes, trace: FieldTrace, rows: np.ndarray, chosen: dict[str, np.ndarray]) -> None:
    c, skeleton = trace.candidates, trace.fields.skeleton
    first, second = np.unique(c.first[rows]), np.unique(c.second[rows])
    weight = np.full((len(first), len(second)), np.nan)
    weight[np.searchsorted(first, c.first[rows]), np.searchsorted(second, c.second[rows])] = c.weight[rows]
    axes.imshow(weight, cmap="Greys", vmin=0, vmax=1.6)
    for (i, j), value in np.ndenumerate(weight):
        if np.isfinite(value):
            axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=10)
    for inset, (name, (style, color)) in zip((0.42, 0.34), MATCHINGS.items()):
        for m in chosen[name]:
            i, j = np.searchsorted(first, c.first[m]), np.searchsorted(second, c.second[m])
            box = Rectangle((j - inset, i - inset), 2 * inset, 2 * inset, fill=False, edgecolor=color, linestyle=style)
            box.set_linewidth(2.2)
            axes.add_patch(box)
    names = [skeleton.joints[k].replace("_", " ") for k in skeleton.limb_joints[c.limb[rows[0]]]]
    axes.set_xticks(range(len(second)), second)
    axes.set_yticks(range(len(first)), first)
    axes.set(xlabel=names[1], ylabel=names[0])
    axes.set_title(f"{limb_title(skeleton.limb_names[c.limb[rows[0]]])}: weights", loc="left", fontsize=10)


def explain_assembly(
    trace: FieldTrace,
    photo: np.ndarray | None = None,
    matrix: np.ndarray | None = None,
    *,
    pictures: int = 6,
    columns: int = 3,
) -> Plot:
    """The assembly of people: matched limbs, heaviest first, join peaks into groups.

    Parameters
    ----------
    trace : FieldTrace
    photo, matrix : optional
        As for :func:`heatmap`.
    pictures : int
        Stages shown, evenly spread over the limbs.

    Returns
    -------
    Plot
        Each group in its colour; dashed white lines are limbs left out, as they would give a person a joint twice.

    Raises
    ------
    InputError
        Fewer than one picture.
    FieldsError
        The trace is of another method.
    """
    check_trace(trace)
    if pictures < 1 or columns < 1:
        raise InputError(f"an assembly in {counted(pictures, 'picture')}, {columns} in a row; give 1 or more of both")
    c, joints = trace.candidates, len(trace.fields.skeleton.joints)
    chosen = np.flatnonzero(trace.matched)
    order = chosen[np.argsort(-c.weight[chosen], kind="stable")]
    under = backdrop(trace.fields, photo, matrix)
    columns = min(columns, pictures)
    rows = -(-pictures // columns)
    height = rows * (11 / columns * under.shape[0] / under.shape[1] + 0.3)
    figure = Plot(figsize=(11, height), layout="constrained")
    palette = distinct_colors(len(trace.peaks)) / 255
    at = trace.fields.grid.to_pixels(trace.peaks.xy)
    stages = np.rint(np.linspace(0, len(order), pictures + 1)[1:]).astype(int)
    for n, axes in enumerate(figure.subplots(rows, columns, squeeze=False).ravel()):
        axes.set_axis_off()
        if n >= pictures:
            continue
        done = order[: stages[n]]
        _, person, used = reference.group_people(c.ids, done, trace.peaks.joint, joints)
        axes.imshow(under)
        for m in done:
            look = {"color": palette[person[c.first[m]]], "linewidth": 2.5}
            if not used[m]:
                look = {"color": "white", "linewidth": 1.2, "linestyle": "--"}
            axes.plot(*at[c.ids[m, 1:]].T, **look, solid_capstyle="round")
        joined = np.unique(c.ids[done, 1:])
        axes.scatter(*at.T, s=1.5, color="0.75")
        axes.scatter(*at[joined].T, s=9, c=palette[person[joined]], edgecolor="#101218", linewidth=0.5, zorder=3)
        groups = len(np.unique(person[joined]))
        axes.set_title(f"{len(done)} of {len(order)} limbs: {groups} groups", loc="left", fontsize=9)
    return figure
