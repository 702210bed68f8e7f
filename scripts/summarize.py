"""Compare training runs: summarize.py FOLDER… [metric=AP] [plot=summary.png]

Prints one table, best run first, and draws the metric against each option that differs between the runs.
"""

import sys
from pathlib import Path

from bupose.atomic import replacing
from bupose.errors import BuposeError
from bupose.train.summary import plot, read_runs, table

METRICS = ("AP", "AP50", "AP75", "AR")


def main(folders: list[str], metric: str = "AP", plot_file: str = "summary.png") -> int:
    try:
        runs = read_runs(folders, metric)
    except BuposeError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    print(table(runs, [metric, *(m for m in METRICS if m != metric)]))
    if not any(run.metrics for run in runs):
        print("error: none of these runs has finished, so there is nothing to draw", file=sys.stderr)
        return 1
    with replacing(plot_file, Path(plot_file).suffix or ".png") as path:
        plot(runs, metric).savefig(path, dpi=120)
    print(f"wrote {plot_file}")
    return 0


if __name__ == "__main__":
    options = dict(a.split("=", 1) for a in sys.argv[1:] if a.startswith(("metric=", "plot=")))
    names = [a for a in sys.argv[1:] if not a.startswith(("metric=", "plot="))]
    sys.exit(main(names or ["runs"], options.get("metric", "AP"), options.get("plot", "summary.png")))
