"""Centre and offsets: heatmaps, a centre map, and offsets from a centre to its joints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from bupose.maps import Maps, MapSpec
from bupose.methods.centre.centres import find_centres
from bupose.methods.centre.grouping import add_centres, assign_peaks, locate_peaks, make_people, search_cells
from bupose.methods.centre.options import CentreDecodeOptions, CentreLossOptions, CentreTargetOptions
from bupose.methods.centre.targets import encode_labels
from bupose.methods.centre.trace import CentreTrace
from bupose.methods.codec import Codec, LossFunction
from bupose.methods.peaks import smooth
from bupose.methods.targets import Targets
from bupose.people import Labels
from bupose.skeleton import Skeleton


@dataclass(frozen=True)
class CentreCodec(Codec):
    """Encodes labels into centres and offsets and decodes those into people, for one skeleton and grid.

    Parameters
    ----------
    skeleton : Skeleton
    grid : Grid
    target : CentreTargetOptions
    decoder : CentreDecodeOptions

    Notes
    -----
    Zhou et al. 2019 (CenterNet), Nie et al. 2019 (SPM), Geng et al. 2021 (DEKR).
    """

    target: CentreTargetOptions = field(default_factory=CentreTargetOptions)
    decoder: CentreDecodeOptions = field(default_factory=CentreDecodeOptions)

    name: ClassVar[str] = "centre"
    title: ClassVar[str] = "centres and offsets"
    Target: ClassVar[type] = CentreTargetOptions
    Decoder: ClassVar[type] = CentreDecodeOptions
    Loss: ClassVar[type] = CentreLossOptions

    @classmethod
    def outputs(cls, skeleton: Skeleton, target: CentreTargetOptions | None = None) -> tuple[MapSpec, ...]:
        """Heatmaps, centres, offsets in cells; local offsets and boxes if the target options enable them."""
        target = target or CentreTargetOptions()
        lengths: dict[str, Any] = {"lengths": True, "stored": "float16"}
        specs = [
            MapSpec.of_joints("heat", skeleton),
            MapSpec.of_people("centre"),
            MapSpec.of_joints("offset", skeleton, vector=True, **lengths),
        ]
        if target.local:
            specs.append(MapSpec.of_joints("local", skeleton, vector=True, **lengths))
        if target.box:
            specs.append(MapSpec("box_size", ("width", "height"), (0, 1), **lengths))
            specs.append(MapSpec.of_people("box_offset", vector=True, **lengths))
        return tuple(specs)

    def _encode(self, labels: Labels, size: tuple[int, int], ignore: np.ndarray | None) -> Targets:
        return encode_labels(labels, size, self, ignore)

    def _explain(self, maps: Maps) -> CentreTrace:
        options = self.decoder
        if options.smooth:
            maps = maps.replace(heat=smooth(maps.arrays["heat"], options.smooth))
        centres = find_centres(maps, options)
        if options.snap == "cells":
            peaks, links = search_cells(centres, maps.arrays, options)
        else:
            peaks = locate_peaks(maps.arrays, options)
            links = assign_peaks(centres, peaks, options)
        people, members, rows = make_people(maps, centres, peaks, links, options)
        return CentreTrace(maps, options, add_centres(peaks, centres), members, people, links, centres, rows)

    @classmethod
    def build_loss(
        cls, skeleton: Skeleton, options: CentreLossOptions, target: CentreTargetOptions | None = None
    ) -> LossFunction:
        """As ``Codec.build_loss``, with absolute error for lengths where known."""
        from bupose.methods.centre.loss import CentreLoss

        return CentreLoss(cls.outputs(skeleton, target), options, skeleton.limbs)
