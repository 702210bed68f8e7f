"""Accuracy and speed of the grouping: on a real network's fields, on ideal fields, in growing crowds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib.figure import Figure

from bupose import geometry
from bupose.benchmark.crowd import crowd_labels, tight_crowd_labels
from bupose.benchmark.oracle import choose_by_truth
from bupose.data import open_samples
from bupose.evaluate import coco_ap, read_ground_truth
from bupose.evaluate.person_matching import match_all
from bupose.evaluate.repairs import rank_by_truth
from bupose.fields_file import FieldsFile
from bupose.kernels import reference
from bupose.methods.paf import FieldCodec
from bupose.methods.paf.fields import Fields
from bupose.people import Labels
from bupose.skeletons import COCO17, COCO18

VARIANTS: dict[str, dict[str, Any]] = {
    "hungarian (default)": {},
    "greedy": {"matching": "greedy"},
    "without completion": {"completion": False},
}


def on_network_fields(fields: Path, annotations: Path, repeats: int = 3) -> list[dict]:
    """COCO AP and time of decoding saved fields, and the time of ×8 up-sampling alone.

    One thread; for each photo the two are timed in turn and the fastest of ``repeats`` counts. AP ranks everybody.
    """
    cv2.setNumThreads(1)
    rows = []
    pictures = _read(fields)
    for name, options in VARIANTS.items():
        codec = FieldCodec(COCO18).with_decoder(**options)
        decode, enlarge = [], []
        for f, _ in pictures.values():
            times = [(_time(codec.decode, f), _time(enlarge_fields, f)) for _ in range(repeats)]
            best = np.min(times, 0)
            decode.append(best[0])
            enlarge.append(best[1])
        results = _results(codec.showing_everybody(), pictures)
        ids = sorted(pictures)
        row = {"grouping": name, **_ap(results, annotations, ids)}
        row |= {
            "half A": _ap(results, annotations, ids[::2])["AP"],
            "half B": _ap(results, annotations, ids[1::2])["AP"],
        }
        row |= {"decode ms": 1e3 * np.mean(decode), "x8 ms": 1e3 * np.mean(enlarge)}
        rows.append(row | {"x8 / decode": np.mean(enlarge) / np.mean(decode)})
    return rows


def beside_truth(fields: Path, annotations: Path) -> list[dict]:
    """COCO AP of the default grouping, and what the annotations would make of its people, and of its peaks."""
    pictures, codec = _read(fields), FieldCodec(COCO18).showing_everybody()
    truth = read_ground_truth(annotations).only(pictures)
    results, joints = _results(codec, pictures), COCO18.mapping(COCO17)
    peaks = {}
    for image_id, (f, back) in pictures.items():
        found = codec.explain(f).peaks
        peaks[image_id] = joints[found.joint], geometry.apply(back, f.grid.to_pixels(found.xy))
    ways = {
        "the grouping": results,
        "its people, ranked by the annotations": [
            r for picture in match_all(results, truth) for r in rank_by_truth(picture)
        ],
        "its peaks, chosen by the annotations": choose_by_truth(peaks, truth),
    }
    ids = sorted(pictures)
    return [{"what": name, **_ap(found, annotations, ids)} for name, found in ways.items()]


def on_ideal_fields(annotations: Path, people: int = 4, height: int = 368) -> list[dict]:
    """COCO AP on fields encoded from the labels of photos with at least that many people."""
    samples = open_samples("coco", {"annotations": str(annotations), "skeleton": COCO18})
    crowded = [n for n in range(len(samples)) if len(samples.labels(n)) >= people]
    rows = []
    for name, options in VARIANTS.items():
        codec, results = FieldCodec(COCO18).with_decoder(min_joint_score=0, **options), []
        for n in crowded:
            width, in_height = samples.size(n)
            matrix = geometry.scale(height / in_height)
            fields = codec.encode(samples.labels(n).transform(matrix), (round(width * height / in_height), height))
            found = codec.decode(fields).transform(geometry.invert(matrix))
            results += found.to_coco(samples.image_id(n), COCO17)
        rows.append({"grouping": name, **_ap(results, annotations, [samples.image_id(n) for n in crowded])})
    return rows


CROWDS: dict[str, Callable[[int], tuple[Labels, tuple[int, int]]]] = {
    "loose": crowd_labels,
    "tight": tight_crowd_labels,
}


def in_crowds(kind: str, counts: tuple[int, ...] = (10, 30, 100, 300, 1000, 3000), slow_up_to: int = 100) -> list[dict]:
    """Time of decoding growing crowds of one density: kernels, up-sampling alone, NumPy twins (small loose ones).

    ``kind`` is ``loose`` (people of 80 to 200 px, one to each 110 x 110 px) or ``tight`` (of 80 px, one every 30 px).
    """
    cv2.setNumThreads(1)
    codec, rows = FieldCodec(COCO18), []
    for n in counts:
        painted = codec.encode(*CROWDS[kind](n))
        fields = Fields(painted.heat, painted.paf, codec.grid, codec.skeleton)
        repeats = max(3, 300 // n)
        codec.decode(fields)
        decode = min(_time(codec.decode, fields) for _ in range(repeats))
        enlarge = min(_time(enlarge_fields, fields) for _ in range(3))
        slow = kind == "loose" and n <= slow_up_to
        twin = _time(_decode_with_twins, codec, fields) if slow else float("nan")
        found = len(codec.decode(fields))
        row = {"crowd": kind, "people": n, "found": found, "decode ms": 1e3 * decode, "us / person": 1e6 * decode / n}
        rows.append(row | {"x8 ms": 1e3 * enlarge, "x8 / decode": enlarge / decode, "NumPy twins ms": 1e3 * twin})
    return rows


def plot_growth(rows: list[dict]) -> Figure:
    """Time per picture against people, both logarithmic."""
    figure = Figure(figsize=(6.4, 4.6), dpi=120, layout="constrained")
    axes = figure.subplots()
    loose, tight = ([r for r in rows if r["crowd"] == kind] for kind in CROWDS)
    people = [r["people"] for r in loose]
    for some, key, label, style in (
        (loose, "NumPy twins ms", "NumPy twins, loose crowd", "s:C0"),
        (loose, "x8 ms", "bicubic ×8 up-sampling alone, loose crowd", "^--C1"),
        (tight, "decode ms", "bupose, tight crowd: 80 px tall, one every 30 px", "o-C3"),
        (loose, "decode ms", "bupose, loose crowd: 80 to 200 px, one every 110 px", "o-C2"),
    ):
        axes.loglog([r["people"] for r in some], [r[key] for r in some], style, label=label)
    for some in (loose, tight):
        slope = some[-1]["decode ms"] / people[-1]
        legend = "in proportion to people" if some is loose else None
        axes.loglog(people, [slope * n for n in people], color="0.7", zorder=0, label=legend)
    axes.set(xlabel="people in the picture", ylabel="ms per picture, one thread")
    axes.set_xticks(people, [str(n) for n in people])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=1, frameon=False)
    return figure


def first_decode() -> list[dict]:
    """Seconds from the end of the imports to the first people, in fresh processes with an empty and a warm cache."""
    code = (
        "import time, sys, numpy, scipy, numba; from bupose.benchmark.crowd import crowd_labels\n"
        "from bupose.maps import Grid; from bupose.methods.paf import FieldCodec, Fields\n"
        "from bupose.skeletons import COCO18\n"
        "f = Fields(numpy.ones((18, 46, 54)) * .01, numpy.zeros((38, 46, 54)), Grid(8), COCO18)\n"
        "t, c = time.perf_counter(), time.process_time(); FieldCodec(COCO18).decode(f)\n"
        "print(time.perf_counter() - t, time.process_time() - c)"
    )
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "BUPOSE_CACHE": cache}
        environment.pop("NUMBA_CACHE_DIR", None)
        for state in ("cold", "warm"):
            out = subprocess.run(
                [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
            )
            wall, cpu = map(float, out.stdout.split())
            rows.append({"cache": state, "first decode s": wall, "of it CPU s": cpu})
    return rows


def enlarge_fields(fields: Fields) -> None:
    """The first step of OpenPose and lightweight OpenPose: bicubic ×8 up-sampling of heatmaps and PAFs."""
    h, w = fields.heat.shape[1:]
    for maps in (fields.heat, fields.paf.reshape(-1, h, w)):
        cv2.resize(maps.transpose(1, 2, 0), None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)


def _read(fields: Path) -> dict[int, tuple]:
    """Image id -> fields, and the matrix back into the picture's pixels."""
    with FieldsFile(fields) as file:
        return {int(Path(info["file_name"]).stem): (f, geometry.invert(info["matrix"])) for _, f, info in file}


def _results(codec: FieldCodec, pictures: dict[int, tuple]) -> list[dict]:
    return [r for i, (f, back) in pictures.items() for r in codec.decode(f).transform(back).to_coco(i, COCO17)]


def _ap(results: list[dict], annotations: Path, ids: list[int]) -> dict:
    ap = coco_ap(results, annotations, ids)
    return {name: ap[name] for name in ("AP", "AP50", "AP75", "AP_medium", "AP_large", "AR")}


def _decode_with_twins(codec: FieldCodec, fields: Fields) -> None:
    from bupose import kernels

    load, kernels.load = kernels.load, lambda task="decode", wait=False: reference
    try:
        replace(codec).decode(fields)
    finally:
        kernels.load = load


def _time(work, *arguments) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start
