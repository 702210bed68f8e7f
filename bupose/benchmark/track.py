"""Following people: time a frame, and who is who in drawn videos and in annotated ones, beside greedy box tracking."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bupose.benchmark.crowd import standing
from bupose.estimate import Estimator
from bupose.evaluate.tracking import (
    Scene,
    box_overlap,
    count_clear,
    count_identity,
    evaluate_tracks,
    read_truth,
)
from bupose.evaluate.tracking.network import follow
from bupose.people import People
from bupose.skeletons import COCO17
from bupose.synthetic import DrawnVideo, DrawnVideoOptions
from bupose.track import Tracker, finish

Frames = Sequence[tuple[float, People]]

VIDEOS = {"vtest.avi": "vtest_gt_first400.txt", "TUD-Campus.mp4": "TUD-Campus_gt.txt"}


def update_times(crowds: Sequence[int] = (5, 30, 100), frames: int = 200) -> list[dict]:
    """A row for each number of people who walk to and fro: milliseconds of CPU a frame, median and 95 %."""
    rows = []
    for people in crowds:
        rng = np.random.default_rng(people)
        side = 110 * np.sqrt(people)
        start, swing = rng.uniform(0, side, (people, 1, 2)), rng.uniform(-100, 100, (people, 1, 2))
        tracker, spent = Tracker(), []
        for n in range(frames):
            xy = (
                standing(COCO17) * 120 + start + swing * np.sin(n / 25 + start / 50) + rng.normal(0, 2, (people, 17, 2))
            )
            found = People(xy, np.full((people, 17), 0.5), np.full(people, 0.5), COCO17)
            begin = time.process_time()
            tracker.update(found, n / 25)
            spent.append(1000 * (time.process_time() - begin))
        rows.append({"people": people, "ms a frame": float(np.median(spent)), "95 %": float(np.quantile(spent, 0.95))})
    return rows


def in_crossings(crowds: Sequence[int] = (5, 10, 30), seconds: float = 20.0, seeds: int = 2) -> list[dict]:
    """A row for each number of people in drawn videos, and each way to follow them.

    What a detector would find is made of the truth: hidden joints are missed, others are off by a twentieth of a body
    size, a person in twenty is missed, and scores fall with the share of hidden joints. Who leaves does not return.
    """
    rows = []
    for people in crowds:
        scenes: dict[str, list[Scene]] = {name: [] for name in WAYS}
        for seed in range(seeds):
            video = DrawnVideo(DrawnVideoOptions(people=people, seed=seed, visits=1))
            truth = [(t, video.labels(t)) for t in np.arange(0, seconds, 1 / video.options.rate).tolist()]
            rng = np.random.default_rng(seed)
            found = [(t, _detect(labels.to_people(), labels.visibility, rng)) for t, labels in truth]
            for name, way in WAYS.items():
                here = [(np.asarray(labels.ids), labels.box) for _, labels in truth]
                scenes[name].append(_scene(here, way(found)))
        for name, those in scenes.items():
            clear = [count_clear(scene) for scene in those]
            identity = [count_identity(scene) for scene in those]
            whole, who = sum(clear[1:], clear[0]), sum(identity[1:], identity[0])
            rows.append(
                {"people": people, "way": name, "IDF1": who.idf1, "switches": whole.switches, "MOTA": whole.mota}
            )
    return rows


def on_videos(network: Any, folder: Path, ways: dict[str, dict[str, Any]]) -> list[dict]:
    """A row for each annotated video in ``folder`` and each way to run the network: boxes of joints, IoU 0.5."""
    rows = []
    for video, boxes in VIDEOS.items():
        truth = read_truth(folder / boxes)
        for name, options in ways.items():
            found = follow(Estimator(network, **options), truth, folder / video)
            scores = evaluate_tracks(found.people, truth).metrics
            keys = ("MOTA", "IDF1", "HOTA", "switches", "missed", "false")
            rows.append({"video": video, "way": name, **{key: scores[key] for key in keys}})
    return rows


def _detect(people: People, visibility: np.ndarray, rng: np.random.Generator) -> People:
    seen = visibility == 2
    kept = (seen.sum(1) >= 3) & (rng.random(len(people)) > 0.05)
    size = np.sqrt(people.boxes()[:, 2:].prod(1))[:, None, None]
    xy = np.where(seen[..., None], people.xy + rng.normal(0, 0.05 / 2, people.xy.shape) * size, np.nan)
    score = np.where(seen, 0.6, 0)
    return People(xy, score, 0.6 * np.sqrt(seen.mean(1)), people.skeleton)[kept]


def _scene(truth: Sequence[tuple[np.ndarray, np.ndarray]], found: Frames) -> Scene:
    ids, alike = [], []
    for (_, box), (_, people) in zip(truth, found, strict=True):
        who = np.full(len(people), -1) if people.ids is None else people.ids
        ids.append(who[who >= 0])
        alike.append(box_overlap(box, people[who >= 0].boxes()))
    return Scene([one for one, _ in truth], ids, alike)


def _live(frames: Frames) -> Frames:
    tracker = Tracker()
    return [(t, tracker.update(people, t)) for t, people in frames]


def _offline(frames: Frames) -> Frames:
    live = _live(frames)
    return list(finish(lambda: iter(live)))


def greedy_boxes(frames: Frames, sure: float = 0.3, least: float = 0.2, patience: int = 30) -> Frames:
    """ByteTrack's two rounds with greedy matching: boxes that move at constant velocity, by their overlap.

    Zhang et al. 2022; people below ``sure`` come second and only continue tracks, which wait ``patience`` frames.
    """
    tracks: list[dict] = []
    count, out = 0, []
    for t, people in frames:
        boxes, ids = people.boxes().astype(float), np.full(len(people), -1)
        for track in tracks:
            track["box"] = track["box"] + track["speed"]
        for these in (people.person_score >= sure, people.person_score < sure):
            free = [track for track in tracks if track["seen"] != t]
            rows = np.flatnonzero(these)
            overlap = box_overlap(np.reshape([track["box"] for track in free], (-1, 4)), boxes[rows])
            while overlap.size and overlap.max() >= least:
                a, b = np.unravel_index(overlap.argmax(), overlap.shape)
                track, box = free[a], boxes[rows[b]]
                track["speed"] = track["speed"] + 0.3 * (box - track["box"]) * [1, 1, 0, 0]
                track |= {"box": box, "seen": t, "age": 0}
                ids[rows[b]] = track["id"]
                overlap[a], overlap[:, b] = -1, -1
        for n in np.flatnonzero((ids < 0) & (people.person_score >= sure)):
            tracks.append({"id": count, "box": boxes[n], "speed": np.zeros(4), "seen": t, "age": 0})
            ids[n], count = count, count + 1
        for track in tracks:
            track["age"] += track["seen"] != t
        tracks = [track for track in tracks if track["age"] <= patience]
        out.append((t, People(people.xy, people.score, people.person_score, people.skeleton, ids=ids)))
    return out


WAYS: dict[str, Callable[[Frames], Frames]] = {"greedy boxes": greedy_boxes, "live": _live, "whole video": _offline}
