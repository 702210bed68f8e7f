"""Draw the pictures of README and docs: docs_pictures.py [docs/images]

All people in them are drawn, but for the public-domain portrait that matplotlib carries. Charts of measured times come
from scripts/benchmark.py.
"""

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib.patches import Rectangle

from bupose import FieldCodec, Fields, load, samples, synthetic, track, viz
from bupose.images import read_image
from bupose.methods.paf.trace import FieldTrace
from bupose.predict import write_image
from bupose.skeletons import COCO18

SIZE, LIMB = (640, 368), "left_elbow-left_wrist"
HOUSE = {  # floors from the ground up, see tests/test_layers.py
    "values": ("skeletons", "people", "annotations", "maps"),
    "compiled code": ("kernels",),
    "methods": ("paf", "tags", "centre", "single", "regression", "yours"),
    "pictures": ("images", "media", "synthetic"),
    "videos, files": ("track", "exchange"),
    "parts": ("data", "nn", "viz"),
    "networks": ("weights", "runtimes"),
    "a photo's way": ("estimate", "predict", "bridges"),
    "what is made of it": ("evaluate", "export", "explore", "diagnose", "benchmark"),
    "training": ("train",),
    "commands": ("cli",),
}
TURNS = {"right": (1, 0), "down": (0, 1), "left": (-1, 0), "up": (0, -1)}


def draw_crowd(out: Path, noise: float = 0.05) -> None:
    """Twelve people, grouped from fields with noise, for which the thresholds are raised."""
    scene = synthetic.draw_scene(7, (960, 544), 12, COCO18, synthetic.SceneOptions(spread=2, height=(0.4, 0.75)))
    low = {"peak_threshold": 3 * noise, "paf_threshold": 3 * noise, "limb_threshold": 4 * noise}
    codec, rng = FieldCodec(COCO18).with_decoder(**low, min_person_score=0.3), np.random.default_rng(7)
    ideal = codec.encode(scene.labels, (960, 544))
    heat = np.clip(ideal.heat + noise * rng.standard_normal(ideal.heat.shape), 0, 1)
    fields = Fields(heat, ideal.paf + noise * rng.standard_normal(ideal.paf.shape), ideal.grid, COCO18)
    write_image(out / "people.jpg", viz.draw_people(scene.image, codec.decode(fields)))
    both = viz.fields_picture(fields, scene.image)
    write_image(out / "fields.jpg", cv2.resize(both, (1200, 338), interpolation=cv2.INTER_AREA))


def draw_steps(out: Path) -> None:
    """One scene from the photo to its people, on perfect fields."""
    scene = synthetic.draw_scene(11, SIZE, 4, COCO18, synthetic.SceneOptions(spread=3, height=(0.6, 0.8)))
    codec, photo = FieldCodec(COCO18), scene.image
    trace = codec.explain(codec.encode(scene.labels, SIZE))
    assert isinstance(trace, FieldTrace)
    heat, paf = viz.heatmap(trace.fields, None, photo), viz.paf_hue(trace.fields, None, photo)
    titles = ("photo", "heatmaps: where joints are", "part affinity fields: which way limbs point", "people")
    way = viz.panels(photo, heat, paf, viz.draw_people(photo, trace.people), titles=titles, columns=2)
    save(way, out / "way.jpg")
    save(viz.explain_targets(codec, scene.labels, SIZE, "left_shoulder-left_elbow"), out / "limb_field.png")
    save(viz.explain_peaks(trace, "left_elbow", photo), out / "peaks.jpg")
    save(viz.explain_limb(trace, LIMB, photo), out / "integral.jpg")
    save(viz.explain_matching(trace, LIMB, photo), out / "matching.jpg")
    save(viz.explain_assembly(trace, photo), out / "assembly.jpg")


def draw_wheel(out: Path) -> None:
    """The colours of all directions, with their names."""
    figure = viz.Plot(figsize=(2.6, 2.4), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(viz.color_wheel(240), extent=(-1, 1, 1, -1))
    for name, (x, y) in TURNS.items():
        axes.text(1.12 * x, 1.12 * y, name, ha=("center", "left", "right")[x], va=("center", "top", "bottom")[y])
    axes.set(xlim=(-1.6, 1.6), ylim=(1.35, -1.35))
    axes.set_axis_off()
    save(figure, out / "wheel.png")


def draw_house(out: Path) -> None:
    """The rooms of the package: each uses those below it."""
    figure = viz.Plot(figsize=(8, 4.6), layout="constrained")
    axes = figure.add_subplot()
    for level, (floor, rooms) in enumerate(HOUSE.items()):
        width = 1 / len(rooms)
        axes.text(-0.02, level + 0.4, floor, ha="right", va="center", color="dimgray")
        for n, room in enumerate(rooms):
            color = "tab:orange" if floor == "methods" else "tab:blue"
            axes.add_patch(Rectangle((n * width + 0.004, level), width - 0.008, 0.8, color=color, alpha=0.25))
            axes.text((n + 0.5) * width, level + 0.4, room, ha="center", va="center")
    axes.set(xlim=(-0.25, 1), ylim=(-0.1, len(HOUSE)))
    axes.set_axis_off()
    save(figure, out / "house.png")


def draw_found(out: Path) -> None:
    """What the network that comes along finds in a drawn crowd and in a portrait."""
    estimator, pictures = load(), []
    for photo in (samples.draw_crowd().image, read_image(samples.find_portrait() or "")):
        drawn = viz.draw_people(photo, estimator(photo))
        width = round(drawn.shape[1] * 480 / drawn.shape[0])
        pictures.append(cv2.resize(drawn, (width, 480), interpolation=cv2.INTER_AREA))
    write_image(out / "default_network.jpg", np.hstack(pictures))


def draw_video(out: Path) -> None:
    """Drawn people who cross, with their ids and ways; and one wrist over time, as found and in the end."""
    scene = synthetic.SceneOptions(places=("street",), height=(0.5, 0.7), props=(0, 0))
    options = synthetic.DrawnVideoOptions(people=4, size=(640, 360), seed=28, skeleton="coco18", scene=scene)
    video, estimator, tracker, trails = synthetic.DrawnVideo(options), load(), track.Tracker(), viz.Trails(1.0)
    frames = [video.frame(3 + n / 15) for n in range(90)]
    live = [(frame.time, tracker.update(estimator(frame.image), frame.time)) for frame in frames]
    done, pictures = list(track.finish(lambda: iter(live))), []
    for frame, (time, people) in zip(frames, done, strict=True):
        pictures.append(viz.draw_overlay(frame.image, people, trails=trails.update(people, time)))
    shown = (20, 33, 50)
    save(viz.panels(*[pictures[n] for n in shown], titles=[f"{done[n][0]:.1f} s" for n in shown]), out / "video.jpg")
    wrist = [(time, people[people.ids == 1]) for time, people in done]
    times = np.array([time for time, people in wrist if len(people)])
    rows = [people for _, people in wrist if len(people)]
    xy, k = np.concatenate([people["left_wrist"] for people in rows]), COCO18.index["left_wrist"]
    found = np.concatenate([people.data["raw_xy"][:, k] for people in rows])
    filled = np.concatenate([people.data["interpolated"][:, k] for people in rows])
    save(viz.joint_over_time(times, xy[:, :2], xy[:, 2], found, filled, "left wrist of person 1"), out / "wrist.png")


def save(figure: viz.Plot, path: Path) -> None:
    quality: dict[str, Any] = {"pil_kwargs": {"quality": 85}} if path.suffix == ".jpg" else {}
    figure.savefig(path, dpi=100, facecolor="white", **quality)


if __name__ == "__main__":
    for draw in (draw_crowd, draw_steps, draw_wheel, draw_house, draw_found, draw_video):
        draw(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))
