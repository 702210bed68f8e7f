"""Videos of which the network sees each n-th frame; in between, people are carried by optical flow."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bupose import geometry
from bupose.estimate.flow import Carrier, reduced
from bupose.estimate.stream import Estimate, Failure
from bupose.media.sources import Frame
from bupose.people import People

if TYPE_CHECKING:
    from bupose.estimate.estimator import Estimator

FARTHEST = 8  # frames that people are carried; more would also have to wait in memory


def is_key(frame: Frame, every: int) -> bool:
    """Whether the network sees a frame wherever a video begins: each so many of a file, and all other pictures."""
    if frame.video is None or frame.video.live or frame.index is None:
        return True
    return frame.index % (every * frame.video.clip.every) == 0


class KeyFrames(Iterator[Estimate | Failure]):
    """A stream of frames in order, as :class:`bupose.estimate.stream.Stream`, some of which the network does not see.

    Photos, and frames of cameras and streams, go to the network as ever. Other frames of video files are ``carried``:
    they have the people of the frame before, moved, or nobody if the last look is too long ago.

    Parameters
    ----------
    estimator : Estimator
    sources : iterable
        As for a stream.
    every : int
        The network sees the first frame of a video, and each so many after its beginning.
    keep_images, keep_fields : bool
        As for a stream, of the frames that the network sees.
    """

    def __init__(
        self, estimator: Estimator, sources: Iterable[Any], every: int, keep_images: bool = False,
        keep_fields: bool = False,
    ) -> None:  # fmt: skip
        self._sources, self._every = sources, every
        self._nobody = People.nobody(estimator.network.skeleton)
        self._people: People | None = None  # of the frame returned last
        self._groups: deque[deque[tuple[Any, tuple[np.ndarray, float] | None]]] = deque()  # key frames, those after
        self._stream = estimator.stream(self._keys(), keep_images=keep_images, keep_fields=keep_fields)
        self._carrier = Carrier()
        self._steps = self._go()

    def __next__(self) -> Estimate | Failure:
        return next(self._steps)

    def close(self) -> None:
        """Stop reading, and wait for pictures in progress."""
        self._stream.close()
        self._steps.close()

    def drain(self) -> Iterator[Estimate | Failure]:
        """After :meth:`close` or an error: results of what the network has seen that are not yet returned."""
        for estimate in self._stream.drain():
            yield from self._take(estimate)

    def _keys(self) -> Iterator[Any]:
        before = None
        for source in self._sources:
            video = source.video if isinstance(source, Frame) else None
            begins, before = video is None or video is not before, video
            if begins or is_key(source, self._every):
                self._groups.append(deque([(source, self._reduced(source))]))
                yield source
            else:
                near = len(self._groups[-1]) <= FARTHEST
                seen, size = self._reduced(source) if near else None, source.read().size
                self._groups[-1].append((replace(source, image=None, size=size), seen))

    @staticmethod
    def _reduced(source: object) -> tuple[np.ndarray, float] | None:
        if not isinstance(source, Frame) or source.video is None or source.video.live or source.image is None:
            return None
        return reduced(source.image)

    def _go(self) -> Generator[Estimate | Failure, None, None]:
        for estimate in self._stream:
            yield from self._take(estimate)
        yield from self._carry()

    def _take(self, estimate: Estimate | Failure) -> Iterator[Estimate | Failure]:
        if self._people is not None:  # only now all frames after the last one are read
            yield from self._carry()
            self._groups.popleft()
        self._people = estimate.people if isinstance(estimate, Estimate) else self._nobody
        _, seen = self._groups[0].popleft()
        if seen is not None:
            self._carrier.see(seen)
        yield estimate

    def _carry(self) -> Iterator[Estimate]:
        while self._people is not None and self._groups[0]:
            frame, seen = self._groups[0].popleft()
            self._people = self._nobody if seen is None else self._carrier.carry(self._people, seen)
            assert frame.size is not None
            yield Estimate(frame, self._people, frame.size, geometry.IDENTITY, carried=True)
