"""Evaluation reports: as a table, as files, and as pictures of errors."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from bupose.atomic import write_text
from bupose.errors import InputError
from bupose.evaluate.diagnosis import KINDS, Diagnosis
from bupose.evaluate.ground_truth import GroundTruth, annotated_size
from bupose.evaluate.shown import Shown
from bupose.evaluate.tables import columns, csv_text, number, plain
from bupose.evaluate.worst import draw_errors
from bupose.images import read_image
from bupose.paths import expand
from bupose.predict.output import write_image
from bupose.wording import counted


@dataclass(frozen=True)
class Report:
    """The outcome of :func:`bupose.evaluate.evaluate`.

    Parameters
    ----------
    protocol : name of the evaluation's rules
    metrics : dict of name to percent
    diagnosis : Diagnosis
        Kinds of errors.
    gains : dict
        AP gained by repairing each kind of error; empty if not requested.
    pck_name : name of the measure ``pck``
    pck : two int arrays (K,)
        Joints within the distance, and joints labelled.
    shown : Shown
        Precision of the people shown.
    truth : GroundTruth
    parts : dict of part to dict of name to percent
        Metrics of each part; empty if all joints are one part.
    """

    protocol: str
    metrics: dict[str, float]
    diagnosis: Diagnosis
    gains: dict[str, float]
    pck_name: str
    pck: tuple[np.ndarray, np.ndarray]
    shown: Shown
    truth: GroundTruth
    parts: dict[str, dict[str, float]] = field(default_factory=dict)

    def joint_rows(self) -> list[dict]:
        """A row per joint: labels, mean similarity, PCK, and percent of its labels by kind of error."""
        single = {joint: [k] for k, joint in enumerate(self.diagnosis.joints)}
        return self._rows(single | {"all": slice(None)})

    def _short_rows(self) -> list[dict]:
        """:meth:`joint_rows`, with a single row for each part after the first."""
        if not self.parts:
            return self.joint_rows()
        (_, first), *others = self.truth.parts
        return self._rows({self.truth.joints[k]: [k] for k in first} | dict(others) | {"all": slice(None)})

    def _rows(self, groups: Mapping) -> list[dict]:
        d, rows = self.diagnosis, []
        for joint, one in groups.items():
            one = one if isinstance(one, slice) else list(one)
            kinds, lost = d.kinds[one].sum(0), d.lost[one].sum()
            labelled, of_found = int(kinds.sum() + lost), int(kinds.sum())
            similarity = (d.similarity[one] * d.kinds[one].sum(1)).sum() / of_found if of_found else math.nan
            within, counted = (int(part[one].sum()) for part in self.pck)
            row = {"joint": joint, "labelled": labelled, "OKS": similarity}
            row[self.pck_name] = 100 * within / counted if counted else math.nan
            counts = [*zip(KINDS, kinds, strict=True), ("person missed", lost)]
            rows.append(row | {name: 100 * int(n) / labelled if labelled else math.nan for name, n in counts})
        return rows

    def table(self) -> str:
        """The report as text."""
        d, pictures = self.diagnosis, len(self.truth.images)
        many = f"{counted(pictures, 'picture')}, {counted(d.people['annotated'], 'person')}"
        lines = [f"{many}, rules of {self.protocol} (percent)", ""]
        lines += columns([list(self.metrics), [number(v) for v in self.metrics.values()]])
        if self.parts:
            names = ("AP", "AR")
            rows = [[part, *(number(found[name]) for name in names)] for part, found in self.parts.items()]
            lines += ["", "Parts", "", *columns([["part", *names], *rows])]
        short = self._short_rows()
        cells = [[number(v, 3 if name == "OKS" else 1) for name, v in row.items()] for row in short]
        lines += ["", "Joints: mean similarity where the person was found, and percent of all labels", ""]
        lines += columns([list(short[0]), *cells])
        p = d.people
        lines += ["", f"People: {p['annotated']} annotated, {p['found']} found, {p['missed']} missed"]
        lines += [
            f"        {p['predicted']} predicted, of these {p['duplicate']} duplicates or parts of people already "
            f"found, {p['background']} in the background, {p['ignored']} in ignored regions"
        ]
        lines += [f"Shown:  {self.shown.sentence()}"]
        lines += ["", "Missed people by group", ""]
        lines += columns([["group", "missed", "of"]] + [[g, *map(str, n)] for g, n in d.missed.items() if n[1]])
        if self.gains:
            lines += ["", "AP gained if one kind of error alone were repaired", ""]
            lines += columns([[name, f"{gain:+.1f}"] for name, gain in self.gains.items()])
        return "\n".join([*lines, *([""] if self.truth.notes else []), *self.truth.notes])

    def to_dict(self) -> dict:
        """All results as plain values for JSON; None if not applicable."""
        return plain(
            {
                "protocol": self.protocol,
                "metrics": self.metrics,
                **({"parts": self.parts} if self.parts else {}),
                "joints": {row["joint"]: {n: v for n, v in row.items() if n != "joint"} for row in self.joint_rows()},
                "errors": self.diagnosis.shares(),
                "people": self.diagnosis.people,
                "missed": {g: {"missed": n, "annotated": of} for g, (n, of) in self.diagnosis.missed.items()},
                "gains": self.gains,
                "shown": {**asdict(self.shown), "precision": self.shown.precision},
                "pictures": len(self.truth.images),
                "sigmas": dict(zip(self.truth.joints, self.truth.sigmas.tolist(), strict=True)),
                "notes": list(self.truth.notes),
            }
        )

    def write(self, folder: str | Path, images: str | Path | None = None, worst: int = 12) -> list[Path]:
        """Write ``metrics.json``, ``metrics.csv``, ``joints.csv``, ``report.txt`` and ``worst/*.jpg``.

        Parameters
        ----------
        folder : made if it does not exist
        images : folder of the photos, by the annotations' ``file_name``; without it no pictures are drawn
        worst : int
            Number of pictures, those with most wrong joints first: annotations on the left, predictions on the right.

        Raises
        ------
        InputError
            A file cannot be written, or no photo can be read.
        SkeletonError
            The annotations' joints do not form a skeleton.
        """
        folder = expand(folder)
        metrics = [{"metric": name, "percent": value} for name, value in self.metrics.items()]
        texts = {
            "metrics.json": json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n",
            "metrics.csv": csv_text(metrics),
            "joints.csv": csv_text(self.joint_rows()),
            "report.txt": self.table() + "\n",
        }
        for name, text in texts.items():
            write_text(folder / name, text)
        written = [folder / name for name in texts]
        return written + ([] if images is None else self._write_worst(folder / "worst", expand(images), worst))

    def _write_worst(self, folder: Path, images: Path, count: int) -> list[Path]:
        skeleton, written, problems = self.truth.skeleton(), [], []
        for n, picture in enumerate([p for p in self.diagnosis.pictures[:count] if p.badness], 1):
            image = self.truth.images[picture.matched.image_id]
            name = image.get("file_name") or str(picture.matched.image_id)
            try:
                photo = read_image(images / name, size=annotated_size(image))
            except InputError as problem:  # the others are still drawn
                problems.append(problem)
                continue
            stem = Path(name).stem[:60].encode("ascii", "replace").decode().replace("?", "_")
            written.append(folder / f"{n:02d}_{stem}.jpg")
            write_image(written[-1], draw_errors(photo, picture, skeleton))
        if problems and not written:
            raise problems[0]
        return written
