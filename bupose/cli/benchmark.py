"""Measure speed, AP: bupose benchmark [part=all|grouping|network|shipped|command|refine|steady|tiles|track]
[shared=../shared] [photos=40] [plots=docs/images]

Photos, labels and the published network come from ``shared``. part=systems networks=runs/bench compares the networks of
bupose train -m experiment=bench, or of another sweep, part=scale photos=20000 the plain command and engine=ray. Measure
times on an idle machine.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from bupose import weights
from bupose.atomic import replacing
from bupose.benchmark import closer, command, grouping, mosaic, network, shipped, steady, systems, track
from bupose.benchmark.table import markdown
from bupose.cli.pairs import HELP, split_pairs, whole_number
from bupose.errors import OptionsError
from bupose.estimate import load
from bupose.paths import expand
from bupose.weights import import_weights
from bupose.wording import counted


def report(title: str, rows: list[dict], plot: str = "", draw=None) -> None:
    print(f"\n{title}:\n{markdown(rows)}", flush=True)
    if plot and draw:
        with replacing(plot, ".png") as path:
            draw(rows).savefig(path)


def measure_grouping(shared: Path, photos: int, plots: str) -> None:
    coco = shared / "data" / "coco"
    fields, labels = coco / "fields_val.npz", coco / "val.json"
    if coco.is_dir():
        report("On a real network's fields, height 368, one thread", grouping.on_network_fields(fields, labels))
        report("The same beside what the annotations would make of it", grouping.beside_truth(fields, labels))
        report("On ideal stride-8 fields, four or more people, height 368", grouping.on_ideal_fields(labels))
    growth = plots and f"{plots}/growth.png"
    crowds = [row for kind in grouping.CROWDS for row in grouping.in_crowds(kind)]
    report("In growing crowds, one thread", crowds, growth, grouping.plot_growth)
    report("First decoding in a fresh process, beyond imports", grouping.first_decode())


def measure_network(shared: Path, photos: int, plots: str) -> None:
    ir = shared / "weights" / "human-pose-estimation-0001" / "human-pose-estimation-0001.xml"
    files, threads = sorted((shared / "data" / "coco" / "val").glob("*.jpg"))[:photos], torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        ways = network.runtimes(import_weights(ir), Path(folder), shared / "data" / "coco" / "train")
        report("The same network, pictures a second", network.beside_openvino(ways, ir, files))
        bare = [row for way in ways for row in network.beside_bare(way, files, Path(folder))]
        report("What all else adds to the bare network, batched, height 368", bare)
        steps = network.by_steps(ways, files, Path(folder), threads=sorted({1, threads}))
        report("ms a photo, step by step", steps, plots and f"{plots}/speed.png", network.plot_steps)


def measure_shipped(shared: Path, photos: int, plots: str) -> None:
    ir = shared / "weights" / "human-pose-estimation-0001" / "human-pose-estimation-0001.xml"
    files = sorted((shared / "data" / "coco" / "val").glob("*.jpg"))[:photos]
    title = f"ms a picture of the network alone, {counted(torch.get_num_threads(), 'thread')}"
    published = import_weights(ir)
    ways = [network.Runtime("as it comes", weights.resolve(), "auto")]
    ways += [network.Runtime(f"runtime={name}", weights.resolve(), "auto", name) for name in ("onnx", "torch")]
    report(title, shipped.beside_published(ways, published, ir, files))
    with tempfile.TemporaryDirectory() as folder:  # apart: beside seven other networks torch's takes half as long again
        ways = network.runtimes(weights.load(weights.resolve()), Path(folder), shared / "data" / "coco" / "train")
        report(f"{title}, by runtime and precision", shipped.beside_published(ways, published, ir, files))


def measure_command(shared: Path, photos: int, plots: str) -> None:
    photo = sorted((shared / "data" / "coco" / "val").glob("*.jpg"))[0]
    report("Seconds of the whole command, and of processor time by phase", command.by_phase(photo))


def measure_refine(shared: Path, photos: int, plots: str) -> None:
    coco = shared / "data" / "coco"
    rows = closer.beside_other_ways(weights.resolve(), coco / "val.json", coco / "val")
    report("A second look at small people, beside other ways; pixels and time in times of the plain pass", rows)


def measure_steady(shared: Path, photos: int, plots: str) -> None:
    title = "Joints of drawn people, 25 frames a second, errors as shares of those of joints as found"
    report(f"{title}: what the shipped network finds", steady.compare(steady.seen_by(load(), steady.SHOWN)))
    report(f"{title}: the truth with noise", steady.compare(steady.seen_with_noise(steady.SHOWN)))


def measure_scale(photos: int) -> None:
    from bupose.benchmark import scale  # which needs Ray

    with tempfile.TemporaryDirectory() as folder:
        rows = scale.beside_plain(Path(folder), photos)
    report("Small drawn pictures, in turns by the plain command and by engine=ray on this machine", rows)


def measure_tiles(shared: Path, photos: int, plots: str) -> None:
    files = sorted((shared / "data" / "coco" / "val").glob("*.jpg"))
    with tempfile.TemporaryDirectory() as folder:
        rows = mosaic.in_one_photo(weights.resolve(), files, Path(folder))
    report("People of photos found again in one photo made of them, tiles=auto", rows)


def measure_track(shared: Path, photos: int, plots: str) -> None:
    report("Following people, one thread", track.update_times())
    report("Who is who in drawn videos, by the people on the way", track.in_crossings())
    videos = shared / "data" / "video"
    if videos.is_dir():
        ways = {"as it comes": {}, "refine=false": {"refine": False}}
        report("Who is who in annotated videos, boxes of joints", track.on_videos(weights.resolve(), videos, ways))


PARTS = {
    "grouping": measure_grouping, "network": measure_network, "shipped": measure_shipped, "command": measure_command,
    "refine": measure_refine, "steady": measure_steady, "tiles": measure_tiles, "track": measure_track,
}  # fmt: skip


def measure_systems(networks: Path, photos: int, plots: str) -> None:
    for kind, rows in systems.compare(systems.find_runs(networks), photos).items():
        plot = plots and f"{plots}/bench_{kind}.png"
        report(f"The field's systems on {kind} data", rows, plot, systems.plot_systems)


def run(arguments: list[str]) -> int:
    if HELP & set(arguments):
        print(__doc__)
        return 0
    pairs, others = split_pairs(arguments, ("part", "shared", "photos", "plots", "networks"))
    part = pairs.get("part", "all")
    if others or part not in (*PARTS, "all", "scale", "systems"):
        got = f"part is {part!r}" if not others else f"{others[0]!r} is no option"
        raise OptionsError(f"{got}; give part= one of all, scale, systems, {', '.join(PARTS)}")
    shared, photos = expand(pairs.get("shared", "../shared")), whole_number(pairs, "photos", 40)
    plots = str(expand(pairs["plots"])) if pairs.get("plots") else ""
    if part == "systems":
        measure_systems(expand(pairs.get("networks", "runs/bench")), photos, plots)
        return 0
    if part == "scale":
        measure_scale(photos)
        return 0
    for name in PARTS if part == "all" else (part,):
        PARTS[name](shared, photos, plots)
    return 0
