"""The systems of a sweep side by side: accuracy by one referee, size, time and memory."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from bupose import geometry, weights
from bupose.annotations.crowding import EASY, HARD
from bupose.data import DataOptions, open_samples
from bupose.data.each_person import around
from bupose.data.picture import picture_of
from bupose.errors import InputError
from bupose.estimate import Estimator
from bupose.evaluate import GroundTruth, coco_ap
from bupose.evaluate.crowdpose import crowd_indices
from bupose.evaluate.pck import pck
from bupose.evaluate.sampled import ground_truth_of_samples
from bupose.nn.cost import count_macs, count_memory, count_parameters
from bupose.nn.memory import lay_out
from bupose.nn.model import PoseNet, declare
from bupose.people import People
from bupose.skeleton import Skeleton

SIDE = 256  # pixels of the picture, or of the crop, that cost is measured on
NEAR = 0.05  # of the longer side of a person's box: within it a joint is found
MARGIN = 1.25  # of the boxes that networks for one person get
CROWDS = ((1, 2), (2, 4), (4, 8))  # people in a drawn scene
SCENES = {"size": [128, 128], "scene": "simple", "seed": 77, "count": 10}
_ROUNDS = 5
# Places of a name around its mark: x and y, points, and the side of the text that is there.
_PLACES = [(x, y, side) for y in (0, 8, -8, 16, -16, 24, -24) for x, side in ((6, "left"), (-6, "right"))]


@dataclass(frozen=True)
class Trained:
    """A finished run of a sweep: its network, and the options that it was trained with."""

    folder: Path
    net: PoseNet
    options: Mapping[str, Any]

    @property
    def title(self) -> str:
        """The system's name, as ``note.system`` declares it."""
        return str(self.options["note"].get("system", self.folder.name))

    @property
    def data(self) -> str:
        """The kind of data it was trained on."""
        return str(self.options["data"]["kind"])

    @property
    def key(self) -> tuple[str, str, str]:
        """Equal for runs that differ by their seed alone."""
        return self.data, self.title, self.net.config.method


def find_runs(folder: Path) -> list[Trained]:
    """The finished runs below a folder.

    Raises
    ------
    InputError
        There is none.
    """
    found = []
    for file in sorted(folder.rglob("best.safetensors")):
        options = file.parent / "options.json"
        if options.is_file() and (file.parent / "result.json").is_file():
            found.append(Trained(file.parent, weights.load(file), json.loads(options.read_text(encoding="utf-8"))))
    if not found:
        raise InputError(f"there is no finished run below {str(folder)!r}; give networks= a sweep's folder")
    return found


def compare(runs: Sequence[Trained], pictures: int) -> dict[str, list[dict]]:
    """For each kind of data a row per system, best first; several seeds are averaged.

    Parameters
    ----------
    runs : sequence of Trained
    pictures : int
        Number of validation pictures, the first ones.
    """
    groups: dict[tuple[str, str, str], list[Trained]] = {}
    for run in runs:
        groups.setdefault(run.key, []).append(run)
    costs = measure_costs({key: same[0].net for key, same in groups.items()})
    tables: dict[str, list[dict]] = {}
    referees: dict[str, Referee] = {}
    for key, same in groups.items():
        kind, title, method = key
        referee = referees.setdefault(json.dumps(same[0].options["val"] | {"each_person": None}, sort_keys=True),
                                      Referee(same[0], pictures))  # fmt: skip
        measured = [referee.measure(run) for run in same]
        row: dict[str, Any] = {"system": title, "method": method, "seeds": len(same)}
        row |= {name: float(np.mean([one[name] for one in measured])) for name in measured[0]}
        row["steps"] = int(np.mean([run.options["trainer"]["steps"] for run in same]))
        tables.setdefault(kind, []).append(row | costs[key])
    for rows in tables.values():
        rows.sort(key=lambda row: -row["AP"])
        if all(row["seeds"] == 1 for row in rows):
            for row in rows:
                del row["seeds"]
    return tables


class Referee:
    """Evaluates networks on the same pictures: those that a run was validated on, whole, and drawn crowds.

    Networks for a single person get the annotated boxes, and are run once for each.
    """

    def __init__(self, run: Trained, pictures: int) -> None:
        given = {name: value for name, value in run.options["val"].items() if name != "each_person"}
        samples = DataOptions(**given).open(Skeleton.from_dict(run.net.config.skeleton.to_dict()))
        self.samples, self.count = samples, min(pictures, len(samples))
        self.truth = ground_truth_of_samples(samples, self.count)
        self.crowds: dict[str, Any] = {}
        if run.data == "synthetic":
            for few, many in CROWDS:
                scenes = {**SCENES, "people": [few, many], "skeleton": samples.skeleton}
                self.crowds[f"{few} to {many} people"] = open_samples("synthetic", scenes)

    def measure(self, run: Trained) -> dict[str, float]:
        """AP, the share of joints found, and AP by crowding, in percent."""
        height = run.options["trainer"]["validation_height"]
        estimator = Estimator(run.net, height=height, device="cpu", threads=1).showing_everybody()
        found = find_people(estimator, self.samples, self.count)
        row = {"AP": coco_ap(found, self.truth)["AP"]}
        row["joints found, %"] = pck(found, self.truth, length="box", alpha=NEAR)["mean"]
        for title, scenes in self.crowds.items():
            truth = ground_truth_of_samples(scenes, len(scenes))
            row[title] = coco_ap(find_people(estimator, scenes, len(scenes)), truth)["AP"]
        return row if self.crowds else row | by_crowding(found, self.truth)


def find_people(estimator: Estimator, samples: Any, count: int) -> dict[int, People]:
    """People of the first pictures of a data set; a method for a single person gets a crop around each labelled one."""
    single = estimator.codec.single
    found = {}
    for n in range(count):
        picture = picture_of(samples, n)
        image = picture.decode(1)
        found[n] = find_in_boxes(estimator, image, picture.labels.box) if single else estimator(image)
    return found


def find_in_boxes(estimator: Estimator, image: np.ndarray, boxes: np.ndarray) -> People:
    """One person for each box (x, y, width, height), as far as the network sees somebody there."""
    everybody = []
    for box in boxes:
        (x, y), (w, h) = around(box, MARGIN, (image.shape[1], image.shape[0]))
        crop = np.ascontiguousarray(image[y : y + h, x : x + w])
        everybody.append(estimator(crop).transform(geometry.translate(x, y)))
    everybody.append(People.nobody(estimator.codec.skeleton))
    xy, score, person = (
        np.concatenate([getattr(one, name) for one in everybody]) for name in ("xy", "score", "person_score")
    )
    return People(xy, score, person, estimator.codec.skeleton)


def by_crowding(found: Mapping[int, People], truth: GroundTruth) -> dict[str, float]:
    """AP of pictures by CrowdPose's crowd index; NaN where there are none."""
    indices = crowd_indices(truth)
    limits = {f"index < {EASY:g}": (-1, EASY), f"to {HARD:g}": (EASY, HARD), "above": (HARD, 2)}
    row = {}
    for title, (low, high) in limits.items():
        mine = {i: people for i, people in found.items() if low <= indices[i] < high}
        row[title] = coco_ap(mine, truth.only(mine))["AP"] if mine else float("nan")
    return row


def measure_costs(nets: Mapping[Any, PoseNet]) -> dict[Any, dict[str, float]]:
    """Of each network: millions of parameters; for a picture of 256x256 px GMAC, MB of weights and activations
    (float32), and ms of one thread, batch norms folded: the least of rounds in which the networks take turns."""
    rows, ready = {}, {}
    for key, net in nets.items():
        twin = declare(net.config).eval()
        parameters = count_parameters(twin)
        megabytes = (4 * parameters + count_memory(twin, SIDE, SIDE)) / 1e6
        rows[key] = {"M": parameters / 1e6, "GMAC": count_macs(twin, SIDE, SIDE) / 1e9, "MB": megabytes}
        ready[key] = lay_out(net.eval().fuse())
    image = torch.randint(0, 256, (1, 3, SIDE, SIDE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    times: dict[Any, list[float]] = {key: [] for key in ready}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in range(_ROUNDS + 1):
            for key, net in ready.items():
                with torch.inference_mode():
                    start = time.thread_time()  # which other work on the machine leaves as it is
                    net(image)
                    times[key].append(1e3 * (time.thread_time() - start))
    finally:
        torch.set_num_threads(threads)
    return {key: row | {"ms": min(times[key][1:])} for key, row in rows.items()}


def plot_systems(rows: Sequence[Mapping]) -> Figure:
    """AP against the network's time, a mark per method."""
    figure = Figure(figsize=(8, 4.6), layout="constrained")
    axes = figure.add_subplot()
    for method, mark in zip(dict.fromkeys(row["method"] for row in rows), "os^Dvp*"):
        mine = [row for row in rows if row["method"] == method]
        axes.plot([row["ms"] for row in mine], [row["AP"] for row in mine], mark, label=method, alpha=0.7)
    times = [row["ms"] for row in rows]
    axes.set(xscale="log", xlabel=f"ms for {SIDE}x{SIDE} px, one thread", ylabel="AP")
    axes.set_xlim(0.8 * min(times), 1.6 * max(times))
    ticks = [t * 10**n for n in range(-1, 5) for t in (1, 2, 5) if 0.8 * min(times) <= t * 10**n <= 1.6 * max(times)]
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(title="method")
    _name_marks(figure, rows)
    return figure


def _name_marks(figure: Figure, rows: Sequence[Mapping]) -> None:
    """Write each system's name beside its mark, in the first place around it that is free."""
    axes = figure.axes[0]
    figure.draw_without_rendering()  # places the axes, without which nothing is known in pixels
    marks = axes.transData.transform([(row["ms"], row["AP"]) for row in rows])
    legend = axes.get_legend()
    taken = [Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in marks] + ([legend.get_window_extent()] if legend else [])
    for row in rows:
        tries = []
        for x, y, side in _PLACES:
            name = axes.annotate(row["system"], (row["ms"], row["AP"]), xytext=(x, y), textcoords="offset points",
                                 fontsize=7, ha=side, va="center")  # fmt: skip
            box = name.get_window_extent()
            outside = 0 if all(axes.bbox.contains(*corner) for corner in box.corners()) else len(taken)
            tries.append((outside + sum(box.overlaps(other) for other in taken), name, box))
        _, chosen, box = min(tries, key=lambda one: one[0])
        for _, name, _ in tries:
            if name is not chosen:
                name.remove()
        taken.append(box)
