"""People of batches of pictures, for engines that work through tables: Ray Data, Daft, Spark, a plain loop."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

from bupose.errors import InputError, OptionsError
from bupose.estimate.estimator import load
from bupose.estimate.stream import Failure
from bupose.exchange.rows import Row
from bupose.images import VIDEOS, Clip, Video
from bupose.media.prefetch import read_ahead
from bupose.media.remote import is_url, open_file, read_url, suffix_of
from bupose.media.sources import WHOLE, Frame, Media
from bupose.options import shown
from bupose.people import People
from bupose.predict.following import follow
from bupose.predict.records import Records
from bupose.skeleton import Skeleton
from bupose.track import TrackOptions

FETCHERS, FETCHED = 8, 32  # threads that fetch files, which mostly wait, and files ahead
COPIED = 2**24  # bytes of a video that are fetched at once
FOLLOWED = TrackOptions()


class PoseMapper:
    """Finds the people in batches of pictures: a dict of arrays in, a dict of arrays out.

    An instance loads its network once and holds it, as classes for Ray Data's ``map_batches``, Daft's and Spark's
    functions do; threads may share it. A picture or video that cannot be read costs its own row, never the batch.

    Parameters
    ----------
    weights : str or path, optional
        As for :func:`bupose.load`.
    path : str
        Name of the column of paths and URLs (s3://, gs://, https://: what fsspec reads).
    data : str
        Name of the column of files' bytes; where the batch has it, pictures come from there.
    clip : Clip
        The part of each video that is taken.
    track : TrackOptions, optional
        How people of videos are followed, each video as a whole; None is not at all.
    look_every : int
        The network looks at each n-th frame of a video that is taken.
    accept_license : bool
        As for :func:`bupose.load`.
    threads : int, optional
        For the network, the grouping and OpenCV; in an actor of Ray by default its processors.
    **options
        Others of :class:`bupose.Estimator`.

    Raises
    ------
    BuposeError
        As of :func:`bupose.load`.
    """

    def __init__(
        self, weights: str | Path | None = None, *, path: str = "path", data: str = "bytes", clip: Clip = WHOLE,
        track: TrackOptions | None = FOLLOWED, look_every: int = 1, accept_license: bool = False,
        threads: int | None = None, **options: Any,
    ) -> None:  # fmt: skip
        self._path, self._data, self._clip, self._track, self._look_every = path, data, clip, track, look_every
        threads = _own_processors() if threads is None else threads
        self.estimator = load(weights, accept_license=accept_license, threads=threads, **options)
        cv2.setNumThreads(self.estimator.threads)

    @property
    def skeleton(self) -> Skeleton:
        """Names the joints."""
        return self.estimator.network.skeleton

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The people of a batch.

        Parameters
        ----------
        batch : mapping of name to array or sequence of N entries
            ``path``, ``bytes`` or both.

        Returns
        -------
        dict of name to array
            The columns of the batch without ``bytes``, and

            ============= =========================================================================================
            ``width``     int32, px; 0 without a picture, as ``height``
            ``scores``    of each person: a float32 array (P,)
            ``keypoints`` x, y (pixels of the picture) and score of each joint, 0 where absent: float32 (P, K, 3)
            ``ids``       of each person in its video, −1 if unknown and in pictures: int32 (P,)
            ``frame``     of a video from 0, int32; −1 of a picture
            ``time``      seconds from the video's beginning, float64; NaN of a picture
            ``error``     why there is no picture, or not the whole of a video; "" if all is well
            ============= =========================================================================================

            A picture is one row, in order. A video has a row for each frame, and one with ``error`` if frames are
            missing.

        Raises
        ------
        OptionsError
            The batch has neither column, or columns that are none or differ in length.
        """
        if self._path not in batch and self._data not in batch:
            raise OptionsError(
                f"the batch has the columns {', '.join(map(str, batch)) or 'none'}, and neither {self._path!r} with "
                f"paths nor {self._data!r} with files; name yours by path= or data="
            )
        count = _count(batch)
        paths, data = (batch.get(name, [None] * count) for name in (self._path, self._data))
        found = list(self.rows(zip(paths, data, strict=True)))
        where = np.array([n for n, _ in found], np.int64)
        kept = {name: np.asarray(values)[where] for name, values in batch.items() if name != self._data}
        return kept | _columns([row for _, row in found], len(self.skeleton.joints))

    def rows(self, sources: Iterable[tuple[Any, Any]]) -> Iterator[tuple[int, Row]]:
        """The rows of sources, each with its source's index.

        Parameters
        ----------
        sources : iterable of (path or URL, bytes of the file or None)
        """
        numbered = ((n, path, data) for n, (path, data) in enumerate(sources))
        for is_video, some in groupby(numbered, lambda one: one[2] is None and _is_video(one[1])):
            if is_video:
                yield from ((n, row) for n, path, _ in some for row in self.follow(path))
            else:
                yield from self._look(some)

    def _look(self, pictures: Iterable[tuple[int, Any, Any]]) -> Iterator[tuple[int, Row]]:
        """A row for each picture, in order."""
        begun: deque[tuple[int, str]] = deque()

        def opened() -> Iterator[Any]:
            for n, path, picture in read_ahead(_fetch, pictures, FETCHED, FETCHERS):
                begun.append((n, path))
                yield picture

        for estimate in self.estimator.stream(opened()):
            n, path = begun.popleft()
            if isinstance(estimate, Failure):
                yield n, Row(path, error=str(estimate.problem))
            else:
                yield n, Row(path, estimate.people, estimate.size)

    def follow(self, path: str) -> Iterator[Row]:
        """A row for each frame of a video, people with ``ids``; one with ``error`` if frames are missing."""
        with TemporaryDirectory(prefix="bupose-") as folder:
            try:
                place = _download(path, Path(folder)) if is_url(path) else Path(path)
            except InputError as problem:
                yield Row(path, error=str(problem))
                return
            video = Video(place, self._clip, self.estimator.threads)
            # The numbers of a video are known in the end: until then its frames are in a file, however long it is.
            records = Records(Path(folder), self.skeleton, {})
            try:
                errors = self._record(Media([(video, "video")], self.estimator.max_pixels), records)
                for group in (group for group in records.groups() if group.video):
                    frames: Iterable = records.read(group)
                    if self._track is not None:
                        frames = follow(partial(records.read, group), self._track, live=False)
                    for entry, people in frames:
                        size = (entry["width"], entry["height"]) if "width" in entry else None
                        yield Row(path, people, size, entry.get("problem", ""), entry["frame"], entry.get("time"))
                yield from (Row(path, error=error.replace(str(place), path)) for error in errors)
            finally:
                records.close()

    def _record(self, media: Media, records: Records) -> list[str]:
        """Record what the network says of each frame; returns what is wrong with the video."""
        errors = []
        frames = map(records.settle, media)
        for estimate in self.estimator.stream(frames, look_every=self._look_every):
            frame = replace(estimate.source, image=None)
            if not isinstance(estimate, Failure):
                records.add(frame, estimate.size, estimate.people, carried=estimate.carried)
            elif frame.index is None:
                errors.append(str(estimate.problem))
            else:
                records.add(frame, None, None, str(estimate.problem))
        return errors


def _columns(rows: list[Row], joints: int) -> dict[str, np.ndarray]:
    """The arrays of rows."""
    people = [row.people for row in rows]
    none = np.zeros(0, np.float32)
    return {
        "frame": np.array([-1 if row.frame is None else row.frame for row in rows], np.int32),
        "time": np.array([np.nan if row.time is None else row.time for row in rows], np.float64),
        "width": np.array([row.size[0] if row.size else 0 for row in rows], np.int32),
        "height": np.array([row.size[1] if row.size else 0 for row in rows], np.int32),
        "scores": _objects(none if one is None else one.person_score for one in people),
        "keypoints": _objects(
            none.reshape(0, joints, 3) if one is None else one.triples().astype(np.float32) for one in people
        ),
        "ids": _objects(_ids(one) for one in people),
        "error": _objects(row.error for row in rows),
    }


def _ids(people: People | None) -> np.ndarray:
    if people is None:
        return np.zeros(0, np.int32)
    return np.full(len(people), -1, np.int32) if people.ids is None else people.ids


def _objects(values: Iterable) -> np.ndarray:
    """An array of objects, whatever their shapes."""
    listed = list(values)
    array = np.empty(len(listed), object)
    for n, value in enumerate(listed):
        array[n] = value
    return array


def _is_video(path: Any) -> bool:
    return isinstance(path, str) and suffix_of(path) in VIDEOS


def _count(batch: Mapping[str, Any]) -> int:
    """Rows of a batch, of which every column has as many."""
    for name, values in batch.items():
        if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
            raise OptionsError(f"the batch's column {name!r} is {shown(values)}; give a list or array, an entry a row")
    lengths = {name: len(values) for name, values in batch.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name!r} {length}" for name, length in lengths.items())
        raise OptionsError(f"the batch's columns have different lengths: {told}; give each an entry a row")
    return next(iter(lengths.values()))


def _fetch(one: tuple[int, Any, Any]) -> tuple[int, str, Any]:
    """A picture that the estimator takes: a path, bytes, or what says why there is none."""
    n, path, data = one
    if data is not None:
        try:
            return n, str(path or ""), bytes(memoryview(data))
        except TypeError:
            problem = f"there are no bytes of a file, but {shown(data)}; give bytes, or None and a path"
            return n, str(path or ""), Frame("", "", n, problem=problem)
    if not isinstance(path, (str, Path)) or not str(path):
        return n, "", Frame("", "", n, problem=f"there is no path, but {shown(path)}; give a path, URL or bytes")
    if not is_url(str(path)):
        return n, str(path), str(path)
    try:
        return n, str(path), read_url(str(path))
    except Exception as problem:  # also of a package that is missing: of this picture
        return n, str(path), Frame(str(path), str(path), n, problem=str(problem))


def _download(url: str, folder: Path) -> Path:
    """A video's file, which decoders move about in."""
    place = folder / f"video{suffix_of(url)}"
    try:
        with open_file(url) as file, place.open("wb") as copy:
            while part := file.read(COPIED):
                copy.write(part)
    except OSError as problem:
        raise InputError(f"cannot fetch {url!r}: {problem.strerror or problem}; check it, and the disk") from None
    return place


def _own_processors() -> int | None:
    """Processors of the actor of Ray that this process is; None if it is none."""
    ray: Any = sys.modules.get("ray")
    if ray is None or not ray.is_initialized():
        return None
    own = ray.get_runtime_context().get_assigned_resources().get("CPU", 0)
    return max(1, int(own)) if own else None
