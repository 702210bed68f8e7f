"""Scenes: a background and figures painted back to front; labels follow from what stays visible."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np

from bupose.people import Labels
from bupose.skeleton import Skeleton
from bupose.synthetic.shapes import SHIFT, Strokes

_PART_BITS = 16  # a pixel's owner is (person + 1) << 16 | part; people 0 are things
_PART_MASK = (1 << _PART_BITS) - 1


@dataclass
class Figure:
    """One articulated figure, ready to paint.

    Parameters
    ----------
    strokes : Strokes
        Its strokes, far parts first.
    joints : float64 array (K, 2), px
    shown_by : bool array (K, parts + 1)
        The parts, counted from 1, that a joint belongs to: it is hidden by any other.
    away : bool array (K,)
        Joints on the averted side of the body, hidden in any case.
    height : float, px
        Height of the upright body.
    bounds : float64 array (4,), px
        Left, top, right, bottom of all that is painted; found from the strokes.
    """

    strokes: Strokes
    joints: np.ndarray
    shown_by: np.ndarray
    away: np.ndarray
    height: float
    bounds: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.bounds = self.strokes.bounds()

    def move(self, dx: float, dy: float) -> None:
        """Shift it by multiples of 1/16 px, so that strokes and joints stay aligned."""
        step = np.rint(np.array([dx, dy]) * (1 << SHIFT)).astype(np.int32)
        for points, *_ in self.strokes.listed:
            points += step
        self.joints = self.joints + step / (1 << SHIFT)
        self.bounds = self.bounds + np.tile(step, 2) / (1 << SHIFT)


@dataclass
class Thing:
    """An object standing at a row of the picture: a figure, by its index, or a prop (−1)."""

    strokes: Strokes
    ground: float
    figure: int = -1


@dataclass
class Painted:
    """A painted scene: uint8 RGB picture, int32 map of owners, and each figure's pixels without occlusion."""

    image: np.ndarray
    owner: np.ndarray
    whole: np.ndarray

    def silhouette(self, figure: int) -> np.ndarray:
        """bool (H, W): the pixels that show this figure."""
        return self.owner >> _PART_BITS == figure + 1


@dataclass
class Scene:
    """The content of a picture, before it is painted; ``ids`` int32 (figures,) are who is who in a video."""

    background: np.ndarray
    figures: list[Figure]
    things: list[Thing]
    drawn: Skeleton
    unlabelled_away: np.ndarray
    ids: np.ndarray | None = None

    def paint(self, without: Collection[int] = ()) -> Painted:
        """Paint it back to front, without the figures in ``without``."""
        image = self.background.copy()
        owner = np.zeros(image.shape[:2], np.int32)
        whole = np.zeros(len(self.figures), int)
        for thing in sorted(self.things, key=lambda t: t.ground):
            n = thing.figure
            if n in without:
                continue
            thing.strokes.paint(image, owner, (n + 1) << _PART_BITS)
            if n >= 0:
                whole[n] = np.count_nonzero(owner[self._around(n)] >> _PART_BITS == n + 1)
        return Painted(image, owner, whole)

    def _around(self, figure: int) -> tuple[slice, slice]:
        left, top, right, bottom = self.figures[figure].bounds
        return (
            slice(max(int(top) - 1, 0), max(int(bottom) + 3, 0)),
            slice(max(int(left) - 1, 0), max(int(right) + 3, 0)),
        )

    def label(self, painted: Painted, skeleton: Skeleton, min_visible: float) -> tuple[Labels, np.ndarray]:
        """Labels of all sufficiently visible figures, and bool (H, W) of the others."""
        ignore = np.zeros(painted.owner.shape, bool)
        wanted = np.isin(self.drawn.joints, skeleton.joints)
        joints, visibilities, areas, boxes, listed = [], [], [], [], []
        for n, figure in enumerate(self.figures):
            around = self._around(n)
            mask = painted.owner[around] >> _PART_BITS == n + 1
            area = int(np.count_nonzero(mask))
            visibility = self._visibility(figure, n, painted.owner)
            if area < max(min_visible * painted.whole[n], 1) or not visibility[wanted].any():
                ignore[around] |= mask
                continue
            x, y = np.flatnonzero(mask.any(0)) + around[1].start, np.flatnonzero(mask.any(1)) + around[0].start
            joints.append(np.where(visibility[:, None] > 0, figure.joints, 0))
            visibilities.append(visibility)
            areas.append(area)
            listed.append(n)
            boxes.append((x[0] - 0.5, y[0] - 0.5, x[-1] - x[0] + 1, y[-1] - y[0] + 1))
        ids = None if self.ids is None else self.ids[listed]
        if not joints:
            return replace(Labels.nobody(skeleton), ids=ids), ignore
        labels = Labels(np.stack(joints), np.stack(visibilities), self.drawn, np.array(areas), np.array(boxes), ids)
        labels = labels.to(skeleton)
        return replace(labels, xy=np.where(labels.present[..., None], labels.xy, 0)), ignore

    def _visibility(self, figure: Figure, number: int, owner: np.ndarray) -> np.ndarray:
        """int (K,): 2 where the joint's pixel shows a part it belongs to, 1 where it shows another, 0 outside."""
        height, width = owner.shape
        x, y = np.rint(figure.joints).astype(int).T
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        here = owner[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
        own = (here >> _PART_BITS == number + 1) & ~figure.away
        part = np.minimum(here & _PART_MASK, figure.shown_by.shape[1] - 1)
        shown = own & figure.shown_by[np.arange(len(x)), part]
        unlabelled = ~inside | (figure.away & self.unlabelled_away)
        return np.where(unlabelled, 0, np.where(shown, 2, 1))
