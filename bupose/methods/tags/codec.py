"""Associative embedding: encoding of labels, decoding of people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from bupose import kernels
from bupose.maps import Maps, MapSpec
from bupose.methods.codec import Codec, LossFunction
from bupose.methods.peaks import find_peaks, smooth
from bupose.methods.tags.grouping import group_peaks, make_people, read_tags
from bupose.methods.tags.options import TagDecodeOptions, TagLossOptions, TagTargetOptions
from bupose.methods.tags.trace import TagTrace
from bupose.methods.targets import Targets, check_shape, in_cells, known_share
from bupose.people import Labels
from bupose.skeleton import Skeleton


@dataclass(frozen=True)
class TagCodec(Codec):
    """Encodes labels into heatmaps and decodes heatmaps and tags into people, for one skeleton and grid.

    Notes
    -----
    Newell, Huang and Deng 2017; grouping and refinement by Cheng et al. 2020 (HigherHRNet).
    """

    target: TagTargetOptions = field(default_factory=TagTargetOptions)
    decoder: TagDecodeOptions = field(default_factory=TagDecodeOptions)

    name: ClassVar[str] = "tags"
    title: ClassVar[str] = "tags"
    Target: ClassVar[type] = TagTargetOptions
    Decoder: ClassVar[type] = TagDecodeOptions
    Loss: ClassVar[type] = TagLossOptions

    @classmethod
    def outputs(cls, skeleton: Skeleton, target: TagTargetOptions | None = None) -> tuple[MapSpec, ...]:
        """Heatmaps and tag maps; tags of several views are stacked, as they have no meaningful mean."""
        tags = MapSpec.of_joints("tags", skeleton, depth=None, merge="stack", stored="float16")
        return MapSpec.of_joints("heat", skeleton), tags

    def _encode(self, labels: Labels, size: tuple[int, int], ignore: np.ndarray | None) -> Targets:
        shape = check_shape(size, self.grid)
        _, xy, present = in_cells(labels, self.grid)
        heat = kernels.load("encode").paint_heat(shape, xy, present, self.target.sigma / self.grid.stride)
        weight = known_share(ignore, size, self.grid, (heat > 0).any(0))
        maps = Maps({"heat": heat}, self.grid, self.skeleton, self.specs[:1], self.name)
        return Targets(maps, weight, {"cells": number_cells(xy, present, shape)})

    def _explain(self, maps: Maps) -> TagTrace:
        if self.decoder.smooth:
            maps = maps.replace(heat=smooth(maps.arrays["heat"], self.decoder.smooth))
        heat, tags = maps.arrays["heat"], maps.arrays["tags"]
        peaks = find_peaks(heat, self.decoder.peak_threshold)
        members, links = group_peaks(peaks, read_tags(peaks, tags), self.skeleton, self.decoder)
        people, members = make_people(heat, tags, peaks, members, self.skeleton, self.grid, self.decoder)
        return TagTrace(maps, self.decoder, peaks, members, people, links)

    @classmethod
    def build_loss(
        cls, skeleton: Skeleton, options: TagLossOptions, target: TagTargetOptions | None = None
    ) -> LossFunction:
        """The heatmap loss, and pull and push losses of tags."""
        from bupose.methods.tags.loss import TagLoss

        return TagLoss(cls.outputs(skeleton, target), options, skeleton.limbs)


def number_cells(xy: np.ndarray, present: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """int32 (P, K): 1 + index (row-major) of the cell of each joint (P, K, 2); 0 if outside."""
    h, w = shape
    column, row = np.moveaxis(np.floor(np.where(present[..., None], xy, -1) + 0.5), -1, 0)
    inside = (column >= 0) & (column < w) & (row >= 0) & (row < h)
    return np.where(inside, row * w + column + 1, 0).astype(np.int32)
