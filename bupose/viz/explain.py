"""Explanations: why joints were joined, or not."""

from __future__ import annotations

from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from bupose.errors import FieldsError
from bupose.methods.paf import FieldTrace
from bupose.methods.trace import Trace
from bupose.viz.fields import backdrop, limb_number, limb_title, paf_hue
from bupose.viz.plot import Plot
from bupose.wording import counted

TEXT_RIM = [withStroke(linewidth=2.5, foreground="#101218")]
LINE_RIM = [withStroke(linewidth=5, foreground="#101218")]
STYLES: dict[str, tuple[Any, float, str]] = {  # fate of a candidate: line style, line width, legend
    "used": ("-", 3.0, "used"),
    "matched": ((0, (3, 1.2)), 2.2, "matched, not used"),
    "rejected": ((0, (1.5, 2)), 1.3, "rejected"),
}
NEUTRAL = (235, 235, 235)  # of peaks that are not joints: centres
MOST_SCORES = 8  # number of rejected candidates drawn with their scores


def check_trace(trace: Trace) -> None:
    """Refuse a trace of another method, which has no limb candidates.

    Raises
    ------
    FieldsError
    """
    if not isinstance(trace, FieldTrace):
        got = f"a {type(trace).__name__}"
        raise FieldsError(f"limb candidates are of part affinity fields alone; got {got}: use explain_link")


def explain_limb(
    trace: FieldTrace, limb: int | str, photo: np.ndarray | None = None, matrix: np.ndarray | None = None
) -> Plot:
    """All candidates of one limb, with the line integrals of a used one and its strongest rejected rival.

    Parameters
    ----------
    trace : FieldTrace
        From ``codec.explain`` for part affinity fields.
    limb : int or name
        Its number, or its joints' names as in ``left_elbow-left_wrist``.
    photo, matrix : optional
        Background of the limb's field, and the matrix from its pixels to network pixels.

    Returns
    -------
    Plot
        A matplotlib figure. Joints are labelled with the numbers of their peaks (rows of ``trace.peaks``).

    Raises
    ------
    FieldsError
        No such limb, or a trace of another method.
    InputError
        The photo is not a picture, or does not fit the maps without a matrix.
    """
    check_trace(trace)
    limb = limb_number(trace.fields, limb)
    rows = np.flatnonzero(trace.candidates.limb == limb)
    peaks = np.flatnonzero(np.isin(trace.peaks.joint, trace.fields.skeleton.limb_joints[limb]))
    under = paf_hue(trace.fields, limb, photo, matrix, wheel=False)
    title = f"{limb_title(trace.fields.skeleton.limb_names[limb])}: {counted(rows.size, 'candidate')}"
    return _explain(trace, rows, peaks, pick_pair(trace, rows), under, title)


def explain_joint(
    trace: FieldTrace, peak: int, photo: np.ndarray | None = None, matrix: np.ndarray | None = None
) -> Plot:
    """The candidate limbs of one peak, with the line integrals of the two best used and the best rejected one.

    Other parameters, return values and errors are those of :func:`explain_limb`.

    Parameters
    ----------
    peak : int
        Row of ``trace.peaks``; :func:`nearest_peak` finds it from a pixel.
    """
    check_trace(trace)
    if not 0 <= peak < len(trace.peaks.joint):
        raise FieldsError(f"no peak {peak}; there are {len(trace.peaks.joint)}, counted from 0")
    c = trace.candidates
    rows = np.flatnonzero((c.first == peak) | (c.second == peak))
    rows = rows[np.argsort(-c.weight[rows], kind="stable")]
    used, refused = rows[trace.used[rows]], rows[~trace.used[rows]]
    rows = np.concatenate([used, refused[:MOST_SCORES]])
    peaks = np.unique(np.concatenate([[peak], c.first[rows], c.second[rows]]))
    name = trace.fields.skeleton.joints[trace.peaks.joint[peak]].replace("_", " ")
    title = f"{name} {peak}, score {trace.peaks.score[peak]:.2f}: {counted(used.size + refused.size, 'candidate')}"
    under = backdrop(trace.fields, photo, matrix)
    return _explain(trace, rows, peaks, np.concatenate([used[:2], refused[:1]]), under, title)


def peak_colors(trace: Trace) -> np.ndarray:
    """uint8 (N, 3) RGB: each peak's joint's colour, near white for a person's centre."""
    colors = np.concatenate([trace.maps.skeleton.joint_colors, [NEUTRAL]]).astype(np.uint8)
    return colors[np.minimum(trace.peaks.joint, len(colors) - 1)]


def nearest_peak(trace: Trace, xy: tuple[float, float], joint: int | None = None) -> int | None:
    """The peak (row of ``trace.peaks``) nearest to a network pixel, of one joint or any; None if there is none."""
    away = np.hypot(*(trace.maps.grid.to_pixels(trace.peaks.xy) - np.asarray(xy, np.float32)).T)
    if joint is not None:
        away = np.where(trace.peaks.joint == joint, away, np.inf)
    return int(away.argmin()) if away.size and np.isfinite(away.min()) else None


def pick_pair(trace: FieldTrace, rows: np.ndarray) -> np.ndarray:
    """Of some candidates the strongest rejected one, preceded by the used one it lost to.

    Fewer if there are none.
    """
    c, rows = trace.candidates, np.asarray(rows, int)
    used, rest = rows[trace.used[rows]], rows[~trace.used[rows]]
    if not used.size or not rest.size:
        return rows[np.argsort(-c.weight[rows], kind="stable")][:1]
    rival = (c.first[rest][:, None] == c.first[used]) | (c.second[rest][:, None] == c.second[used])
    loser = rest[np.lexsort((-c.weight[rest], ~rival.any(1)))][0]
    rival = (c.first[used] == c.first[loser]) | (c.second[used] == c.second[loser])
    winner = used[np.lexsort((-c.weight[used], ~rival))][0]
    return np.array([winner, loser])


def explain_person(trace: FieldTrace, person: int) -> Plot:
    """The limbs of one person with their scores, and why others are missing.

    Parameters
    ----------
    person : int
        Row of ``trace.people``.

    Raises
    ------
    FieldsError
        No such person, or a trace of another method.
    """
    check_trace(trace)
    if not 0 <= person < len(trace.people):
        raise FieldsError(f"no person {person}; there are {len(trace.people)}, counted from 0")
    skeleton, c, members = trace.fields.skeleton, trace.candidates, trace.members[person]
    figure = Plot(figsize=(7, 0.8 + 0.27 * len(skeleton.limbs)), layout="constrained")
    axes = figure.add_subplot()
    for n, (a, b) in enumerate(skeleton.limb_joints):
        mine = np.flatnonzero((c.limb == n) & (c.first == members[a]) & (c.second == members[b]))
        mine = mine[(members[a] >= 0) & (members[b] >= 0) & np.ones(mine.size, bool)]
        if mine.size:
            m = mine[0]
            color = skeleton.limb_colors[n] / 255
            axes.barh(n, c.score[m], color=color, edgecolor="0.4", lw=0.6, alpha=1 if trace.used[m] else 0.35)
            note = f" {c.score[m]:.2f}" + ("" if trace.used[m] else ", not used")
            unsure = [skeleton.joints[k].replace("_", " ") for k in (a, b) if not trace.people.present[person, k]]
            note += f", {' and '.join(unsure)} too unsure to show" if unsure else ""
            axes.text(max(0, c.score[m]), n, note, va="center", fontsize=8)
        else:
            lacking = [skeleton.joints[k].replace("_", " ") for k in (a, b) if members[k] < 0]
            done = [trace.people.completed[person, k] for k in (a, b) if members[k] < 0]
            why = "no candidate" if not lacking else " and ".join(lacking) + (" completed" if all(done) else " missing")
            axes.text(0.01, n, why, va="center", fontsize=8, color="0.5")
    axes.set_yticks(range(len(skeleton.limbs)), [limb_title(n) for n in skeleton.limb_names], fontsize=8)
    axes.set(xlim=(0, 1.12), ylim=(len(skeleton.limbs) - 0.4, -0.6), xlabel="mean projection on the field")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(f"person {person}, score {trace.people.person_score[person]:.2f}", loc="left")
    return figure


def _explain(trace: FieldTrace, rows, peaks, shown, under, title) -> Plot:
    """Draw candidates on the left, the samples of those ``shown`` on the right."""
    (left, right), (top, bottom) = _frame(trace, peaks, *under.shape[1::-1])
    figure = Plot(figsize=(11, np.clip(6.4 * (bottom - top) / (right - left) + 0.9, 4.6, 8)), layout="constrained")
    picture, plots = figure.subfigures(1, 2, squeeze=False, width_ratios=(1.5, 1))[0]
    axes = picture.add_subplot()
    axes.imshow(under)
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.set_axis_off()
    axes.set_title(title, loc="left")
    _draw_candidates(axes, trace, rows, shown.tolist())
    _draw_peaks(axes, trace, peaks)
    if not shown.size:
        plots.text(0.5, 0.5, "no candidate: no line between peaks of both joints", ha="center", color="0.4")
        return figure
    for letter, m, plot in zip("ABC", shown, plots.subplots(len(shown), 1, squeeze=False)[:, 0]):
        _plot_samples(plot, trace, m, letter)
    plot.set_xlabel("share of the way from the first to the second joint")
    return figure


def _draw_candidates(axes, trace: FieldTrace, rows: np.ndarray, shown: list[int]) -> None:
    c, colors = trace.candidates, trace.fields.skeleton.limb_colors / 255
    start, end = (trace.fields.grid.to_pixels(trace.peaks.xy[which]) for which in (c.first, c.second))
    scored = {*shown, *rows[trace.used[rows]], *rows[np.argsort(-c.weight[rows], kind="stable")][:MOST_SCORES]}
    for m in rows[np.lexsort((c.weight[rows], trace.used[rows]))]:
        fate = trace.fate(m)
        style, wide, _ = STYLES[fate]
        color = "white" if fate == "rejected" else colors[c.limb[m]]
        alpha = 1 if fate == "used" or m in shown else float(np.clip(0.15 + 0.7 * c.score[m], 0.2, 0.85))
        rim = LINE_RIM if fate == "used" else None
        look = {"linestyle": style, "linewidth": wide, "color": color, "alpha": alpha, "path_effects": rim}
        axes.plot(*np.stack([start[m], end[m]], 1), **look)
        if m not in scored:
            continue
        letter = f"{'ABC'[shown.index(m)]} " if m in shown else ""
        x, y = end[m] - start[m]
        beside = np.array([abs(y), x if y > 0 else -x]) / max(np.hypot(x, y), 1e-9)  # to the right of the line
        offset = 8 * beside * (1 if fate == "used" else -1)
        text = axes.annotate(
            f"{letter}{c.score[m]:.2f}",
            (start[m] + end[m]) / 2,
            offset,
            textcoords="offset points",
            color=color,
            fontsize=10.5 if letter else 8,
            fontweight="bold" if letter else "normal",
            ha="left" if offset[0] > 3 else "right" if offset[0] < -3 else "center",
            va="center",
            clip_on=True,
        )
        text.set_path_effects(TEXT_RIM)
    fates = {trace.fate(m) for m in rows}
    known = [style for fate, style in STYLES.items() if fate in fates]
    keys = [Line2D([], [], linestyle=style, linewidth=wide, color="0.3", label=name) for style, wide, name in known]
    if keys:
        axes.legend(handles=keys, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=3, frameon=False, handlelength=3)


def _draw_peaks(axes, trace: Trace, peaks: np.ndarray) -> None:
    """Dots in their joints' colours, with the peaks' numbers."""
    colors = peak_colors(trace) / 255
    for row in peaks.tolist():
        x, y = trace.maps.grid.to_pixels(trace.peaks.xy[row])
        axes.plot(x, y, "o", markersize=6, color=colors[row], markeredgecolor="#101218")
        look = {"textcoords": "offset points", "fontsize": 7.5, "color": "white", "clip_on": True}
        axes.annotate(str(row), (x, y), (5, 4), **look).set_path_effects(TEXT_RIM)


def _frame(trace: Trace, peaks: np.ndarray, width: int, height: int) -> tuple[tuple, tuple]:
    """The part of the picture around the peaks: (left, right), (top, bottom)."""
    if not peaks.size:
        return (-0.5, width - 0.5), (-0.5, height - 0.5)
    xy = trace.maps.grid.to_pixels(trace.peaks.xy[peaks])
    low, high = xy.min(0), xy.max(0)
    margin = max(0.15 * max(width, height), 0.12 * float((high - low).max()))
    more = np.maximum(margin, 0.25 * (high - low)[::-1] - (high - low) / 2)  # aspect at most 4:1
    low, high = np.maximum(low - more, -0.5), np.minimum(high + more, (width - 0.5, height - 0.5))
    return (low[0], high[0]), (low[1], high[1])


def _plot_samples(axes, trace: FieldTrace, m: int, letter: str) -> None:
    c, skeleton = trace.candidates, trace.fields.skeleton
    xy, projection = trace.samples(m)
    way = np.hypot(*(xy - xy[0]).T)
    way = way / max(float(way[-1]), 1e-9) if len(way) > 1 else way
    threshold = trace.options.paf_threshold
    color = skeleton.limb_colors[c.limb[m]] / 255
    above = projection > threshold
    axes.fill_between(way, 0, projection, color=color, alpha=0.25, linewidth=0)
    axes.plot(way, projection, color="0.35", linewidth=1)
    axes.scatter(way[above], projection[above], s=26, color=color, edgecolor="0.2", linewidth=0.7, zorder=3)
    axes.scatter(way[~above], projection[~above], s=26, color="white", edgecolor="0.2", linewidth=0.9, zorder=3)
    axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    axes.axhline(c.score[m], color="0.2", linewidth=1.2)
    axes.axhline(threshold, color="crimson", linewidth=1, linestyle="--")
    room = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "fontsize": 8, "ha": "left"}
    axes.annotate(f"mean {c.score[m]:.2f}", (1, c.score[m]), (4, 0), va="bottom", **room)
    axes.annotate(f"threshold {threshold:g}", (1, threshold), (4, 0), va="top", color="crimson", **room)
    low = min(-0.1, float(projection.min(initial=0)) - 0.1)
    axes.set(ylim=(low, max(1.05, float(projection.max(initial=0)) + 0.1)), ylabel="projection")
    axes.spines[["top", "right"]].set_visible(False)
    name = limb_title(skeleton.limb_names[c.limb[m]])
    head = f"{letter}  {name}, {c.first[m]} → {c.second[m]}: {STYLES[trace.fate(m)][2]}"
    axes.set_title(head + "\n" + fill(trace.reason(m), 52), loc="left", fontsize=9)
