"""An inference run: from input pictures to result files."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm import tqdm

from bupose import kernels, viz, weights
from bupose.errors import DiskError, OptionsError
from bupose.estimate.estimator import Estimator
from bupose.estimate.key_frames import FARTHEST, is_key
from bupose.estimate.stream import Estimate, Failure
from bupose.exchange.coco_results import describe_joints
from bupose.exchange.options import WRITABLE
from bupose.folder import OF_PICTURES, OutputFolder, open_output
from bupose.images import Clip, Video
from bupose.images.files import name_once
from bupose.media.file_names import file_number, printable
from bupose.media.passed_over import PassedOver
from bupose.media.sources import Frame, Media, open_media
from bupose.options import check_needs
from bupose.paths import expand
from bupose.predict.entries import video_name
from bupose.predict.following import Follower
from bupose.predict.further import Further
from bupose.predict.options import OF_VIDEOS, InferOptions, flat_settings
from bupose.predict.picture_files import PictureFiles
from bupose.predict.records import Records
from bupose.predict.results import WRITERS, Results
from bupose.predict.screen import Screen
from bupose.predict.video_output import VideoOutput
from bupose.wording import counted

# Options that do not change the people found.
HOW_ONLY = (
    "output", "batch", "device", "runtime", "threads", "compile", "resume", "overwrite", "show", "accept_license",
)  # fmt: skip
RESULTS = ("coco_results.json", "images.json", "people.csv", "tables", *WRITABLE, *OF_PICTURES)


@dataclass
class Summary:
    """Summary of a run, with its output folder."""

    folder: Path = Path()
    pictures: int = 0
    people: int = 0
    failed: int = 0
    unwritten: int = 0  # further formats
    skipped: int = 0
    ids: int = 0
    seconds: float = 0.0
    kept: bool = False  # nothing could be read, so earlier results are kept
    passed_over: PassedOver = field(default_factory=PassedOver)

    def __str__(self) -> str:
        people = counted(self.people, "person") + (f" ({counted(self.ids, 'id')})" if self.ids else "")
        done = f"{counted(self.pictures, 'picture')}, {people}, {self.failed} failed"
        done += f", {counted(self.unwritten, 'format')} not written" if self.unwritten else ""
        skipped = f", {self.skipped} done before" if self.skipped else ""
        rate = self.pictures / self.seconds if self.seconds else 0
        return f"{done}{skipped}; {self.seconds:.1f} s, {rate:.1f} images/s"


def infer(options: InferOptions) -> Summary:
    """Find the people in all pictures of ``options.input``, and write the results.

    Raises
    ------
    BuposeError
        There is no input, no network, or nothing can be written; failures of single pictures are reported on stderr.
    KeyboardInterrupt
        After an interruption; a run over files can be resumed. For a camera or stream it is the normal end.
    """
    exclude = [] if options.output is None else [expand(options.output)]
    excluded = [folder / kind for folder in exclude for kind in ("", *OF_PICTURES)]
    clip = Clip(options.start, options.end, options.every)
    media = open_media(options.input, excluded, options.max_pixels, clip, options.threads)
    if not media.live and not media.videos:
        check_needs(options, OF_VIDEOS)
    if media.live and options.resume:
        raise OptionsError("a camera or stream cannot be resumed; leave out resume=true")
    path = weights.resolve(options.weights, options.accept_license)
    if not kernels.compile_apart():
        kernels.load_ahead()
    settings = _settings(options, path)
    output = open_output(
        options.output, "out", settings, results=RESULTS, overwrite=options.overwrite, resume=options.resume
    )
    files = [one.source if isinstance(one, Video) else one for one, _ in media.sources]
    output.check_apart((file for file in files if isinstance(file, Path)), OF_PICTURES)
    with output:
        estimator = _load(options, path, live=media.live)
        videos = len(media.videos)
        further = Further(options.also, options.write, estimator.network.skeleton)
        further.rehearse(pictures=videos < len(media.sources), videos=videos > 0)
        try:
            return _run(options, media, estimator, output)
        except DiskError as problem:
            told = str(problem).partition(";")[0]
            raise DiskError(f"{told}; what is finished is kept: make room, and go on with resume=true") from None


def _run(options: InferOptions, media: Media, estimator: Estimator, output: OutputFolder) -> Summary:
    """Run, and put the results so far in place."""
    numbers = {n for _, file_name in media.sources if (n := file_number(file_name)) is not None}
    skeleton = estimator.network.skeleton
    records = Records(output.path, skeleton, output.settings, options.resume, options.overwrite, numbers)
    run, interrupted = _Run(options, output.path, media, records), None
    again = "resume=true goes on from here"
    try:
        try:
            run.go(estimator)
        except KeyboardInterrupt as stop:
            if not media.videos:
                stop.args = (f"after {counted(run.summary.pictures, 'picture')}; {again}",)
                raise
            done = f"after {counted(run.summary.pictures, 'frame')}; their results are written"
            stop.args = (done if media.live else f"{done}; {again}",)
            interrupted = stop
        if records.empty and output.occupied:
            run.summary.kept = True
        else:
            results = Results(records, options, estimator.category, run.tell, estimator.threads, run.films)
            begun = time.perf_counter()
            people, run.summary.ids, problems = results.write()
            for problem in problems:
                run.say(problem)
            run.summary.unwritten = len(problems)
            run.summary.people += people
            run.summary.seconds += time.perf_counter() - begun
            joints = describe_joints(skeleton, estimator.category)
            output.finish({"passed_over": run.summary.passed_over.to_dict(), "joints": joints})
        if interrupted is None or media.live:
            records.remove()
    finally:
        records.close()
    if interrupted is not None:
        raise interrupted
    return run.summary


class _Run:
    def __init__(self, options: InferOptions, folder: Path, media: Media, records: Records):
        self.options, self.folder, self.media, self.records = options, folder, media, records
        self.summary = Summary(folder, passed_over=media.passed_over)
        self.films: dict[str, Video] = {}  # video files, by the names of their results
        self._followed = ""  # the video that is followed at once
        self._written: deque[tuple[Estimate | Failure, Future]] = deque()
        self._told: set[str] = set()

    def go(self, estimator: Estimator) -> None:
        options, start = self.options, time.perf_counter()
        how = {"target": estimator.codec.target, "decoder": estimator.decoder, "category": estimator.category}
        self._files = PictureFiles(options, self.folder, {key: dataclasses.asdict(one) for key, one in how.items()})
        at_once = self.media.live or len(self.media.videos) < len(self.media.sources)  # else drawn in the end
        pictures = (options.overlays and at_once) or options.fields_pictures or options.show
        stream = estimator.stream(
            self._frames(),
            keep_images=pictures,
            keep_fields=options.fields or options.fields_pictures,
            in_order=bool(self.media.videos) or options.show or options.compile,
            look_every=options.look_every,
        )
        total = None if self.media.total is None else max(0, self.media.total - self.records.count_before)
        bar = tqdm(total=total, unit=" images", disable=None, dynamic_ncols=True)
        with (
            bar as self._bar,
            ThreadPoolExecutor(WRITERS, "bupose-write") as pool,
            VideoOutput(self.folder, self.tell, estimator.threads) as self._video,
            Screen(options.show) as screen,
        ):
            try:
                for estimate in stream:
                    self._written.append(self._start_writing(pool, estimate))
                    while self._written and (self._written[0][1].done() or len(self._written) > 4 * WRITERS):
                        self._note(screen)
                    if screen.closed:
                        break
                else:
                    self._note_all(screen)
            finally:
                stream.close()
                self._written += [self._start_writing(pool, estimate) for estimate in stream.drain()]
                self._note_all(screen)
                self.summary.seconds = time.perf_counter() - start

    def _frames(self) -> Iterator[Frame]:
        """Frames without a result yet, and before carried ones those that they are carried from."""
        every, group = self.options.look_every, deque[Frame]()  # with results: the last that was looked at, and after
        for frame in map(self.records.settle, self.media):
            if frame.video is not None and not frame.video.live:
                self.films[video_name(frame)] = frame.video
            if is_key(frame, every) or (group and group[0].video is not frame.video):
                group.clear()
            if self.records.has(frame):
                self.summary.skipped += 1
                if every > 1 and len(group) <= FARTHEST:
                    group.append(frame)
                continue
            self.summary.skipped -= len(group)
            while group:
                yield group.popleft()
            yield frame

    def _start_writing(self, pool: Executor, estimate: Estimate | Failure) -> tuple[Estimate | Failure, Future]:
        """Start writing a picture's own files; returns the estimate without what only they need."""
        if isinstance(estimate, Failure) or estimate.carried:
            return estimate, pool.submit(lambda: (None, ""))
        estimate, trails = self._follow(estimate)
        written = pool.submit(self._files.write, estimate, trails)
        return replace(estimate, image=None, look=None), written

    def _follow(self, estimate: Estimate) -> tuple[Estimate, list[viz.Trail]]:
        """With ids, and trails to be drawn, if it is drawn at once and not from the whole video."""
        frame, options = estimate.source, self.options
        if frame.video is None or options.tracking == "off" or not (frame.video.live or options.show):
            return estimate, []
        if video_name(frame) != self._followed:
            self._followed = video_name(frame)
            self._follower, self._trails = Follower(options.track), viz.Trails(options.overlay.trail)
        time, people = self._follower.update_live(frame.index, frame.time, estimate.people)
        return replace(estimate, people=people), self._trails.update(people, time)

    def _note_all(self, screen: Screen) -> None:
        """Record finished pictures, even if others failed."""
        failure = None
        while self._written:
            try:
                self._note(screen)
            except DiskError as problem:
                failure = problem
        if failure is not None:
            raise failure

    def _note(self, screen: Screen) -> None:
        """Record the oldest picture, once its files are written."""
        estimate, written = self._written.popleft()
        frame = estimate.source
        overlay, problem = written.result()
        if overlay is not None and frame.video is not None and frame.video.live and self.options.overlays:
            self._video.add(frame, overlay)
        size = people = None
        carried = isinstance(estimate, Estimate) and estimate.carried
        if isinstance(estimate, Failure):
            problem = str(estimate.problem)
        else:
            size, people = estimate.size, estimate.people
            self.summary.people += len(people) * (frame.video is None or frame.video.live)
        self.summary.pictures += not problem
        self.records.add(frame, size, people, problem, carried)
        if problem:
            self.tell(name_once(frame.file_name, problem))
        if overlay is not None:
            screen.show(overlay)
        self._bar.update()
        self._bar.set_postfix(people=self.summary.people, refresh=False)

    def tell(self, problem: str) -> None:
        """Report a picture's problem, which does not stop the run."""
        self.summary.failed += 1
        self.say(problem)

    def say(self, problem: str) -> None:
        """Print a problem on stderr, once."""
        if problem not in self._told:
            self._told.add(problem)
            tqdm.write(printable(problem), file=sys.stderr)


def _load(options: InferOptions, path: Path, live: bool) -> Estimator:
    chosen = options.for_estimator() | {"compile": options.compile}
    return Estimator(path, **chosen | ({"batch": 1} if live else {}))  # a camera's frames should not wait


def _settings(options: InferOptions, path: Path) -> dict:
    """What the results depend on."""
    values = {key: value for key, value in flat_settings(options).items() if key not in HOW_ONLY}
    if options.boxes and (boxes := expand(options.boxes)).is_file():
        values["boxes"] = _which(boxes)
    return {"command": "infer", **values, "weights": _which(path)}


def _which(file: Path) -> str:
    """A file in its present state."""
    return f"{file} of {file.stat().st_size} bytes, {file.stat().st_mtime_ns}"
