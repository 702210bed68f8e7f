"""Explanations for any method: a link among its rivals, and a person joint by joint."""

from __future__ import annotations

from textwrap import fill

import numpy as np

from bupose.errors import FieldsError
from bupose.methods.paf import FieldTrace
from bupose.methods.trace import Trace
from bupose.viz.candidate import explain_candidate
from bupose.viz.explain import LINE_RIM, _draw_peaks, _frame, explain_person, peak_colors
from bupose.viz.fields import backdrop
from bupose.viz.plot import Plot

MOST_RIVALS = 10


def link_colors(trace: Trace) -> np.ndarray:
    """uint8 (M, 3) RGB: each limb's colour; for other links the colour of their second joint."""
    if isinstance(trace, FieldTrace):
        return trace.maps.skeleton.limb_colors[trace.links.kind]
    return peak_colors(trace)[trace.links.second]


def explain_link(trace: Trace, m: int, photo: np.ndarray | None = None, matrix: np.ndarray | None = None) -> Plot:
    """One possible link, and what decided on it.

    Parameters
    ----------
    m : int
        Row of ``trace.links``.
    photo, matrix : optional
        As for :func:`bupose.viz.heatmap`.

    Returns
    -------
    Plot
        For part affinity fields that of :func:`bupose.viz.explain_candidate`. Else the link and its rivals (of the same
        kind and with a common end), in the picture and by the first number of ``trace.evidence``; a cross is the
        predicted position of the second end, if any.

    Raises
    ------
    FieldsError
        No such link.
    InputError
        The photo is not a picture, or does not fit the maps without a matrix.
    """
    if isinstance(trace, FieldTrace):
        return explain_candidate(trace, m, photo, matrix)
    links = trace.links
    if not 0 <= m < len(links):
        raise FieldsError(f"no link {m}; there are {len(links)}, counted from 0")
    first, second = int(links.first[m]), int(links.second[m])
    rivals = (links.kind == links.kind[m]) & ((links.first == first) | (links.second == second))
    rivals[m] = False
    rivals = np.flatnonzero(rivals)
    rivals = rivals[np.argsort(-links.weight[rivals], kind="stable")][:MOST_RIVALS]
    rows = np.concatenate([[m], rivals])
    figure = Plot(figsize=(11, 4.4), layout="constrained")
    picture, bars = figure.subplots(1, 2, width_ratios=(1, 1.1))
    _draw_links(picture, trace, rows, backdrop(trace.maps, photo, matrix))
    _draw_evidence(bars, trace, rows)
    bars.set_title(f"{trace.kind_name(m)}: {trace.fate(m)}\n{fill(trace.reason(m), 60)}", loc="left", fontsize=9)
    return figure


def _draw_links(axes, trace: Trace, rows: np.ndarray, under: np.ndarray) -> None:
    """Draw the first of some links thick, the others thin, with their peaks."""
    links, colors = trace.links, link_colors(trace) / 255
    peaks = np.unique(np.concatenate([links.first[rows], links.second[rows]]))
    (left, right), (top, bottom) = _frame(trace, peaks, *under.shape[1::-1])
    axes.imshow(under)
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.set_axis_off()
    for m in rows[::-1]:
        ends = trace.maps.grid.to_pixels(trace.peaks.xy[[links.first[m], links.second[m]]])
        strong = {"color": colors[m], "linewidth": 3, "path_effects": LINE_RIM}
        axes.plot(*ends.T, **(strong if m == rows[0] else {"color": "white", "linewidth": 1.2, "linestyle": ":"}))
    _draw_peaks(axes, trace, peaks)
    target = trace.target(int(rows[0]))
    if target is not None:
        for color, width in (("#101218", 5), ("white", 2)):
            axes.plot(*target, "x", color=color, markersize=10, markeredgewidth=width)


def _draw_evidence(axes, trace: Trace, rows: np.ndarray) -> None:
    """Draw a bar per link; used ones are filled."""
    colors, names = link_colors(trace) / 255, []
    for n, m in enumerate(rows.tolist()):
        value = trace.evidence(m)[0]
        axes.barh(n, value, color=colors[m], edgecolor="0.4", lw=0.6, alpha=1 if trace.fate(m) == "used" else 0.3)
        axes.text(max(0, value), n, f" {value:.2f}, {trace.fate(m)}", va="center", fontsize=8)
        ends = (int(trace.links.first[m]), int(trace.links.second[m]))
        names.append(" → ".join(f"{trace.joint_name(int(trace.peaks.joint[row]))} {row}" for row in ends))
    axes.set_yticks(range(len(rows)), names, fontsize=8)
    longest = max(1.0, *(trace.evidence(m)[0] for m in rows.tolist()), 0)
    axes.set(xlim=(0, 1.3 * longest), ylim=(max(len(rows), 4) - 0.4, -0.6), xlabel=trace.evidence_words[0])
    axes.spines[["top", "right"]].set_visible(False)


def explain_member(trace: Trace, person: int) -> Plot:
    """One person's limbs for part affinity fields, else joints, with their scores.

    Parameters
    ----------
    person : int
        Row of ``trace.people``.

    Returns
    -------
    Plot
        For part affinity fields that of :func:`bupose.viz.explain_person`.

    Raises
    ------
    FieldsError
        No such person.
    """
    if isinstance(trace, FieldTrace):
        return explain_person(trace, person)
    if not 0 <= person < len(trace.people):
        raise FieldsError(f"no person {person}; there are {len(trace.people)}, counted from 0")
    people, skeleton, word = trace.people, trace.maps.skeleton, trace.evidence_words[0]
    figure = Plot(figsize=(7, 0.8 + 0.27 * len(skeleton.joints)), layout="constrained")
    axes = figure.add_subplot()
    for k, peak in enumerate(trace.members[person].tolist()):
        score = float(people.score[person, k])
        used = [m for m in trace.links_of(peak).tolist() if trace.fate(m) == "used"] if peak >= 0 else []
        into = [m for m in used if trace.links.second[m] == peak]
        notes = [f"{score:.2f}"] if people.present[person, k] else ["too unsure to show" if peak >= 0 else "missing"]
        notes += ["completed"] if people.completed[person, k] else []
        notes += ["hidden"] if people.hidden is not None and people.hidden[person, k] else []
        notes += [f"{word} {trace.evidence(into[0])[0]:.2f}"] if into else []
        color = skeleton.joint_colors[k] / 255
        axes.barh(k, score, color=color, edgecolor="0.4", lw=0.6, alpha=1 if peak >= 0 else 0.35)
        axes.text(score, k, f" {', '.join(notes)}", va="center", fontsize=8, color="0.1" if score else "0.5")
    names = [trace.joint_name(k) for k in range(len(skeleton.joints))]
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set(xlim=(0, 1.3), ylim=(len(names) - 0.4, -0.6), xlabel="score")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(f"person {person}, score {people.person_score[person]:.2f}", loc="left")
    return figure
