"""A single person's heatmaps: encoding of labels, reading of the person."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from bupose import kernels
from bupose.maps import Maps, MapSpec
from bupose.methods.codec import Codec, LossFunction
from bupose.methods.peaks import Peaks, find_peaks, smooth
from bupose.methods.scoring import COMPLETED, expected_similarity, list_people
from bupose.methods.single.options import SingleDecodeOptions, SingleLossOptions, SingleTargetOptions
from bupose.methods.single.reading import highest_cells, read_positions
from bupose.methods.single.trace import SingleTrace, link_candidates
from bupose.methods.targets import Targets, check_shape, in_cells, known_share, place_largest
from bupose.people import Labels, People
from bupose.skeleton import Skeleton


@dataclass(frozen=True)
class SingleCodec(Codec):
    """Encodes labels into heatmaps, and reads one person from heatmaps, for one skeleton and grid.

    Notes
    -----
    As convolutional pose machines (Wei et al. 2016), stacked hourglass (Newell et al. 2016), CPN (Chen et al. 2018),
    simple baselines (Xiao et al. 2018) and HRNet (Sun et al. 2019) are read, for one person a picture or crop. With
    ``target.hidden`` as OccNet (Golda et al. 2019): a joint is read from the higher one of its two maps.
    """

    target: SingleTargetOptions = field(default_factory=SingleTargetOptions)
    decoder: SingleDecodeOptions = field(default_factory=SingleDecodeOptions)

    name: ClassVar[str] = "single"
    title: ClassVar[str] = "a single person's heatmaps"
    single: ClassVar[bool] = True
    Target: ClassVar[type] = SingleTargetOptions
    Decoder: ClassVar[type] = SingleDecodeOptions
    Loss: ClassVar[type] = SingleLossOptions

    @classmethod
    def outputs(cls, skeleton: Skeleton, target: SingleTargetOptions | None = None) -> tuple[MapSpec, ...]:
        """Heatmaps; with ``hidden`` of visible, then of hidden joints."""
        names = ("heat", "hidden") if target and target.hidden else ("heat",)
        return tuple(MapSpec.of_joints(name, skeleton) for name in names)

    def _encode(self, labels: Labels, size: tuple[int, int], ignore: np.ndarray | None) -> Targets:
        shape = check_shape(size, self.grid)
        labels, xy, present = in_cells(labels, self.grid)
        shown = {"heat": present}
        if self.target.hidden:
            hidden = labels.visibility == 1
            shown = {"heat": present & ~hidden, "hidden": present & hidden}
        paint = kernels.load("encode").paint_heat
        maps = {name: paint(shape, xy, here, self.cell_sigma) for name, here in shown.items()}
        weight = known_share(ignore, size, self.grid, np.any([(m > 0).any(0) for m in maps.values()], 0))
        extra = {f"{name}_place": place_largest(labels, xy, here, shape) for name, here in shown.items()}
        known = np.asarray(present.any(0) | (not len(labels)), np.float32)
        extra |= {f"{name}_known": known for name in shown}
        return Targets(self.maps(maps), weight, extra)

    @property
    def cell_sigma(self) -> float:
        """Standard deviation of the targets' Gaussians, cells."""
        return float(self.target.sigma / self.grid.stride)

    def _explain(self, maps: Maps) -> SingleTrace:
        options = self.decoder
        if options.smooth:
            maps = maps.replace(**{name: smooth(a, options.smooth) for name, a in maps.arrays.items()})
        heat, hidden = maps.arrays["heat"], None
        if self.target.hidden:
            hidden = maps.arrays["hidden"].max((1, 2)) > heat.max((1, 2))
            heat = np.where(hidden[:, None, None], maps.arrays["hidden"], heat)
        peaks = find_peaks(heat, options.peak_threshold)
        members = _highest(peaks)
        people, kept = People.nobody(self.skeleton), np.zeros(1, bool)
        if (members >= 0).sum() >= options.min_joints:
            people, kept = self._read(heat, members >= 0)
        if hidden is not None:
            people = replace(people, hidden=people.present & hidden)
        links = link_candidates(peaks, members if len(people) else np.full_like(members, -1))
        return SingleTrace(maps, options, peaks, members[None][kept], people, links)

    def _read(self, heat: np.ndarray, here: np.ndarray) -> tuple[People, np.ndarray]:
        """The person, or nobody, and bool (1,): which. ``here``, bool (K,), are the joints with a candidate."""
        options = self.decoder
        height = np.clip(heat.max((1, 2)), 0, 1)
        completed = ~here & (height > 0) & options.completion
        xy = read_positions(heat, highest_cells(heat), options.read, options.sharpness, self.cell_sigma)
        xy[~(here | completed)] = np.nan
        score = np.where(completed, np.float32(COMPLETED), here) * height
        similar = expected_similarity(xy[None], self.skeleton.sigmas, float(options.localization_sigma))
        person = score.mean(keepdims=True)
        people, kept = list_people(
            xy[None], score[None], person, similar, completed[None], self.skeleton, self.grid, options
        )
        kept &= person >= options.min_person_score
        return people[: int(kept.sum())], kept

    @classmethod
    def build_loss(
        cls, skeleton: Skeleton, options: SingleLossOptions, target: SingleTargetOptions | None = None
    ) -> LossFunction:
        """The heatmaps' loss, and that of positions read by softmax."""
        from bupose.methods.single.loss import SingleLoss

        return SingleLoss(cls.outputs(skeleton, target), options, skeleton.limbs)


def _highest(peaks: Peaks) -> np.ndarray:
    """int32 (K,): the row of each joint's highest candidate, -1 for none."""
    rows = [(a + peaks.score[a:b].argmax() if b > a else -1) for a, b in zip(peaks.start, peaks.start[1:])]
    return np.array(rows, np.int32)
