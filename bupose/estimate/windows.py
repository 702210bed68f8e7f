"""Where to look closer: crops around small people, and pieces of a large photo."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bupose.estimate.merging import Sighting

# As fractions of the input height that the network was trained for. At 416 px: people below 180 px are looked at again
# at 200 px, with a margin of 30 px, in crops with sides of 160, 256 or 384 px.
SMALL, WANTED, AROUND = 0.43, 0.48, 0.072
SMALL_IN_VIDEOS = 0.25  # the same people in every frame: a second look at larger ones costs more than it shows
SIDES = (0.38, 0.615, 0.92)
PIECE, OVERLAP = 2.46, 0.48  # of tiles; whoever is smaller than the overlap is whole in one of them
MOST_ENLARGED = 4  # times
ALIKE = 1.6  # people share a crop if nobody is taller than another by more
LEAST_SIZE = 8  # view pixels


@dataclass(frozen=True)
class Window:
    """A part of a photo for the network.

    Parameters
    ----------
    box : left, top, right, bottom
        Edges, photo pixels, from the photo's top left corner; may reach beyond the photo.
    shape : (width, height)
        Of the view.
    """

    box: tuple[float, float, float, float]
    shape: tuple[int, int]

    @property
    def pixels(self) -> int:
        """Of the view."""
        return self.shape[0] * self.shape[1]

    @property
    def scale(self) -> float:
        """View pixels per photo pixel, across."""
        return self.shape[0] / (self.box[2] - self.box[0])


@dataclass(frozen=True)
class _Crop:
    """People in one crop: their box, the smallest and largest of them, photo pixels, and how the crop shows them."""

    box: np.ndarray
    low: float
    high: float
    most: float  # scale
    scale: float
    shape: tuple[int, int]

    @property
    def pixels(self) -> int:
        return self.shape[0] * self.shape[1]


@dataclass(frozen=True)
class CropPlan:
    """Crops that show small people at the size on which the network was trained most.

    Parameters
    ----------
    unit : int
        Input height that the network was trained for, pixels.
    multiple : int
        What the sides of a view must be multiples of.
    small : float
        People below this share of ``unit`` are looked at again.
    """

    unit: int
    multiple: int
    small: float = SMALL

    @property
    def sides(self) -> list[int]:
        """Of crops, pixels, ascending."""
        return sorted({round_up(side * self.unit, self.multiple) for side in SIDES})

    def windows(self, seen: Sighting, size: tuple[int, int], least_score: float, budget: float) -> list[Window]:
        """Crops around small people, best score first, within a budget of pixels.

        Parameters
        ----------
        seen : Sighting
        size : (width, height)
            Of the photo.
        least_score : float
            People below are not looked at again.
        budget : float
            Pixels of all crops.
        """
        sizes = seen.sizes
        wanted = (sizes < self.small * self.unit) & (sizes >= LEAST_SIZE) & (seen.people.person_score >= least_score)
        most = int(budget // self.sides[0] ** 2)
        rows = np.flatnonzero(wanted)[:most]
        boxes = seen.people.boxes()[rows].astype(np.float64)
        boxes[:, 2:] += boxes[:, :2]
        photo_sizes = sizes[rows] / seen.scale[rows]
        alone = [
            self._crop(box, one, one, MOST_ENLARGED * scale)
            for box, one, scale in zip(boxes, photo_sizes.tolist(), seen.scale[rows].tolist(), strict=True)
        ]
        windows = []
        for crop in self._share([crop for crop in alone if crop is not None]):
            if crop.pixels <= budget:
                windows.append(self._window(crop, size))
                budget -= crop.pixels
        return windows

    def _crop(self, box: np.ndarray, low: float, high: float, most: float) -> _Crop | None:
        """A crop with the people of a box, who are ``low`` to ``high`` photo pixels large; None if there is none."""
        scale = min(WANTED * self.unit / math.sqrt(low * high), most)
        needed = (box[2:] - box[:2]) * scale + 2 * AROUND * self.unit
        sides = [next((side for side in self.sides if side >= length), 0) for length in needed]
        return _Crop(box, low, high, most, scale, (sides[0], sides[1])) if all(sides) else None

    def _share(self, crops: list[_Crop]) -> list[_Crop]:
        """Join pairs of crops, the one that saves most pixels first, until none saves any."""
        saved = {(a, b): self._join(crops[a], crops[b]) for a in range(len(crops)) for b in range(a)}
        alive = dict(enumerate(crops))
        gains = {pair: made for pair, made in saved.items() if made}
        while gains:
            (a, b), (joined, _) = max(gains.items(), key=lambda one: (one[1][1], -one[0][0], -one[0][1]))
            alive[b] = joined  # in the place of the surer of the two
            del alive[a]
            gains = {pair: made for pair, made in gains.items() if not {a, b} & set(pair)}
            for c in alive:
                if c != b and (made := self._join(joined, alive[c])):
                    gains[max(b, c), min(b, c)] = made
        return [alive[n] for n in sorted(alive)]

    def _join(self, a: _Crop, b: _Crop) -> tuple[_Crop, int] | None:
        """One crop for the people of two, and the pixels that it saves."""
        low, high = min(a.low, b.low), max(a.high, b.high)
        if high > ALIKE * low:
            return None
        box = np.concatenate([np.minimum(a.box[:2], b.box[:2]), np.maximum(a.box[2:], b.box[2:])])
        made = self._crop(box, low, high, min(a.most, b.most))
        gain = a.pixels + b.pixels - made.pixels if made else 0
        return (made, gain) if made and gain > 0 else None

    @staticmethod
    def _window(crop: _Crop, size: tuple[int, int]) -> Window:
        """Centred on the people, but shifted into the photo if it is large enough."""
        corner = []
        for axis in range(2):
            length = crop.shape[axis] / crop.scale
            start = (crop.box[axis] + crop.box[axis + 2] + 1 - length) / 2
            corner.append(max(0.0, min(start, size[axis] - length)))
        (left, top), (width, height) = corner, (side / crop.scale for side in crop.shape)
        return Window((left, top, left + width, top + height), crop.shape)


def tile_windows(size: tuple[int, int], scale: float, unit: int, multiple: int) -> list[Window]:
    """Overlapping tiles of one shape over a photo of (width, height) ``size``; ``scale`` is view per photo pixel."""
    side = round_up(PIECE * unit, multiple)
    starts, shape = [], []
    for length in size:
        whole = length * scale
        count = max(1, math.ceil((whole - OVERLAP * unit) / (side - OVERLAP * unit)))
        starts.append((np.linspace(0, max(0.0, whole - side), count) / scale).tolist())
        shape.append(min(side, round_up(whole, multiple)))
    width, height = (length / scale for length in shape)
    return [
        Window((left, top, left + width, top + height), (shape[0], shape[1])) for top in starts[1] for left in starts[0]
    ]


def tile_scales(first: float, finest: float) -> list[float]:
    """Scales of tiles, coarsest first: the finest, halved as long as it exceeds the first view's by a quarter."""
    scales: list[float] = []
    while finest > 1.25 * first:
        scales.append(finest)
        finest /= 2
    return scales[::-1]


def round_up(length: float, multiple: int) -> int:
    """The least multiple that is not below."""
    return max(1, math.ceil(length / multiple - 1e-6)) * multiple
