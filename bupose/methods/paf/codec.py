"""Part affinity fields: encoding of labels, decoding of people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bupose.maps import Grid, Maps, MapSpec
from bupose.methods.codec import Codec
from bupose.methods.paf.assembly import assemble_people
from bupose.methods.paf.fields import Fields, field_specs
from bupose.methods.paf.grouping import group_people
from bupose.methods.paf.limbs import score_limbs
from bupose.methods.paf.options import DecodeOptions, FieldLossOptions, TargetOptions
from bupose.methods.paf.targets import encode_labels
from bupose.methods.paf.trace import FieldTrace
from bupose.methods.peaks import find_peaks, smooth
from bupose.methods.targets import Targets
from bupose.methods.trace import Links
from bupose.people import Labels
from bupose.skeleton import Skeleton

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class FieldCodec(Codec):
    """Encodes labels into fields and decodes fields into people, for one skeleton and grid.

    Parameters
    ----------
    skeleton : Skeleton
    grid : Grid
    target : TargetOptions
        How fields are encoded; fixed for a network trained on them.
    decoder : DecodeOptions
        How fields are decoded.
    """

    target: TargetOptions = field(default_factory=TargetOptions)
    decoder: DecodeOptions = field(default_factory=DecodeOptions)

    name: ClassVar[str] = "paf"
    title: ClassVar[str] = "part affinity fields"
    Target: ClassVar[type] = TargetOptions
    Decoder: ClassVar[type] = DecodeOptions
    Loss: ClassVar[type] = FieldLossOptions

    @classmethod
    def outputs(cls, skeleton: Skeleton, target: TargetOptions | None = None) -> tuple[MapSpec, ...]:
        """Heatmaps and part affinity fields."""
        return field_specs(skeleton)

    def maps(self, arrays: Mapping[str, np.ndarray], grid: Grid | None = None) -> Fields:
        """The maps of one picture, as Fields."""
        return Fields(arrays["heat"], arrays["paf"], grid or self.grid, self.skeleton)

    def _encode(self, labels: Labels, size: tuple[int, int], ignore: np.ndarray | None) -> Targets:
        return encode_labels(labels, size, self.grid, self.target, ignore)

    def _explain(self, maps: Maps) -> FieldTrace:
        fields = maps if isinstance(maps, Fields) else self.maps(maps.arrays)
        if self.decoder.smooth:
            fields = self.maps({"heat": smooth(fields.heat, self.decoder.smooth), "paf": fields.paf})
        peaks = find_peaks(fields.heat, self.decoder.peak_threshold)
        candidates = score_limbs(peaks, fields.paf, self.skeleton, self.decoder)
        assembly = assemble_people(candidates, peaks, self.skeleton, self.decoder)
        people, members = group_people(fields, peaks, candidates, assembly, self.decoder)
        c, a = candidates, assembly
        links = Links(c.first, c.second, c.limb, c.score, c.weight, a.matched)
        return FieldTrace(fields, self.decoder, peaks, members, people, links, c, a.overlong, a.matched, a.used)

    def paint_batch(self, batch: Mapping[str, Tensor], size: tuple[int, int]) -> dict[str, Tensor]:
        """As ``Codec.paint_batch``, on the device of the batch."""
        from bupose.methods.paf.painting import paint_batch

        return paint_batch(batch, self, size)
