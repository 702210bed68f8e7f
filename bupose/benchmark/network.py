"""Time per photo from file to people, by step and runtime, sequential and overlapping."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from matplotlib.figure import Figure

from bupose.errors import BuposeError
from bupose.estimate.estimator import Estimator
from bupose.estimate.preprocess import View
from bupose.estimate.stream import Estimate, open_photo
from bupose.export import calibration_pictures, export_network
from bupose.nn.model import PoseNet
from bupose.people import People
from bupose.predict.output import results_skeleton, write_coco, write_openpose
from bupose.runtimes.openvino_core import compile_model, get_core
from bupose.runtimes.torch_network import has_fast_bfloat16
from bupose.wording import counted

_LOG = logging.getLogger(__name__)

HEIGHTS = (256, 368, 512)
BESIDE = 16  # pictures
STEPS = ("read", "preprocess", "network", "grouping", "writing")


@dataclass(frozen=True)
class Runtime:
    """A way to run one network: the network or its exported file, and the precision."""

    name: str
    net: PoseNet | Path
    precision: str = "float32"
    runtime: str = "auto"

    def estimator(self, height: int = 368, **options) -> Estimator:
        """An estimator with torch's current number of threads."""
        return Estimator(self.net, height=height, precision=self.precision, runtime=self.runtime, **options)


def runtimes(net: PoseNet, folder: Path, calibration: Path | None = None) -> list[Runtime]:
    """Every available runtime of a network, exported into ``folder``; logs why others are left out."""
    made = [Runtime("torch float32", net), Runtime("torch bfloat16", net, "bfloat16")]
    exports = [
        ("ONNX", "float.onnx", "fp32", "float32"),
        ("ONNX int8", "int8.onnx", "int8", "float32"),
        ("OpenVINO float32", "float.xml", "fp32", "float32"),
        ("OpenVINO bfloat16", "float.xml", "fp32", "bfloat16"),
        ("OpenVINO int8", "int8.xml", "int8", "auto"),
    ]
    if not has_fast_bfloat16(torch.device("cpu")):
        _LOG.info("bfloat16 left out: this processor only emulates it")
        made, exports = made[:1], [way for way in exports if way[3] != "bfloat16"]
    pictures = calibration_pictures(net, calibration)
    for name, file, stored, precision in exports:
        try:
            if not (folder / file).exists():
                export_network(net, folder / file, pictures, precision=stored)
            made.append(Runtime(name, folder / file, precision))
        except BuposeError as problem:
            _LOG.warning("%s left out: %s", name, problem)
    return made


def by_steps(
    ways: Sequence[Runtime],
    files: Sequence[Path],
    output: Path,
    heights: Sequence[int] = HEIGHTS,
    threads: Sequence[int] = (1,),
    rounds: int = 3,
) -> list[dict]:
    """Milliseconds per photo of each step, sequentially, and of all of them overlapping in batched mode.

    ``threads`` are the network's; read, preprocess, grouping and writing have one. Minimum over rounds, in which the
    runtimes alternate.
    """
    rows = []
    for height in heights:
        for many in threads:
            with _threads(many):
                estimators = {way.name: way.estimator(height) for way in ways}
                works = {
                    name: (
                        lambda e=e: time_steps(e, files, output),
                        lambda e=e: _seconds(run_batched, e, files, output),
                    )
                    for name, e in estimators.items()
                }
                taken = defaultdict(list)
                take_turns({name: batched for name, (_, batched) in works.items()}, 0, estimators.values())
                for _ in range(rounds):
                    for name, (steps, batched) in works.items():
                        taken[name].append([*steps().values(), batched()])
            for name, times in taken.items():
                ms = 1e3 * np.min(times, 0) / len(files)
                row = {"height": height, "threads": many, "runtime": name, **dict(zip(STEPS, ms))}
                rows.append({**row, "sum": float(ms[:-1].sum()), "batched": float(ms[-1])})
    return rows


def beside_bare(way: Runtime, files: Sequence[Path], output: Path, rounds: int = 5) -> list[dict]:
    """Overhead over the bare network in batched mode, as medians over alternating rounds.

    Bare: the network alone on the same pictures, in memory and batched by size. Whole: from files to people and JSON,
    without overlays.
    """
    estimator = way.estimator()
    batches = list(make_batches(prepare_all(estimator, files), estimator.batch))
    works = {
        "bare": lambda: [estimator.pipeline.run(batch) for batch in batches],
        "whole": lambda: run_batched(estimator, files, output),
    }
    taken = take_turns(works, rounds, [estimator])
    steps = [time_steps(estimator, files, output) for _ in range(2)]
    ms = {name: 1e3 * float(np.median(t)) / len(files) for name, t in taken.items()}
    added = float(np.median(np.divide(taken["whole"], taken["bare"])) - 1)
    row = {"network": way.name, "threads": torch.get_num_threads(), "bare network ms": ms["bare"]}
    row |= {"whole ms": ms["whole"], "added %": 100 * added}
    alone = {f"{s} ms": 1e3 * min(t[s] for t in steps) / len(files) for s in STEPS if s != "network"}
    return [row | alone]


def beside_openvino(ways: Sequence[Runtime], ir: Path, files: Sequence[Path], rounds: int = 7) -> list[dict]:
    """Pictures per second of a published IR driven directly by OpenVINO, and of the same network in bupose.

    All get pictures of the most frequent size, prepared as float32 BGR for direct use. They alternate; a share is the
    median over rounds of the rate relative to the fastest direct one of that round.
    """
    import openvino

    estimators = {way.name: way.estimator() for way in ways}
    first = next(iter(estimators.values()))
    batch = max(make_batches(prepare_all(first, files), len(files)), key=len)
    pixels = np.stack([batch[n % len(batch)][0].pixels for n in range(BESIDE)])
    floats = np.ascontiguousarray(pixels[..., ::-1].transpose(0, 3, 1, 2), dtype=np.float32)
    works = dict(_direct(openvino, ir, floats))
    direct = list(works)
    for name, e in estimators.items():
        chunks = [pixels[i : i + e.batch] for i in range(0, len(pixels), e.batch)]
        works[f"bupose, {name}"] = lambda e=e, chunks=chunks: [e.network(chunk) for chunk in chunks]
    taken = take_turns(works, rounds, estimators.values())
    best = np.min([taken[name] for name in direct], 0)
    height, width = pixels.shape[1:3]
    return [
        {
            f"{counted(len(pixels), 'picture')} of {width}x{height} px": name,
            "pictures / s": len(pixels) / float(np.median(times)),
            "share of direct": float(np.median(best / times)),
        }
        for name, times in taken.items()
    ]


def _direct(openvino, ir: Path, floats: np.ndarray) -> Iterator[tuple[str, Callable]]:
    """OpenVINO's own interface: one picture at a time with all threads, and a queue with one thread each."""
    core = get_core()
    model = core.read_model(ir)
    model.reshape([1, *floats.shape[1:]])
    threads = {"INFERENCE_NUM_THREADS": torch.get_num_threads()}
    request = compile_model(model, {"PERFORMANCE_HINT": "LATENCY", **threads}).create_infer_request()
    queue = openvino.AsyncInferQueue(compile_model(model, {"PERFORMANCE_HINT": "THROUGHPUT", **threads}))

    def run_queue() -> None:
        for n in range(len(floats)):
            queue.start_async({0: floats[n : n + 1]})
        queue.wait_all()

    yield "OpenVINO directly, one by one", lambda: [request.infer({0: floats[n : n + 1]}) for n in range(len(floats))]
    yield "OpenVINO directly, queue", run_queue


def time_steps(estimator: Estimator, files: Sequence[Path], output: Path) -> dict[str, float]:
    """Seconds of each step over all files, sequentially; all but the network in one thread."""
    clock = time.perf_counter
    with _opencv_threads(1):
        marks = [clock()]
        photos = [open_photo(file, estimator.pipeline.least) for file in files]
        marks.append(clock())
        ready = [estimator.pipeline.plan(photo) for photo in photos]
        marks.append(clock())
        seen = [(views, maps) for batch in make_batches(ready, estimator.batch)
                for views, maps in zip(batch, estimator.pipeline.run(batch), strict=True)]  # fmt: skip
        marks.append(clock())
        people = [estimator.pipeline.combine(maps, views) for views, maps in seen]
        marks.append(clock())
        write_people(people, output)
        marks.append(clock())
    return dict(zip(STEPS, np.diff(marks).tolist(), strict=True))


def run_batched(estimator: Estimator, files: Sequence[Path], output: Path) -> None:
    """From files to people and JSON, everything overlapping."""
    found = (estimate.people for estimate in estimator.stream(files) if isinstance(estimate, Estimate))
    write_people(found, output)


def write_people(many: Iterator[People] | Sequence[People], output: Path) -> None:
    """Write an OpenPose JSON file per picture, and COCO results."""
    results = []
    for n, people in enumerate(many):
        write_openpose(output / f"{n}_keypoints.json", people)
        results += people.to_coco(n, results_skeleton(people.skeleton))
    write_coco(output / "coco_results.json", results)


def prepare_all(estimator: Estimator, files: Sequence[Path]) -> list[list[View]]:
    """Each file's picture as network input."""
    return [estimator.pipeline.plan(open_photo(file, estimator.pipeline.least)) for file in files]


def make_batches(ready: Sequence[list[View]], size: int) -> Iterator[list[list[View]]]:
    """Pictures of one shape together, up to ``size`` of them."""
    by_shape = defaultdict(list)
    for views in ready:
        by_shape[views[0].pixels.shape].append(views)
    for same in by_shape.values():
        for start in range(0, len(same), size):
            yield same[start : start + size]


def take_turns(
    works: Mapping[str, Callable], rounds: int, estimators: Iterable[Estimator] = ()
) -> dict[str, np.ndarray]:
    """Seconds of each function in each round, after two that warm up; between these, graphs get ready."""
    taken = []
    for turn in range(rounds + 2):
        taken.append([_seconds(work) for work in works.values()])
        if turn == 0:
            for estimator in estimators:
                getattr(estimator.network, "settle", lambda: None)()
    return dict(zip(works, np.reshape(taken[2:], (rounds, len(works))).T, strict=True))


def plot_steps(rows: list[dict]) -> Figure:
    """Stacked times of every runtime, a panel per height and number of threads."""
    panels = sorted({(row["threads"], row["height"]) for row in rows})
    names = list(dict.fromkeys(row["runtime"] for row in rows))
    across = len({height for _, height in panels})
    down = -(-len(panels) // across)
    figure = Figure(figsize=(1.6 + 2.6 * across, 0.8 + 2.1 * down), dpi=120, layout="constrained")
    grid = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    for axes, (threads, height) in zip(grid, panels):
        here = {row["runtime"]: row for row in rows if (row["height"], row["threads"]) == (height, threads)}
        left = np.zeros(len(names))
        for step in STEPS:
            width = np.array([here[name][step] for name in names])
            axes.barh(names, width, left=left, label=step)
            left += width
        axes.plot([here[name]["batched"] for name in names], names, "k|", markersize=14, label="all, overlapping")
        axes.set_title(f"height {height}, {threads} thread{'s' if threads > 1 else ''}", fontsize=10)
        axes.grid(axis="x", alpha=0.3)
    grid[0].invert_yaxis()
    for axes in grid[-across:]:
        axes.set_xlabel("ms a photo")
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False, fontsize=9)
    return figure


@contextmanager
def _threads(many: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(many)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _opencv_threads(many: int) -> Iterator[None]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(many)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _seconds(work: Callable, *arguments) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start
