"""Training curves, from ``metrics.csv``."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bupose.errors import InputError
from bupose.paths import expand
from bupose.viz.hues import distinct_colors
from bupose.viz.plot import Plot

_MANY = 100  # points of a line above which it is smoothed


def training_curves(runs: Mapping[str, str | Path], names: Sequence[str] = ("loss", "AP")) -> Plot:
    """Logged values against the step, a panel per name, a line per run.

    With many points (100), these are faint, and the line is the mean of every 25.

    Parameters
    ----------
    runs : mapping of a run's title to its folder
    names : columns of ``metrics.csv``

    Raises
    ------
    InputError
        A folder without curves, or a name that no run has logged.
    """
    curves = {label: _read(expand(folder)) for label, folder in runs.items()}
    known = sorted({name for columns in curves.values() for name in columns})
    for name in names:
        if name not in known:
            raise InputError(f"no run has logged {name!r}; there are {', '.join(known)}")
    figure = Plot(figsize=(11, 3.4), layout="constrained")
    colors = distinct_colors(len(curves)) / 255 * 0.85
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names):
        for color, (label, columns) in zip(colors, curves.items()):
            if name in columns:
                step, value = columns[name]
                if len(step) >= _MANY:
                    axes.plot(step, value, color=color, linewidth=0.6, alpha=0.2)
                    step, value = (np.convolve(v, np.full(_MANY // 4, 4 / _MANY), "valid") for v in (step, value))
                axes.plot(step, value, ".-" if len(step) < 30 else "-", color=color, linewidth=1.6, label=label)
        axes.set(xlabel="step", title=name)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].legend(fontsize=9, frameon=False)
    return figure


def _read(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """For each column its logged steps and values."""
    path = folder / "metrics.csv"
    if not path.is_file():
        raise InputError(f"{folder} has no metrics.csv; give the folder of a run of scripts/train.py")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {}
    for name in rows[0] if rows else ():
        known = [(int(row["step"]), float(row[name])) for row in rows if row[name] not in ("", None)]
        if name != "step" and known:
            columns[name] = tuple(np.array(known, float).T)
    return columns
