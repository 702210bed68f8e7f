"""A joint over time."""

from __future__ import annotations

import numpy as np

from bupose.viz.plot import Plot

_FOUND, _FINAL, _FILLED = "#9a9aa5", "#1a6fb0", "#d9480f"


def joint_over_time(
    times: np.ndarray,
    xy: np.ndarray,
    score: np.ndarray,
    found: np.ndarray | None = None,
    filled: np.ndarray | None = None,
    title: str = "",
) -> Plot:
    """x, y and score of one joint of a person over time, a panel each.

    Parameters
    ----------
    times : float array (T,), seconds
    xy : float array (T, 2), pixels
        NaN where it is absent, which interrupts the curves.
    score : float array (T,)
    found : float array (T, 2), pixels, optional
        As it was found, before it was steadied: grey dots.
    filled : bool array (T,), optional
        Where it was not found but filled in: drawn in another colour.
    title : str
    """
    figure = Plot(figsize=(11, 6.2), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True, height_ratios=(2, 2, 1))
    seen = np.isfinite(xy).all(1)
    rows = (("x, px", xy[:, 0]), ("y, px", xy[:, 1]), ("score", np.where(seen, score, np.nan)))
    for n, (axes, (name, values)) in enumerate(zip(panels, rows, strict=True)):
        if found is not None and n < 2:
            axes.plot(times, found[:, n], ".", color=_FOUND, markersize=5, label="as found")
        axes.plot(times, values, "-", color=_FINAL, linewidth=1.6, label="in the end")
        if filled is not None and filled.any():
            axes.plot(times, np.where(filled, values, np.nan), ".-", color=_FILLED, linewidth=1.6, label="filled in")
        axes.set_ylabel(name)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    panels[1].invert_yaxis()  # up on the plot is up in the picture
    panels[2].set(xlabel="seconds", ylim=(0, 1.02))
    if len(times) > 1:
        panels[2].set_xlim(times[0], times[-1])
    panels[0].set_title(title, loc="left")
    panels[0].legend(fontsize=9, frameon=False, ncols=3, loc="lower right", bbox_to_anchor=(1, 1))
    return figure
