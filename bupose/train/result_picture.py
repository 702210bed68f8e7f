"""A picture of results: photos with labels, beside predictions."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from bupose.atomic import write_bytes
from bupose.data.check import spread_rows
from bupose.estimate.estimator import Estimator
from bupose.viz import draw_people, panels

MOST = 6  # photos


def write_comparison(path: Path, samples, estimator: Estimator) -> None:
    """Draw some photos with their labels and with the network's predictions, into a PNG file."""
    pictures, titles = [], []
    for i in spread_rows(len(samples), MOST):
        sample = samples[i]
        found = estimator(sample.image)
        pictures += [draw_people(sample.image, sample.labels.to_people()), draw_people(sample.image, found)]
        titles += [f"{sample.name[-40:]}: {len(sample.labels)} labelled", f"{len(found)} found"]
    file = BytesIO()
    panels(*pictures, titles=titles, columns=min(4, len(pictures)), width=16.0).savefig(file, format="png")
    write_bytes(path, file.getvalue())
