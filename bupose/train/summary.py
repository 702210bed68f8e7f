"""Comparison of runs as a table and a plot."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from bupose.annotations.json_file import load_json
from bupose.errors import InputError
from bupose.paths import expand
from bupose.train.resume import GIVEN

DEFAULT = "default"


@dataclass(frozen=True)
class Run:
    """A run's folder, its options as text, and its best network's metrics; empty while it is running."""

    folder: Path
    options: dict[str, str]
    metrics: dict[str, float]

    def value(self, metric: str) -> float:
        """A metric, NaN if missing."""
        return float(self.metrics.get(metric, math.nan))


def read_runs(folders: Iterable[str | Path], metric: str = "AP") -> list[Run]:
    """All runs below some folders, best first.

    Raises
    ------
    InputError
        There are none, or a run's files are damaged.
    """
    places = [expand(folder) for folder in folders]
    found = {file.parent.parent for place in places for file in place.rglob(str(GIVEN))}
    runs = [_read(folder) for folder in sorted(found) if (folder / "options.json").is_file()]
    if not runs:
        raise InputError(
            f"no runs of scripts/train.py below {', '.join(map(str, places)) or 'nothing'}; give their folder"
        )
    return sorted(runs, key=lambda run: -run.value(metric) if run.metrics else math.inf)


def swept_options(runs: Sequence[Run]) -> list[str]:
    """Options that differ between the runs."""
    names = dict.fromkeys(name for run in runs for name in run.options)
    return [name for name in names if len({run.options.get(name, DEFAULT) for run in runs}) > 1]


def table(runs: Sequence[Run], metrics: Sequence[str]) -> str:
    """Aligned text: a row per run with its metrics and the options that differ."""
    swept = swept_options(runs)
    rows = [[*metrics, *swept, "run"]]
    for run in runs:
        values = [f"{run.value(m):.1f}" if m in run.metrics else "-" for m in metrics]
        rows.append([*values, *(run.options.get(name, DEFAULT) for name in swept), str(run.folder)])
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in rows)


def plot(runs: Sequence[Run], metric: str):
    """A matplotlib figure: the metric against each option that differs; a dot per run, a line through means."""
    from matplotlib.figure import Figure

    done, swept = [run for run in runs if run.metrics], swept_options(runs)
    figure = Figure(figsize=(4 * max(len(swept), 1), 3.2), layout="constrained")
    axes = figure.subplots(1, max(len(swept), 1), sharey=True, squeeze=False)[0]
    for axis, name in zip(axes, swept or ["run"]):
        choices = sorted({run.options.get(name, DEFAULT) for run in done}, key=_order)
        numbers = [n for choice in choices if (n := _number(choice)) is not None]
        places = numbers if len(numbers) == len(choices) else [float(n) for n in range(len(choices))]
        values = [[run.value(metric) for run in done if run.options.get(name, DEFAULT) == c] for c in choices]
        for place, column in zip(places, values):
            axis.plot([place] * len(column), column, "o", color="#3567d6", alpha=0.6)
        axis.plot(places, [sum(column) / len(column) for column in values], "-", color="#3567d6", linewidth=1)
        if len(places) > 2 and min(places) > 0 and max(places) >= 30 * min(places):
            axis.set_xscale("log")
        axis.set_xticks(places, choices, rotation=20 if max(map(len, choices)) > 8 else 0)
        axis.minorticks_off()
        axis.set_xlabel(name)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel(metric)
    return figure


def _read(folder: Path) -> Run:
    overrides, result = folder / GIVEN, folder / "result.json"
    try:
        given = yaml.safe_load(overrides.read_text(encoding="utf-8"))
        options = dict(text.lstrip("+").split("=", 1) for text in given)
    except (OSError, ValueError, TypeError, AttributeError, yaml.YAMLError):
        raise InputError(
            f"{str(overrides)!r} is no list of options; move that run elsewhere, or train it anew"
        ) from None
    options.pop("output", None)
    metrics = load_json(result)[0] if result.is_file() else {}
    if not isinstance(metrics, dict) or not all(isinstance(value, (int, float)) for value in metrics.values()):
        raise InputError(f"{str(result)!r} holds no metrics; move that run elsewhere, or train it anew")
    return Run(folder, options, metrics)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _order(text: str) -> tuple:
    number = _number(text)
    return (number is None, number or 0.0, text)
