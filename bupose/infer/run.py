"""A whole run: every picture of the input through the network, every result into the output folder."""

from __future__ import annotations

import sys
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch
from tqdm import tqdm

from bupose import viz, weights
from bupose.fields_file import write_fields
from bupose.infer import output
from bupose.infer.estimator import Estimator
from bupose.infer.media import Media, open_media
from bupose.infer.options import InferOptions, expand, given
from bupose.infer.records import Records
from bupose.infer.screen import Screen
from bupose.infer.stream import Estimate
from bupose.infer.video import VideoOutput

WRITERS = 2  # threads that draw and write
HOW_ONLY = ("output", "batch", "device", "threads", "compile", "resume", "show", "accept_license")  # not what is found


@dataclass
class Summary:
    """What a run did."""

    pictures: int = 0
    people: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        done = f"{self.pictures} pictures, {self.people} people, {self.failed} failed"
        skipped = f", {self.skipped} done before" if self.skipped else ""
        rate = self.pictures / self.seconds if self.seconds else 0
        return f"{done}{skipped}; {self.seconds:.1f} s, {rate:.1f} images/s"


def infer(options: InferOptions) -> Summary:
    """Find the people of all pictures of ``options.input``, and write what ``options`` ask for.

    Raises
    ------
    BuposeError
        There is no input, no network, or nothing can be written; single pictures that fail are told on stderr.
    KeyboardInterrupt
        After an interruption; a run over files can be resumed. A camera or stream ends well by one.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # we say ourselves what cannot be read
    folder = expand(options.output)
    media = open_media(options.input, exclude=folder)
    path = _resolve(options)
    estimator = _load(options, path, live=media.live)
    records = Records(folder, estimator.network.skeleton, _settings(options, path), options.resume and not media.videos)
    run = _Run(options, folder, media, records)
    try:
        run.go(estimator)
    except KeyboardInterrupt:
        if not media.videos:
            records.close()
            raise KeyboardInterrupt(f"after {run.summary.pictures} pictures; resume=true goes on from here") from None
        if not media.live:
            records.finish(options.json, options.csv)
            raise KeyboardInterrupt(f"after {run.summary.pictures} frames; their results are written") from None
    except BaseException:
        records.close()
        raise
    records.finish(options.json, options.csv)
    return run.summary


class _Run:
    def __init__(self, options: InferOptions, folder: Path, media: Media, records: Records):
        self.options, self.folder, self.media, self.records = options, folder, media, records
        self.summary = Summary(skipped=len(records.done))
        self._written: deque[tuple[Estimate, Future]] = deque()

    def go(self, estimator: Estimator) -> None:
        options, start = self.options, time.perf_counter()
        pictures = options.overlays or options.fields_pictures or options.show
        frames = (frame for frame in self.media if frame.name not in self.records.done)
        stream = estimator.stream(frames, keep_images=pictures, keep_fields=options.fields or options.fields_pictures)
        total = None if self.media.total is None else self.media.total - self.summary.skipped
        bar = tqdm(total=total, unit=" images", disable=None, dynamic_ncols=True)
        with (
            bar as self._bar,
            ThreadPoolExecutor(WRITERS, "bupose-write") as pool,
            VideoOutput(self.folder) as self._video,
            Screen(options.show) as screen,
        ):
            try:
                for estimate in stream:
                    self._written.append((estimate, pool.submit(self._write, estimate)))
                    while self._written and (self._written[0][1].done() or len(self._written) > 4 * WRITERS):
                        self._note(screen)
                    if screen.closed:
                        break
            finally:
                stream.close()
                while self._written:
                    self._note(screen)
                self.summary.seconds = time.perf_counter() - start

    def _write(self, estimate: Estimate):
        """In a writer's thread: the picture's own files; gives the overlay where others need it."""
        if estimate.problem is not None:
            return None
        options, frame, people = self.options, estimate.source, estimate.people
        if options.openpose:
            output.write_openpose(self._path("openpose", f"{frame.name}_keypoints", "json"), people)
        if options.fields:
            info = {"file_name": frame.file_name, "matrix": estimate.matrix}
            info |= {"image_width": estimate.size[0], "image_height": estimate.size[1]}
            path = self._path("fields", frame.name, "npz")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_fields(path, {frame.name: estimate.fields}, info={frame.name: info})
        if options.fields_pictures:
            picture = viz.fields_picture(estimate.fields, estimate.image, estimate.matrix)
            output.write_image(self._path("fields_pictures", frame.name, options.overlay_format), picture)
        overlay = None
        if options.overlays or options.show:
            overlay = viz.draw_people(estimate.image, people)
        if options.overlays and frame.image is None:
            output.write_image(self._path("overlays", frame.name, options.overlay_format), overlay)
        estimate.image = estimate.fields = None
        return overlay

    def _path(self, kind: str, name: str, suffix: str) -> Path:
        return self.folder / kind / f"{name}.{suffix}"

    def _note(self, screen: Screen) -> None:
        """Put the oldest picture on record, once its files are written."""
        estimate, written = self._written.popleft()
        frame = estimate.source
        image = {"id": frame.image_id, "file_name": frame.file_name, "name": frame.name}
        if frame.time is not None:
            image["time"] = round(frame.time, 4)
        overlay = written.result()
        if estimate.problem is not None:
            self.summary.failed += 1
            self.records.add_problem(image, str(estimate.problem))
            tqdm.write(f"{frame.file_name}: {estimate.problem}", file=sys.stderr)
        else:
            self.summary.pictures += 1
            self.summary.people += len(estimate.people)
            self.records.add({**image, "width": estimate.size[0], "height": estimate.size[1]}, estimate.people)
            if overlay is not None and frame.image is not None and self.options.overlays:
                self._video.add(frame, overlay)
            if overlay is not None:
                screen.show(overlay)
        self._bar.update()
        self._bar.set_postfix(people=self.summary.people, refresh=False)


def _resolve(options: InferOptions) -> Path:
    name = options.weights
    if name is not None and expand(name).is_file():
        name = expand(name)
    return weights.resolve(name, options.accept_license)


def _load(options: InferOptions, path: Path, live: bool) -> Estimator:
    if options.threads is not None:
        torch.set_num_threads(max(1, options.threads))
    chosen = options.for_estimator() | {"compile": options.compile}
    return Estimator(path, **chosen | ({"batch": 1} if live else {}))  # a camera's frames should not wait for others


def _settings(options: InferOptions, path: Path) -> dict:
    """What the results depend on."""
    values = {key: value for key, value in vars(options).items() if key not in (*HOW_ONLY, "decoder")}
    network = f"{path} of {path.stat().st_size} bytes, {path.stat().st_mtime_ns}"
    return {**values, "weights": network, **{f"decoder.{key}": value for key, value in given(options.decoder).items()}}
