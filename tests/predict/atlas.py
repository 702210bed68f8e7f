"""Photos whose pixels tell where they are, and a network that knows who stands there, if it sees them large enough."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bupose import geometry, methods
from bupose.benchmark.crowd import standing
from bupose.maps import Grid
from bupose.people import Labels
from bupose.skeletons import COCO18

PAD = (0, 0, 255)


def paint(width, height, number=0):
    """uint8 (H, W, 3): red grows with x, green with y, and blue is the photo's number."""
    image = np.empty((height, width, 3), np.uint8)
    image[..., 0] = np.rint(250 * (np.arange(width) + 0.5) / width)
    image[..., 1] = np.rint(250 * (np.arange(height) + 0.5) / height)[:, None]
    image[..., 2] = number
    return image


def people_at(places, heights):
    """Labels of standing people: the tops of their heads, and their heights, px."""
    xy = np.array(places, float)[:, None] + np.array(heights, float)[:, None, None] * standing(COCO18)
    return Labels(xy, np.full(xy.shape[:2], 2), COCO18)


class AtlasNetwork:
    """Gives perfect maps of who is in a view, without those who are shown smaller than ``least`` px.

    Parameters
    ----------
    scenes : list of (Labels, (width, height))
        By the photos' numbers.
    """

    multiple, pad = 16, PAD

    def __init__(self, scenes, method="paf", least=40, height=368):
        self.scenes, self.method, self.least = scenes, method, least
        self.codec = methods.get(method)(COCO18, Grid(8))
        self.skeleton, self.grid = COCO18, self.codec.grid
        self.decoder, self.preprocess, self.target, self.category = {}, {"height": height}, {}, {}
        self.seen = []  # (width, height) of every view

    def __call__(self, images):
        found = [self._look(image) for image in images]
        return tuple(np.stack(maps) for maps in zip(*found, strict=True))

    def _look(self, image):
        height, width = image.shape[:2]
        self.seen.append((width, height))
        shown = image[..., 2] < 16  # not mixed with padding
        labels, size = self.scenes[int(np.median(image[shown][:, 2]))]
        columns, rows = np.flatnonzero(shown.any(0)), np.flatnonzero(shown.any(1))
        x, y = np.median(image[..., 0], 0)[columns], np.median(image[..., 1], 1)[rows]
        matrix = geometry.invert(np.array([_line(columns, x, size[0]), _line(rows, y, size[1])[[1, 0, 2]]]))
        turned = matrix[0, 0] < 0
        labels = labels.transform(matrix)
        if turned:
            labels = replace(labels, xy=labels.xy[:, COCO18.mirror_joints])
        labels = self._choose(labels, width, height)
        large = labels.box[:, 2:].max(1, initial=0) >= self.least
        inside = ((labels.xy >= 0) & (labels.xy < (columns[-1] + 1, rows[-1] + 1))).all(2)
        labels = replace(labels, visibility=labels.visibility * inside)[large & (inside.sum(1) > 2)]
        arrays = {"tags": self._tags(labels, width, height), **self.codec.encode(labels, (width, height)).maps.arrays}
        return [arrays[spec.name] for spec in self.codec.specs]

    def _choose(self, labels, width, height):
        """Whom it sees: everybody."""
        return labels

    def _tags(self, labels, width, height):
        """float32 (K, 1, h, w): the number of the person whose joint is nearest."""
        h, w = self.grid.shape(width, height)
        if not len(labels):
            return np.zeros((len(COCO18.joints), 1, h, w), np.float32)
        cells = self.grid.to_pixels(np.stack(np.meshgrid(np.arange(w), np.arange(h)), -1))
        distance = ((labels.xy[:, :, None, None] - cells) ** 2).sum(-1)
        return distance.argmin(0)[:, None].astype(np.float32)


class OnePerson(AtlasNetwork):
    """Gives perfect heatmaps of whoever stands nearest to the middle of a view."""

    def __init__(self, scenes, least=1, height=256, **preprocess):
        super().__init__(scenes, "single", least, height)
        self.preprocess |= preprocess

    def _choose(self, labels, width, height):
        middle = labels.box[:, :2] + labels.box[:, 2:] / 2
        return labels[[int(np.hypot(*(middle - ((width - 1) / 2, (height - 1) / 2)).T).argmin())]]


def _line(cells, values, length):
    """(slope, 0, offset) of the photo's pixels over the view's, from a colour that grows along them."""
    middle = (values > values.min()) & (values < values.max()) if len(cells) > 4 else np.ones(len(cells), bool)
    slope, offset = np.polyfit(cells[middle], values[middle] / 250 * length - 0.5, 1)
    return np.array([slope, 0, offset])
