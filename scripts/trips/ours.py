"""The round trips' steps in bupose's environment: write, read what the laboratories' packages wrote, train on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from compared import Compared, run

from bupose import People, Skeleton
from bupose.annotations import read
from bupose.data import open_samples
from bupose.exchange import Individuals, Recording, angles_of, measure_angles, read_recordings, write_recordings
from bupose.predict import write_image, write_openpose
from bupose.skeletons import BODY25, COCO17
from bupose.synthetic import draw_creature

NAMES = ("snout", "leftear", "rightear", "mid-back", "TailBase")  # as a project may spell them
MOUSE = Skeleton(
    "mouse",
    ("snout", "left_ear", "right_ear", "mid_back", "tail_base"),
    [["snout", "left_ear"], ["snout", "right_ear"], ["snout", "mid_back"], ["mid_back", "tail_base"]],  # type: ignore[arg-type]
    spelling=[["left_ear", "leftear"], ["right_ear", "rightear"], ["mid_back", "mid-back"], ["tail_base", "TailBase"]],  # type: ignore[arg-type]
)
SIZE, PICTURES = (320, 240), 40
QUICK = (
    "trainer.minutes=1", "trainer.clock=processor", "trainer.workers=0", "trainer.size=[160,160]",
    "trainer.validation_height=160", "trainer.validation_limit=8", "augment.picture_scale=[0.8,1.2]",
    "choose_score=false", "logger.pictures=0",
)  # fmt: skip


def invent(name: str, skeleton: Skeleton, rng: np.random.Generator) -> Recording:
    """Three individuals who come and go in twenty frames, with joints absent."""
    people = []
    for _ in range(20):
        ids = [i for i in (0, 1, 4) if rng.uniform() < 0.8]
        there = rng.uniform(size=(len(ids), len(skeleton.joints))) < 0.8
        there[:, 0] = True
        xy = np.where(there[..., None], rng.uniform(0, 300, (*there.shape, 2)), np.nan)
        score = np.where(there, rng.uniform(0.1, 1, there.shape), 0)
        people.append(People(xy, score, np.sort(rng.uniform(0.1, 1, len(ids)))[::-1], skeleton, ids=np.array(ids)))
    numbers = np.arange(20)
    return Recording(name, skeleton, numbers, numbers / 25, people, (640, 480), video=f"{name}.mp4")


def keep(recording: Recording, folder: Path) -> None:
    """The truth as arrays, for environments without bupose."""
    found = Individuals.of(recording)
    skeleton = recording.skeleton
    more: dict[str, Any] = {}
    if skeleton == COCO17:
        angles = angles_of(skeleton)
        degrees = [measure_angles(xy.astype(float), skeleton, angles) for xy in found.xy.swapaxes(0, 1)]
        more = {"degrees": np.array(degrees), "angles": np.array([angle.name for angle in angles])}
    arrays: dict[str, Any] = {"xy": found.xy, "score": found.score, "ids": found.ids, "times": recording.seconds(25)}
    np.savez(folder / "truth.npz", names=np.array(skeleton.file_names), **arrays, **more)


def write(folder: Path, compared: Compared) -> None:
    """Files of every format, drawn pictures with labels for the laboratories' packages to lay out, and the example that
    docs/sports.md has for movement."""
    page = (Path(__file__).parents[2] / "docs" / "sports.md").read_text(encoding="utf-8")
    (folder / "example.py").write_text(page.partition("## movement")[2].split("```")[1].removeprefix("text\n"))
    rng = np.random.default_rng(0)
    for name, skeleton in (("walk", COCO17), ("mice", MOUSE)):
        recording = invent(name, skeleton, rng)
        for form in ("dlc", "sleap", "nwb", *(["trc", "mot"] if name == "walk" else [])):
            write_recordings([recording], form, folder / name)
        keep(recording, folder / name)
        for number, people in zip(recording.numbers, recording.people, strict=True):
            write_openpose(folder / name / "json" / f"{name}_{number:012d}_keypoints.json", people, BODY25)
    labels = np.full((PICTURES, 3, len(NAMES), 2), np.nan)
    for n in range(PICTURES):
        drawn = draw_creature(n, SIZE, 3, MOUSE)
        write_image(folder / "drawn" / f"img{n:03d}.png", drawn.image)
        shuffled = rng.permutation(len(drawn.labels))
        labels[n, : len(shuffled)] = drawn.labels.xy[shuffled].round(2)
    labels[rng.uniform(size=labels.shape[:3]) < 0.1] = np.nan
    np.savez(folder / "drawn" / "truth.npz", xy=labels, names=np.array(NAMES))


def read_theirs(folder: Path, compared: Compared) -> None:
    """Labels and predictions that the laboratories' packages wrote."""
    truth = np.load(folder / "drawn" / "truth.npz")
    for what, kind, place in (
        ("DeepLabCut's CSV of labels", "dlc", "dlc_csv"),
        ("DeepLabCut's H5 of labels", "dlc", "dlc_h5"),
        ("SLEAP's .slp of labels", "sleap", "labels.slp"),
        ("SLEAP's .pkg.slp of labels", "sleap", "labels.pkg.slp"),
    ):
        skeleton, _ = read(folder / place, kind).skeleton()
        compared.names(f"bupose reads {what}", skeleton.file_names, truth["names"])
        samples = open_samples(kind, {"annotations": str(folder / place)} | _frames(kind, folder, place))
        got = np.full(truth["xy"].shape, np.nan)
        for n in range(len(samples)):
            labels = samples[n].labels
            got[n, : len(labels)] = np.where(labels.present[..., None], labels.xy, np.nan)
        compared.arrays(f"bupose reads {what}", got, truth["xy"], 1e-4)
        colours = [float(np.abs(samples[n].image.astype(int).mean((0, 1)) - mean).max()) for n, mean in _means(folder)]
        compared.arrays(f"bupose reads {what}: mean colours", np.array(colours), np.zeros(len(colours)), 3.0, "of 255")
    for place in ("found.slp", "found.analysis.h5", "found_standard.analysis.h5", "found.nwb"):
        what = f"bupose reads {place.partition('.')[2]} of sleap-io's" + " (standard axes)" * ("standard" in place)
        recordings = read_recordings(folder / place)
        found = [Individuals.of(one) for one in recordings]
        theirs = np.load(folder / "found.npz")
        xy, score = (np.full_like(theirs[key], np.nan) for key in ("xy", "score"))
        order = np.arange(len(theirs["names"]))
        if place.endswith(".nwb"):  # one recording an individual, without frames where it is absent, joints by name
            order = np.argsort(theirs["names"])
            for n, (one, recording) in enumerate(zip(found, recordings, strict=True)):
                frames = recording.times.round().astype(int)  # sleap-io's default is a frame per second
                xy[frames, n], score[frames, n] = one.xy[:, 0], one.score[:, 0]
        else:
            xy, score = found[0].xy[: len(xy)], found[0].score[: len(xy)]  # of all frames of the video
        compared.names(what, recordings[0].skeleton.file_names, theirs["names"][order])
        compared.arrays(what, xy, theirs["xy"][:, :, order], 1e-4)
        compared.arrays(f"{what}: scores", score, theirs["score"][:, :, order], 1e-6, "")


def _frames(kind: str, folder: Path, place: str) -> dict[str, str]:
    """Where frames of SLEAP's videos are stored."""
    return {"images": str(folder / "frames" / place)} if kind == "sleap" else {}


def _means(folder: Path) -> list[tuple[int, np.ndarray]]:
    from bupose.images import read_image

    return [(n, read_image(folder / "drawn" / f"img{n:03d}.png").mean((0, 1))) for n in range(0, PICTURES, 10)]


def train(folder: Path, compared: Compared) -> None:
    """A minute of training on each, and the network's own people in a video of theirs."""
    for kind, place in (("dlc", "dlc_csv"), ("sleap", "labels.pkg.slp")):
        net, out = folder / f"net_{kind}", folder / f"people_{kind}"
        here = [f"data={kind}", f"data.annotations={folder / place}"]
        here += [f"data.{key}={value}" for key, value in _frames(kind, folder, place).items()]
        _bupose("train", "experiment=finetune", *here, *QUICK, f"output={net}")
        _bupose("infer", str(folder / "clip.mp4"), f"weights={net / 'best.safetensors'}", f"output={out}",
                "tracking=off", "also=[dlc,sleap,nwb]", "overlays=false", "decoder.min_person_score=0.05")  # fmt: skip
        # nobody is followed: each frame is another picture
        (recording,) = read_recordings(out)
        compared.names(f"trained on {kind}: names of joints", recording.skeleton.file_names, NAMES)
        found = out / "all"
        write_recordings([recording], "dlc", found)
        write_recordings([recording], "sleap", found)
        keep(recording, found)


def _bupose(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "bupose", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"bupose {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-800:]}")


if __name__ == "__main__":
    run({"write": write, "read": read_theirs, "train": train})
