"""Tags as a plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bupose.viz.hues import distinct_colors
from bupose.viz.plot import Plot

if TYPE_CHECKING:
    from bupose.methods.tags import TagTrace


def explain_tags(trace: TagTrace) -> Plot:
    """The tag of every joint candidate, a line for each joint, in its person's colour.

    Dot size is heat; dots are grey for joints of nobody. Bands extend by the threshold around people's mean tags. Of
    several views only the first is shown, so that distances are partial.

    Returns
    -------
    Plot
        A matplotlib figure.
    """
    peaks, joints, gate = trace.peaks, trace.maps.skeleton.joints, trace.options.tag_threshold
    tag = trace.maps.arrays["tags"][peaks.joint, 0, peaks.cell[:, 0], peaks.cell[:, 1]]
    person, colors = np.full(len(peaks), -1), distinct_colors(len(trace.people)) / 255
    figure = Plot(figsize=(8, 0.9 + 0.25 * len(joints)), layout="constrained")
    axes = figure.add_subplot()
    for p, row in enumerate(trace.members):
        own = row[row >= 0]
        person[own] = p
        axes.axvspan(tag[own].mean() - gate, tag[own].mean() + gate, color=colors[p], alpha=0.12, lw=0)
    shade = np.where((person >= 0)[:, None], colors[person], 0.75) if len(colors) else np.full((len(peaks), 3), 0.75)
    axes.scatter(tag, peaks.joint, s=6 + 50 * peaks.score, c=shade, edgecolors="0.3", linewidths=0.4)
    axes.set_yticks(range(len(joints)), [joint.replace("_", " ") for joint in joints], fontsize=8)
    axes.set(xlabel="tag", ylim=(len(joints) - 0.4, -0.6))
    axes.spines[["top", "right"]].set_visible(False)
    return figure
