"""Further passes over parts of a photo: tiles of a large one, and a second look at small people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bupose import geometry
from bupose.estimate.merging import EDGE, Sighting, merge, whole_people
from bupose.estimate.preprocess import View, prepare_window
from bupose.estimate.windows import CropPlan, Window, tile_scales, tile_windows
from bupose.images import Photo
from bupose.maps import Maps
from bupose.methods import Codec
from bupose.people import People

if TYPE_CHECKING:
    from bupose.estimate.pipeline import Pipeline

AT_ONCE = 2_000_000  # pixels of views per forward pass
LARGE = 20_000_000  # pixels of a photo from which ``tiles=auto`` splits it
FAINT = 0.75  # of ``min_person_score``: people below are not looked at again

Each = Callable[..., Iterable[Any]]  # ``map``


@dataclass(frozen=True)
class Look:
    """The network's output for a photo.

    Parameters
    ----------
    maps : Maps, optional
        Of the whole photo, in network pixels; None where the network saw only parts.
    matrix : float64 array (2, 3)
        Photo pixels to network pixels.
    closer : Sighting, optional
        Everybody, whatever the score, if parts of the photo were looked at again.
    """

    maps: Maps | None
    matrix: np.ndarray
    closer: Sighting | None = None

    @property
    def whole(self) -> Maps:
        """The maps, where the network saw the whole photo."""
        assert self.maps is not None
        return self.maps


def look_closer(pipeline: Pipeline, photos: Sequence[Photo], looks: Sequence[Look], each: Each = map) -> list[Look]:
    """Extend first looks at photos by closer ones.

    Crops of one shape are batched over all photos. A photo without small people keeps its first look as it is.
    """
    closer = _Closer(pipeline, pipeline.codec.showing_everybody(), photos, each)
    seen = list(each(closer.first, looks))
    scales = [closer.tile_scales(photo, look) for photo, look in zip(photos, looks, strict=True)]
    changed = [bool(one) for one in scales]
    pixels = [look.whole.size[0] * look.whole.size[1] for look in looks]
    for level in range(max(map(len, scales), default=0)):
        tiles = [closer.tiles(photo, one[level : level + 1]) for photo, one in zip(photos, scales, strict=True)]
        pixels = [before + sum(one.pixels for one in windows) for before, windows in zip(pixels, tiles, strict=True)]
        seen = closer.see(seen, tiles)
    if pipeline.refine:
        crops = [closer.crops(*one) for one in zip(photos, seen, pixels, strict=True)]
        changed = [before or bool(windows) for before, windows in zip(changed, crops, strict=True)]
        seen = closer.see(seen, crops)
    several = zip(looks, seen, changed, strict=True)
    return [replace(look, closer=one) if differs else look for look, one, differs in several]


@dataclass(frozen=True)
class _Closer:
    """Closer looks at some photos."""

    pipeline: Pipeline
    everybody: Codec
    photos: Sequence[Photo]
    each: Each

    @property
    def unit(self) -> int:
        return self.pipeline.unit or self.pipeline.height

    def first(self, look: Look) -> Sighting:
        """People of the first look."""
        people = self._people(look.whole, look.matrix)
        return Sighting(people, np.full(len(people), look.matrix[1, 1]))

    def tile_scales(self, photo: Photo, look: Look) -> list[float]:
        """Scales at which a photo is seen in tiles, view pixels per photo pixel, coarsest first."""
        width, height = photo.size
        first, tiles = float(look.matrix[1, 1]), self.pipeline.tiles
        if tiles == "auto":
            return tile_scales(first, 1.0) if width * height >= LARGE else []
        return tile_scales(first, first * float(tiles))

    def tiles(self, photo: Photo, scales: Sequence[float]) -> list[Window]:
        """Tiles of a photo at some scales."""
        multiple = self.pipeline.network.multiple
        return [one for scale in scales for one in tile_windows(photo.size, scale, self.unit, multiple)]

    def crops(self, photo: Photo, seen: Sighting, pixels: int) -> list[Window]:
        """Where to look again, after that many pixels of views."""
        plan = CropPlan(self.unit, self.pipeline.network.multiple, self.pipeline.refine_below)
        least = FAINT * getattr(self.pipeline.codec.decoder, "min_person_score", 0.0)
        return plan.windows(seen, photo.size, least, self.pipeline.refine * pixels)

    def see(self, seen: Sequence[Sighting], windows: Sequence[Sequence[Window]]) -> list[Sighting]:
        """Merge the people of each photo's windows into those found so far."""
        found: list[list[Sighting]] = [[] for _ in windows]
        shapes: dict[tuple[int, int], list[tuple[int, Window]]] = defaultdict(list)
        for n, planned in enumerate(windows):
            for window in planned:
                shapes[window.shape].append((n, window))
        for (width, height), jobs in shapes.items():
            many = max(1, AT_ONCE // (width * height))
            for start in range(0, len(jobs), many):
                batch = jobs[start : start + many]
                for (n, _), sighting in zip(batch, self._run(batch), strict=True):
                    found[n].append(sighting)
        merged = self.each(merge, seen, found)
        return list(merged)

    def _run(self, batch: Sequence[tuple[int, Window]]) -> Iterable[Sighting]:
        """Uncut people of windows of one shape, given with the indices of their photos."""
        views = [self.pipeline.mirror(self._prepare(self.photos[n], window)) for n, window in batch]
        maps = self.pipeline.run(views)
        sizes = [self.photos[n].size for n, _ in batch]
        return list(self.each(self._read, maps, views, sizes))

    def _prepare(self, photo: Photo, window: Window) -> View:
        return prepare_window(photo, window.box, window.shape, self.pipeline.network.pad)

    def _read(self, maps: Sequence[Maps], views: Sequence[View], size: tuple[int, int]) -> Sighting:
        view = views[0]
        people = self._people(self.pipeline.merge(maps, views), view.matrix)
        back = geometry.invert(view.matrix)
        border = geometry.apply(back, np.array([(-0.5, -0.5), np.array(view.size) - 0.5])) + 0.5
        margin = EDGE / view.matrix[1, 1]
        whole = whole_people(people, border.ravel().tolist(), size, margin)
        return Sighting(people[whole], np.full(int(whole.sum()), view.matrix[1, 1]))

    def _people(self, maps: Maps, matrix: np.ndarray) -> People:
        return self.everybody.decode(maps).transform(geometry.invert(matrix))
