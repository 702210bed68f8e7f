"""Comparison of methods: AP on increasingly crowded drawn scenes, and decoding time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from bupose.data import open_samples
from bupose.errors import InputError
from bupose.estimate import Estimator
from bupose.evaluate import coco_ap
from bupose.evaluate.sampled import ground_truth_of_samples

SCENES = {"size": [128, 128], "scene": "simple", "seed": 77, "count": 60}
CROWDS = ((1, 2), (2, 4), (4, 8))  # people in a scene
_TIMED, _TIMES = 20, 5  # scenes decoded repeatedly


def in_crowds(networks: Path) -> list[dict]:
    """A row per ``best.safetensors`` below a folder: method, AP for each crowd, ms for decoding a scene.

    Raises
    ------
    InputError
        There is none.
    """
    files = sorted(networks.rglob("best.safetensors"))
    if not files:
        raise InputError(f"there is no best.safetensors below {str(networks)!r}; give networks= a sweep's folder")
    sets = [open_samples("synthetic", {**SCENES, "people": list(crowd)}) for crowd in CROWDS]
    return [_measure(Estimator(file, device="cpu", threads=1), sets) for file in files]


def plot_crowds(rows: Sequence[dict]) -> Figure:
    """AP against crowding, a line per method."""
    figure = Figure(figsize=(5, 3.2), layout="constrained")
    axes, titles = figure.add_subplot(), [_title(crowd) for crowd in CROWDS]
    for row in rows:
        axes.plot(titles, [row[title] for title in titles], marker="o", label=row["method"])
    axes.set(ylabel="AP", ylim=(0, 100), xlabel="people in a drawn scene of 128 px")
    axes.legend()
    return figure


def _measure(estimator: Estimator, sets: Sequence) -> dict:
    row: dict[str, Any] = {"method": estimator.codec.name}
    every = estimator.showing_everybody()
    for crowd, samples in zip(CROWDS, sets, strict=True):
        found = {sample.image_id: every(sample.image) for sample in samples}
        row[_title(crowd)] = coco_ap(found, ground_truth_of_samples(samples, len(samples)))["AP"]
    maps = [estimator.fields(sets[-1][n].image) for n in range(_TIMED)]
    estimator.codec.decode(maps[0])
    start = time.perf_counter()
    for _ in range(_TIMES):
        for one in maps:
            estimator.codec.decode(one)
    return row | {"decoding, ms": 1000 * (time.perf_counter() - start) / (_TIMES * _TIMED)}


def _title(crowd: tuple[int, int]) -> str:
    return f"{crowd[0]} to {crowd[1]}"
