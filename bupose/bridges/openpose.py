"""A run as OpenPose's program does it: its file names, its JSON, straight into the folders that flags name."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path

import av
import numpy as np
from tqdm import tqdm

from bupose import viz
from bupose.annotations.categories import CategoryOptions
from bupose.atomic import write_text
from bupose.bridges.options import NEEDS, OpenPoseOptions
from bupose.errors import InputError
from bupose.estimate.estimator import load
from bupose.estimate.stream import Estimate, Failure
from bupose.images import Video
from bupose.images.files import name_once, quote, reason
from bupose.media.sources import Frame, Media, open_media
from bupose.options import without_effect
from bupose.paths import expand
from bupose.people import People
from bupose.predict import output
from bupose.predict.entries import video_name
from bupose.predict.following import Follower
from bupose.predict.predict import Summary
from bupose.predict.screen import Screen
from bupose.predict.video_output import Film
from bupose.skeletons import OPENPOSE_PARTS
from bupose.track import TrackOptions

_LOG = logging.getLogger(__name__)


def run_openpose(options: OpenPoseOptions) -> Summary:
    """Find people as OpenPose's flags say, and write files as OpenPose names them.

    Raises
    ------
    BuposeError
        There is no input, no network, or nothing can be written; pictures that fail are logged, and counted.
    KeyboardInterrupt
        After an interruption; what is done is written. Of a camera or stream it is the normal end.
    """
    media = _open(options)
    for told in without_effect(options, NEEDS, "--"):
        _LOG.warning("%s", told)
    settings = options.for_estimator() | ({"batch": 1} if media.live else {})
    estimator = load(options.weights, accept_license=options.accept_license, **settings)
    unknown = {
        part for part in options.parts if not set(OPENPOSE_PARTS[part]) <= set(estimator.network.skeleton.joints)
    }
    for flag in ("hand", "face"):
        if any(part.startswith(flag) for part in unknown):
            _LOG.warning("--%s: the network does not know those joints, and their lists stay empty", flag)
    summary, begun, interrupted = Summary(passed_over=media.passed_over), time.perf_counter(), None
    with (
        Screen(options.shows, "--display 0, and --write_json FOLDER") as screen,
        _Files(options, estimator.category, estimator.threads) as files,
    ):
        stream = estimator.stream(_chosen(media, options), keep_images=options.draws)
        try:
            for estimate in tqdm(stream, unit=" images", disable=None, dynamic_ncols=True):
                if isinstance(estimate, Failure):
                    summary.failed += 1
                    _LOG.warning("%s", name_once(estimate.source.file_name, estimate.problem))
                    continue
                picture, people = files.write(estimate)
                summary.pictures += 1
                summary.people += len(people)
                if picture is not None:
                    screen.show(picture)
                if screen.closed:
                    break
        except KeyboardInterrupt as stop:
            interrupted = stop
        finally:
            stream.close()
    summary.seconds = time.perf_counter() - begun
    if interrupted is not None and not media.live:
        raise interrupted
    return summary


def frame_name(frame: Frame) -> str:
    """What OpenPose calls a frame: a picture's name without suffix, a video's with 12 digits, a camera's number."""
    if frame.video is None or frame.index is None:
        return frame.name
    return f"{frame.index:012d}" if frame.video.live else f"{video_name(frame)}_{frame.index:012d}"


def write_keypoints(path: Path, people: People, size: tuple[int, int], options: OpenPoseOptions) -> None:
    """Write a file as OpenPose's ``--write_json`` does: one line, six digits, absent joints 0.

    ``size`` is the picture's (width, height), to which ``--keypoint_scale`` refers (OpenPose, keypointScaler.cpp).
    """
    listed = output.as_openpose(people, options.skeleton, options.parts)
    span, low = {0: (1.0, 0.0), 3: (1.0, 0.0), 4: (2.0, -1.0)}[options.keypoint_scale]
    sides = np.maximum(np.array(size) - 1, 1) if options.keypoint_scale else np.ones(2)
    for person in listed:
        for key, numbers in person.items():
            if key.endswith("_2d"):
                triples = np.reshape(numbers, (-1, 3))
                triples[:, :2] = np.where(triples[:, 2:] > 0, span * triples[:, :2] / sides + low, 0)
                person[key] = [_six_digits(number) for number in triples.reshape(-1).tolist()]
    text = json.dumps({"version": output.OPENPOSE_VERSION, "people": listed}, separators=(",", ":"))
    write_text(path, text, sync=False)


def _six_digits(number: float) -> float:
    """As C++ prints it: 0, not 0.0."""
    rounded = float(f"{number:.6g}")
    return int(rounded) if rounded.is_integer() else rounded


def _open(options: OpenPoseOptions) -> Media:
    """The input; of a folder the pictures in it."""
    if options.camera is not None:
        return open_media(max(0, options.camera))
    if options.ip_camera is not None:
        if "://" not in options.ip_camera:
            raise InputError(f"--ip_camera is {quote(options.ip_camera)}, no stream; give its URL, as rtsp://HOST/PATH")
        return open_media(options.ip_camera)
    name, given = ("video", options.video) if options.video else ("image_dir", options.image_dir)
    path = expand(given or "")
    if name == "image_dir" and not path.is_dir():
        raise InputError(f"--image_dir is {quote(path)}, no folder; give a folder of pictures")
    media = open_media(path, max_pixels=options.max_pixels, threads=options.threads)
    if name == "video" and not media.videos:
        raise InputError(f"--video is {quote(path)}, no video; give a video, or a folder of pictures by --image_dir")
    if name == "video":
        return media
    here = [(one, file) for one, file in media.sources if "/" not in file and not isinstance(one, Video)]
    if options.write_images and expand(options.write_images).resolve() == path.resolve():
        raise InputError(
            f"--write_images is {quote(path)}, the folder of the input, whose next run would take them for pictures; "
            "give another"
        )
    if not here:
        raise InputError(f"--image_dir is {quote(path)}, which holds no picture; give the folder that does")
    return replace(media, sources=tuple(here))


def _chosen(media: Media, options: OpenPoseOptions) -> Iterator[Frame]:
    end = None if options.frame_last < 0 else options.frame_last + 1
    return islice(media, options.frame_first, end, options.frame_step)


class _Files:
    """What is written for each picture; use it in a ``with`` block."""

    def __init__(self, options: OpenPoseOptions, category: CategoryOptions, threads: int) -> None:
        self._options, self._category, self._threads = options, category, threads
        self._follower = Follower(TrackOptions())
        self._film: Film | None = None
        self._stack = ExitStack()
        self._coco: Callable | None = None

    def __enter__(self) -> _Files:
        if self._options.write_coco_json:
            self._coco = self._stack.enter_context(output.writing_array(expand(self._options.write_coco_json)))
        return self

    def __exit__(self, kind: type[BaseException] | None, *problem) -> None:
        if self._film is not None:
            self._film.close() if kind is None else self._film.give_up()
        self._stack.__exit__(kind, *problem)

    def write(self, estimate: Estimate) -> tuple[np.ndarray | None, People]:
        """Write a picture's files; returns it with people drawn, if that is wanted, and the people."""
        options, frame, people = self._options, estimate.source, estimate.people
        if options.follows and frame.index is not None:
            people = self._follower.link(frame.index, frame.time, people)[1]
        if options.number_people_max >= 0:
            people = people[: options.number_people_max]
        name = frame_name(frame)
        if options.write_json:
            write_keypoints(expand(options.write_json) / f"{name}_keypoints.json", people, estimate.size, options)
        if self._coco is not None:
            for result in output.as_coco(people, frame.image_id, self._category):
                self._coco(result)
        if estimate.image is None:
            return None, people
        picture = np.zeros_like(estimate.image) if options.disable_blending else estimate.image
        if options.render_pose:
            picture = viz.draw_people(picture, people, min_score=options.render_threshold, opacity=options.alpha_pose)
        if options.write_images:
            path = expand(options.write_images) / f"{name}_rendered.{options.write_images_format}"
            output.write_image(path, picture)
        if options.write_video:
            self._add_to_film(frame, picture)
        return picture, people

    def _add_to_film(self, frame: Frame, picture: np.ndarray) -> None:
        path = expand(self._options.write_video or "").with_suffix(".mp4")
        if self._options.write_video_fps > 0:
            frame = replace(frame, rate=self._options.write_video_fps, time=None, video=None)
        try:
            if self._film is None:
                self._film = Film(path, (picture.shape[1], picture.shape[0]), frame, self._threads)
            self._film.add(picture, frame.time)
        except av.FFmpegError as problem:
            raise InputError(f"cannot write {quote(path)}: {reason(problem)}; choose another --write_video") from None
