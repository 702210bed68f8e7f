"""The pipeline of a photo: plan views, run the network on them, combine their maps into people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bupose import geometry
from bupose.errors import OptionsError
from bupose.estimate.closer import Each, Look, look_closer
from bupose.estimate.merging import listed
from bupose.estimate.preprocess import View, network_size, prepare, prepare_crop, surround
from bupose.estimate.views import join_views
from bupose.estimate.windows import MOST_ENLARGED, SMALL
from bupose.images import Photo
from bupose.maps import Maps
from bupose.methods import Codec
from bupose.people import People
from bupose.runtimes.network import Network

MOST_PIXELS = 32_000_000  # per forward pass; a MobileNet takes some 200 bytes per pixel, a VGG 1000


@dataclass(frozen=True)
class Pipeline:
    """A network, its codec, and the views of a photo that it runs on.

    The first pass sees the whole photo; :mod:`bupose.estimate.closer` plans closer looks at parts of it.

    Parameters
    ----------
    network : Network
    codec : Codec
    height : int
        Of the photo, network pixels.
    longest : int, optional
        The longer side is at most this.
    scales : sequence of float
        Relative to ``height``, the largest first.
    flip : bool
        Each view also mirrored.
    unit : int, optional
        Input height that the network was trained for, pixels; by default ``height``.
    refine : float
        Pixels of the crops of small people, at most, as a multiple of the first view's; 0 is no second look.
    refine_below : float
        Small is below this share of the input height.
    tiles : float or "auto"
        Scale of the finest tiles relative to the first view; "auto" is full resolution for photos of 20 megapixels or
        more; 0 is none.
    shape : (width, height), optional
        Of the network's input in training, for one person: narrower photos are fitted into it, in its middle, as there;
        wider ones too, if the network takes no other.
    shift : float
        Of the network's cells towards the corner, network pixels.
    """

    network: Network
    codec: Codec
    height: int
    longest: int | None = None
    scales: Sequence[float] = (1.0,)
    flip: bool = False
    unit: int | None = None
    refine: float = 0
    refine_below: float = SMALL
    tiles: float | str = 0
    shape: tuple[int, int] | None = None
    shift: float = 0.0

    @property
    def least(self) -> int | None:
        """Minimum sides, px, of a photo that is decoded at reduced size; None is full size."""
        return None if self.tiles else round(self.height * self.scales[0] * (MOST_ENLARGED if self.refine else 1))

    def plan(self, photo: Photo, source: object = None) -> list[View]:
        """The photo at each scale, the largest first, and mirrored.

        ``source`` is what it was read from, for pipelines that know their photos.

        Raises
        ------
        OptionsError
            A view has more than ``MOST_PIXELS``.
        """
        if self.shape and (self.codec.fitted or photo.size[0] * self.shape[1] <= photo.size[1] * self.shape[0]):
            fitted = prepare_crop(photo, surround(photo.size, self.shape), self.shape, self.network.pad)
            return self.mirror(fitted)
        sizes = [
            network_size(photo.size, max(1, round(self.height * s)), self.longest and max(1, round(self.longest * s)))
            for s in self.scales
        ]
        width, height = max(sizes)
        if width * height > MOST_PIXELS:
            raise OptionsError(
                f"a picture of {photo.size[0]}x{photo.size[1]} px would become {width}x{height} network pixels; "
                f"at most {MOST_PIXELS:,} are allowed: lower height, scales or longest"
            )
        views = [prepare(photo, size, self.network.multiple, self.network.pad) for size in sizes]
        return [view for one in views for view in self.mirror(one)]

    def mirror(self, view: View) -> list[View]:
        """A view, and with ``flip`` its mirror image; their matrices lead to where the network's cells are.

        Cells that lie nearer to the corner do so in the mirror image, too, and are farther from it when flipped back.
        """
        moved = [(self.shift, False), (-self.shift, True)][: 1 + self.flip]
        return [
            replace(view, matrix=geometry.compose(view.matrix, geometry.translate(x, self.shift)), mirrored=mirrored)
            for x, mirrored in moved
        ]

    def run(self, photos: Sequence[Sequence[View]]) -> list[list[Maps]]:
        """Run the network on the views of photos, all of one shape: each photo's maps, without padding."""
        seen: list[list[Maps]] = [[] for _ in photos]
        for views in zip(*photos, strict=True):
            pixels = np.stack([view.pixels[:, ::-1] if view.mirrored else view.pixels for view in views])
            said = self._pass(pixels)
            for n, view in enumerate(views):
                maps = self.codec.maps({s.name: one[n] for s, one in zip(self.codec.specs, said, strict=True)})
                seen[n].append((maps.flip() if view.mirrored else maps).crop(*view.size))
        return seen

    def merge(self, maps: Sequence[Maps], views: Sequence[View]) -> Maps:
        """Merge the maps of a photo's views, on the grid of the first."""
        return maps[0] if len(maps) == 1 else join_views([(m, v.matrix) for m, v in zip(maps, views, strict=True)])

    @property
    def looks_closer(self) -> bool:
        """Whether more than one pass over a photo is possible."""
        return not self.shape and bool(self.refine or self.tiles)

    def look(
        self,
        views: Sequence[Sequence[View]],
        photos: Sequence[Photo | None],
        each: Each = map,
        sources: Sequence[object] = (),
    ) -> list[Look]:
        """Run every pass over photos whose views have one shape.

        Parameters
        ----------
        views : sequence of what :meth:`plan` gives
        photos : sequence of Photo
            Needed only with :attr:`looks_closer`.
        each
            ``map``, or that of a thread pool.
        sources
            What the photos were read from, as for :meth:`plan`.
        """
        seen = zip(self.run(views), views, strict=True)
        looks = [Look(self.merge(maps, planned), planned[0].matrix) for maps, planned in seen]
        return look_closer(self, [p for p in photos if p], looks, each) if self.looks_closer else looks

    def refining(self, budget: float) -> Pipeline:
        """The same with another ``refine``."""
        return replace(self, refine=budget)

    def people(self, look: Look) -> People:
        """A photo's people, in its own pixels, best first."""
        if look.closer is not None:
            return listed(look.closer.people, self.codec.decoder)
        return self.codec.decode(look.whole).transform(geometry.invert(look.matrix))

    def combine(self, maps: Sequence[Maps], views: Sequence[View]) -> People:
        """A photo's people by the first pass alone."""
        return self.people(Look(self.merge(maps, views), views[0].matrix))

    def _pass(self, pixels: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the network in batches that fit into memory."""
        many = max(1, MOST_PIXELS // (pixels.shape[1] * pixels.shape[2]))
        if many >= len(pixels):
            return self.network(pixels)
        parts = [self.network(pixels[n : n + many]) for n in range(0, len(pixels), many)]
        return tuple(np.concatenate(maps) for maps in zip(*parts, strict=True))
