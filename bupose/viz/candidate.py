"""One candidate limb in detail: the samples of its line integral, on the field and as a curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from bupose.errors import FieldsError
from bupose.viz.explain import LINE_RIM, TEXT_RIM, _plot_samples, check_trace
from bupose.viz.fields import paf_hue
from bupose.viz.plot import Plot

if TYPE_CHECKING:
    from bupose.methods.paf import FieldTrace
    from bupose.methods.paf.fields import Fields


def explain_candidate(
    trace: FieldTrace, m: int, photo: np.ndarray | None = None, matrix: np.ndarray | None = None
) -> Plot:
    """The samples of one candidate's line integral: their positions, and the field there.

    Parameters
    ----------
    m : int
        Row of ``trace.candidates``.
    photo, matrix : optional
        As for :func:`bupose.viz.explain_limb`.

    Returns
    -------
    Plot
        Samples above ``paf_threshold`` are filled.

    Raises
    ------
    FieldsError
        No such candidate, or a trace of another method.
    InputError
        The photo is not a picture, or does not fit the maps without a matrix.
    """
    check_trace(trace)
    c, fields = trace.candidates, trace.fields
    if not 0 <= m < len(c):
        raise FieldsError(f"no candidate {m}; there are {len(c)}, counted from 0")
    limb, ends = int(c.limb[m]), np.array([c.first[m], c.second[m]])
    under = paf_hue(fields, limb, photo, matrix, wheel=False)
    xy, projection = trace.samples(m)
    left, top, right, bottom = _surroundings(xy[[0, -1]], fields)
    figure = Plot(figsize=(11, 4.2), layout="constrained")
    picture, plot = figure.subplots(1, 2, width_ratios=(1, 1.1))
    picture.imshow(under)
    picture.set(xlim=(left, right), ylim=(bottom, top))
    picture.set_axis_off()
    color, above = fields.skeleton.limb_colors[limb] / 255, projection > trace.options.paf_threshold
    picture.plot(*xy[[0, -1]].T, color=color, linewidth=2, path_effects=LINE_RIM)
    _draw_arrows(picture, trace, limb, xy)
    picture.scatter(*xy[above].T, s=24, color=color, edgecolor="#101218", linewidth=0.8, zorder=4)
    picture.scatter(*xy[~above].T, s=24, color="white", edgecolor="#101218", linewidth=0.8, zorder=4)
    way = xy[-1] - xy[0]
    for row, joint, at, out in zip(ends, fields.skeleton.limbs[limb], xy[[0, -1]], (-way, way), strict=True):
        _write_beyond(picture, f"{joint.replace('_', ' ')} {row}", at, out)
    _plot_samples(plot, trace, m, "")
    plot.set_xlabel("share of the way from the first to the second joint")
    return figure


def _surroundings(ends: np.ndarray, fields: Fields) -> tuple[float, float, float, float]:
    """The part shown around a line: left, top, right, bottom, network pixels; aspect 4:3, within the picture."""
    low, high = ends.min(0), ends.max(0)
    half = 0.95 * max(*(high - low) * (0.75, 1), 8 * fields.grid.stride)
    half = np.minimum(half * np.array([4 / 3, 1]), np.array(fields.size) / 2)
    center = np.clip((low + high) / 2, half - 0.5, np.array(fields.size) - 0.5 - half)
    return (*(center - half), *(center + half))


def _write_beyond(axes, text: str, at: np.ndarray, out: np.ndarray) -> None:
    """Write text next to a point, in the direction ``out``."""
    x, y = out / max(np.hypot(*out), 1e-9)
    place = {"ha": "left" if x > 0.4 else "right" if x < -0.4 else "center"}
    place["va"] = "top" if y > 0.4 else "bottom" if y < -0.4 else "center"
    note = axes.annotate(text, at, (9 * x, -9 * y), textcoords="offset points", fontsize=10, color="white", **place)
    note.set(path_effects=TEXT_RIM, clip_on=True)


def _draw_arrows(axes, trace: FieldTrace, limb: int, xy: np.ndarray) -> None:
    """Draw the field at each sample; a unit vector is a tenth of the shown height long."""
    u, v = trace.fields.grid.to_cells(xy).T
    x, y = (cv2.remap(part, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for part in trace.fields.paf[limb])
    length = abs(np.diff(axes.get_ylim())[0]) / 10
    look = {"angles": "xy", "scale_units": "xy", "scale": 1 / length, "width": 0.004, "zorder": 3}
    axes.quiver(*xy.T, x, y, color="white", edgecolor="#101218", linewidth=0.5, **look)
