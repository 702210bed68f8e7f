"""Regression of a single person: encoding of labels, reading of the person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from bupose.maps import Maps, MapSpec
from bupose.methods.codec import Codec, LossFunction
from bupose.methods.peaks import Peaks
from bupose.methods.regression.options import (
    RegressionDecodeOptions,
    RegressionLossOptions,
    RegressionTargetOptions,
)
from bupose.methods.regression.trace import RegressionTrace
from bupose.methods.single.trace import link_candidates
from bupose.methods.targets import Targets, check_shape, in_cells, known_share, place_largest
from bupose.people import Labels, People
from bupose.skeleton import Skeleton


@dataclass(frozen=True)
class RegressionCodec(Codec):
    """Encodes labels into the place of each joint of one person, and reads it again, for one skeleton and grid.

    Each cell says how far it is from it to each joint, so that maps are flipped, resized, cropped and merged like any
    others; head ``regression`` lets all cells say the same place. A joint is where they say it is in the mean.

    Notes
    -----
    Toshev and Szegedy 2014 (DeepPose); with ``target.likelihood`` Li et al. 2021 (residual log-likelihood), where a
    joint's score is 1 − σ, the mean over x and y of deviations as shares of the picture's sides.
    """

    target: RegressionTargetOptions = field(default_factory=RegressionTargetOptions)
    decoder: RegressionDecodeOptions = field(default_factory=RegressionDecodeOptions)

    name: ClassVar[str] = "regression"
    title: ClassVar[str] = "a single person's joints as numbers"
    single: ClassVar[bool] = True
    fitted: ClassVar[bool] = True
    Target: ClassVar[type] = RegressionTargetOptions
    Decoder: ClassVar[type] = RegressionDecodeOptions
    Loss: ClassVar[type] = RegressionLossOptions

    @classmethod
    def outputs(cls, skeleton: Skeleton, target: RegressionTargetOptions | None = None) -> tuple[MapSpec, ...]:
        """Offsets from each cell, in cells; and 1 − σ along x and y."""
        offset = MapSpec.of_joints("offset", skeleton, vector=True, lengths=True, stored="float16")
        sure = MapSpec.of_joints("sure", skeleton, depth=2)
        return (offset, sure) if target is None or target.likelihood else (offset,)

    def _encode(self, labels: Labels, size: tuple[int, int], ignore: np.ndarray | None) -> Targets:
        h, w = check_shape(size, self.grid)
        labels, xy, present = in_cells(labels, self.grid)
        place = place_largest(labels, xy, present, (h, w))
        cells = np.stack(np.meshgrid(np.arange(w), np.arange(h)))
        known = place[:, 2, None, None, None]
        maps = {"offset": known * (place[:, :2, None, None] - cells)}
        if self.target.likelihood:
            maps["sure"] = np.broadcast_to(known, (len(place), 2, h, w))
        return Targets(self.maps(maps), known_share(ignore, size, self.grid), {"place": place})

    def _explain(self, maps: Maps) -> RegressionTrace:
        offset, options, (h, w) = maps.arrays["offset"], self.decoder, maps.cells
        middle = np.array([(w - 1) / 2, (h - 1) / 2])
        xy = offset.mean((2, 3), dtype=np.float64) + middle
        score = np.ones(len(xy))
        if self.target.likelihood:
            score = np.clip(maps.arrays["sure"], 0, 1).mean((1, 2, 3), dtype=np.float64)
        here = (score >= options.min_joint_score) & (score > 0)
        rows = np.flatnonzero(here).astype(np.int32)
        start = np.searchsorted(rows, np.arange(len(xy) + 1)).astype(np.int32)
        cell = np.clip(np.rint(xy[rows, ::-1]), 0, (h - 1, w - 1)).astype(np.int32)
        peaks = Peaks(rows, xy[rows].astype(np.float32), score[rows].astype(np.float32), start, cell)
        members = np.where(here, np.cumsum(here) - 1, -1).astype(np.int32)
        person = float(np.where(here, score, 0).mean())
        found = (here & (self.skeleton.joint_parts == 0)).sum() >= options.min_joints
        if found and person >= options.min_person_score:
            place = self.grid.to_pixels(np.where(here[:, None], xy, np.nan))
            people = People(place[None], np.where(here, score, 0)[None], np.array([person]), self.skeleton)
        else:
            people = People.nobody(self.skeleton)
        links = link_candidates(peaks, members if len(people) else np.full_like(members, -1))
        return RegressionTrace(maps, options, peaks, members[None][: len(people)], people, links)

    @classmethod
    def build_loss(
        cls, skeleton: Skeleton, options: RegressionLossOptions, target: RegressionTargetOptions | None = None
    ) -> LossFunction:
        """The likelihood of the joints, or their squared error."""
        from bupose.methods.regression.loss import RegressionLoss

        return RegressionLoss(options, target is None or target.likelihood)
