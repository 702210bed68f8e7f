"""A photo, or a frame of a video, with the network's maps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from bupose import geometry, samples
from bupose.annotations.categories import CategoryOptions
from bupose.errors import InputError
from bupose.estimate.estimator import Estimator
from bupose.estimate.stream import open_photo
from bupose.images import MAX_PIXELS, VIDEOS, Photo, Video, read, read_size
from bupose.images.files import read_bytes
from bupose.maps import Grid, Maps
from bupose.media.file_names import file_number
from bupose.methods import Codec
from bupose.paths import expand

LONGEST_STEM = 150  # bytes
LONGEST = 1400  # size of the canvas, px; network pixels are enlarged by an integer factor to about this


@dataclass(frozen=True)
class Film:
    """A video file with selectable frames.

    Parameters
    ----------
    path : Path
    count : int
        Frames, as the file says; at least 1.
    frame : int
        The one that is seen, from 0.
    """

    path: Path
    count: int
    frame: int = 0

    def at(self, frame: int) -> Film:
        """Another of its frames."""
        return replace(self, frame=int(frame))

    def read(self, max_pixels: int = MAX_PIXELS) -> np.ndarray:
        """The frame, uint8 (H, W, 3), RGB.

        Raises
        ------
        InputError
            The video cannot be opened, its frames have more pixels, or it has no such frame.
        """
        with named(self.path):
            return Video(self.path).frame(self.frame, max_pixels).image


@dataclass(frozen=True)
class Observation:
    """A photo with its maps; immutable, so that browser tabs may share one.

    Parameters
    ----------
    name : str
        Of the file.
    size : (width, height)
        Of the photo, pixels.
    image : uint8 array (H, W, 3), RGB
        The photo on the canvas: network pixels, enlarged, without the padding.
    maps : Maps
        Their grid's pixels are those of the canvas.
    codec : Codec
        The network's maps on that grid.
    matrix : float64 array (2, 3)
        Photo pixels to canvas pixels.
    seconds : float
        Time for reading and the network.
    film : Film, optional
        Where the photo is a video's frame.
    category : CategoryOptions
        The category that the network finds.
    """

    name: str
    size: tuple[int, int]
    image: np.ndarray
    maps: Maps
    codec: Codec
    matrix: np.ndarray
    seconds: float
    film: Film | None = None
    category: CategoryOptions = field(default_factory=CategoryOptions)

    @property
    def image_id(self) -> int:
        """Its number in COCO results, as ``scripts/infer.py`` would choose it."""
        if self.film is not None:
            return self.film.frame + 1
        number = file_number(self.name)
        return 1 if number is None else number

    @property
    def stem(self) -> str:
        """Base name of files made from it."""
        stem = Path(self.name).stem.encode()[:LONGEST_STEM].decode(errors="ignore")
        return stem + ("" if self.film is None else f"_{self.film.frame:06d}")


def look(estimator: Estimator, source: str | Path | Film | np.ndarray, name: str = "") -> Observation:
    """Run the network on a picture file, a video's frame, or an array; for a video file on the first frame.

    Raises
    ------
    InputError
        The file is missing, damaged or too large.
    """
    start = time.perf_counter()
    if isinstance(source, (str, Path)):
        name = name or Path(source).name.encode(errors="replace").decode()  # a page shows no other characters
        source = find(source)
    if isinstance(source, Film):
        photo, film, name = Photo.whole(source.read(estimator.max_pixels)), source, name or source.path.name
    elif isinstance(source, Path):
        with named(source):
            photo, film = read(source, least=estimator.pipeline.least, max_pixels=estimator.max_pixels), None
    else:
        photo, film = open_photo(source), None
    views = estimator.pipeline.plan(photo)
    maps = estimator.pipeline.merge(estimator.pipeline.run([views])[0], views)
    factor = max(1, round(LONGEST / max(maps.size)))
    matrix = geometry.compose(views[0].matrix, geometry.scale(factor))
    maps = maps.replace(Grid(factor * maps.grid.stride))
    # The matrix only resizes, from borders to borders, to a whole number of pixels.
    width, height = np.rint(geometry.apply(matrix, np.array(photo.size) - 0.5) + 0.5).astype(int).tolist()
    method = cv2.INTER_AREA if photo.image.shape[0] > height else cv2.INTER_CUBIC
    image = cv2.resize(photo.image, (width, height), interpolation=method)
    codec = replace(estimator.codec, grid=maps.grid)
    return Observation(
        name, photo.size, image, maps, codec, matrix, time.perf_counter() - start, film, estimator.category
    )


def find(source: str | Path) -> Path | Film:
    """A picture file, or a video file's first frame, before a network is loaded for it.

    Raises
    ------
    InputError
        The file is missing, or of no known kind.
    """
    path = expand(source)
    with named(path):
        if path.suffix.lower() in VIDEOS:
            read_bytes(path, 1)  # a missing file has no number of frames
            return Film(path, Video(path).count or 1)
        read_size(path)
    return path


def draw_crowd() -> tuple[np.ndarray, str]:
    """A drawn scene to start with, and its name."""
    return samples.draw_crowd(5, seed=11).image, "drawn crowd"


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Errors name the file, not the folder that an upload happens to lie in."""
    try:
        yield
    except InputError as problem:
        raise InputError(str(problem).replace(repr(str(path)), repr(path.name))) from None
