"""Angles of joints and segments as a table: a row for each person of each frame."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bupose.atomic import writing_text
from bupose.exchange.angles import angles_of, measure_angles
from bupose.exchange.formats.base import Format
from bupose.exchange.formats.options import WriteOptions
from bupose.exchange.individuals import Individuals
from bupose.exchange.recording import Recording


def write(recordings: Sequence[Recording], folder: Path, options: WriteOptions) -> list[Path]:
    """Write ``NAME.csv``: frame (of pictures, the file), time, id, and degrees of each angle, empty where unknown."""
    paths = []
    for recording in recordings:
        angles = angles_of(recording.skeleton, options.angles)
        found = Individuals.of(recording, every_frame=False)
        degrees = measure_angles(found.xy, recording.skeleton, angles).round(2)
        frames = recording.numbers.tolist() if recording.files is None else list(recording.files)
        times = recording.seconds(options.rate)
        paths.append(folder / f"{recording.name}.csv")
        with writing_text(paths[-1], newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["frame", "time", "id", *(angle.name for angle in angles)])
            for f, p in zip(*np.nonzero(~np.isnan(found.xy[..., 0]).all(2)), strict=True):
                time = "" if np.isnan(times[f]) else round(float(times[f]), 6)
                values = ["" if value != value else value for value in degrees[f, p].tolist()]
                table.writerow([frames[f], time, int(found.ids[p]), *values])
    return paths


ANGLES = Format("angles of joints and segments, a table", (".csv",), write=write)
