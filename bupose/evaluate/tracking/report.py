"""Reports on tracking: as a table and as files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from bupose.atomic import write_text
from bupose.evaluate.tables import columns, csv_text, number, plain
from bupose.paths import expand

# PoseTrack's table: means over these joints.
GROUPS = {
    "Head": ("nose", "neck", "top_head"),
    **{
        group: (f"left_{joint}", f"right_{joint}")
        for group, joint in (
            ("Shou", "shoulder"), ("Elb", "elbow"), ("Wri", "wrist"), ("Hip", "hip"), ("Knee", "knee"),
            ("Ankl", "ankle"),
        )
    },
}  # fmt: skip


@dataclass(frozen=True)
class TrackReport:
    """The outcome of :func:`evaluate_tracks`.

    Parameters
    ----------
    protocol : "posetrack" or "mot"
    metrics : dict of name to percent, or to a count
    videos : sequence of dicts
        The same of each video.
    joints : sequence of dicts
        Of each joint; empty for whole people.
    notes : sentences
    """

    protocol: str
    metrics: dict[str, float]
    videos: Sequence[dict]
    joints: Sequence[dict] = ()
    notes: tuple[str, ...] = field(default=())

    def noting(self, *notes: str) -> TrackReport:
        """A copy with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def table(self) -> str:
        """The report as text."""
        whole = {n: v for n, v in self.metrics.items() if not isinstance(v, int)}
        lines = columns([list(whole), [number(v) for v in whole.values()]])
        if self.joints:
            names = ("AP", "MOTA", "HOTA", "IDF1")
            rows = [[name, *(number(self._mean(name, group)) for group in GROUPS)] for name in names]
            lines += ["", *columns([["", *GROUPS], *rows])]
        if len(self.videos) > 1:
            names = ("MOTA", "IDF1", "HOTA", "switches")
            rows = [[v["video"], *(number(v[name]) for name in names)] for v in self.videos]
            lines += ["", *columns([["video", *names], *rows])]
        m, what = self.metrics, "joints" if self.joints else "people"
        errors = f"{m['missed']} missed, {m['false']} false, {m['switches']} under a new id"
        lines += ["", f"{m['objects']} {what} annotated: {errors}"]
        return "\n".join([*lines, *([""] if self.notes else []), *self.notes])

    def _mean(self, name: str, group: str) -> float:
        values = np.array([row[name] for row in self.joints if row["joint"] in GROUPS[group]])
        values = values[~np.isnan(values)]
        return float(values.mean()) if values.size else float("nan")

    def to_dict(self) -> dict:
        """All results as plain values for JSON; None if not applicable."""
        return plain(
            {
                "protocol": self.protocol,
                "metrics": self.metrics,
                **({"joints": {r["joint"]: {n: v for n, v in r.items() if n != "joint"} for r in self.joints}}
                   if self.joints else {}),
                "videos": {r["video"]: {n: v for n, v in r.items() if n != "video"} for r in self.videos},
                "notes": list(self.notes),
            }
        )  # fmt: skip

    def write(self, folder: str | Path) -> list[Path]:
        """Write ``metrics.json``, ``metrics.csv``, ``videos.csv``, ``report.txt``, and ``joints.csv`` if there are any.

        Raises
        ------
        InputError
            A file cannot be written.
        """
        texts = {
            "metrics.json": json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n",
            "metrics.csv": csv_text([{"metric": name, "value": value} for name, value in self.metrics.items()]),
            "videos.csv": csv_text(list(self.videos)),
            "report.txt": self.table() + "\n",
        }
        if self.joints:
            texts["joints.csv"] = csv_text(list(self.joints))
        for name, text in texts.items():
            write_text(expand(folder) / name, text)
        return [expand(folder) / name for name in texts]
