"""Compare training runs: bupose summarize FOLDER… [metric=AP] [plot=summary.png]

Prints one table, best run first, and draws the metric against each option that differs between the runs.
"""

from __future__ import annotations

import sys

from bupose.atomic import replacing
from bupose.cli.pairs import HELP, split_pairs
from bupose.errors import OptionsError
from bupose.options import choose
from bupose.paths import expand
from bupose.train.summary import plot, read_runs, table

METRICS = ("AP", "AP50", "AP75", "AR")


def run(arguments: list[str]) -> int:
    if HELP & set(arguments):
        print(__doc__)
        return 0
    pairs, folders = split_pairs(arguments, ("metric", "plot"))
    metric, file = pairs.get("metric", "AP"), expand(pairs.get("plot", "summary.png"))
    choose(metric, METRICS, "metric")
    runs = read_runs(folders or ["runs"], metric)
    print(table(runs, [metric, *(m for m in METRICS if m != metric)]))
    if not any(run.metrics for run in runs):
        print("error: none of these runs has finished, so there is nothing to draw", file=sys.stderr)
        return 1
    figure = plot(runs, metric)
    if file.suffix[1:].lower() not in ("", *figure.canvas.get_supported_filetypes()):
        raise OptionsError(f"plot is {str(file)!r}; give a picture's file name, as in plot=summary.png")
    with replacing(file, file.suffix or ".png") as path:
        figure.savefig(path, dpi=120)
    print(f"wrote {file}")
    return 0
