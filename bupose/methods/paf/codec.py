"""One object that writes people into fields and reads them out again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np

from bupose import kernels, skeletons
from bupose.errors import FieldsError, LabelsError, OptionsError
from bupose.fields import Fields, Grid
from bupose.methods.paf.grouping import group_people
from bupose.methods.paf.lengths import find_overlong
from bupose.methods.paf.limbs import score_limbs
from bupose.methods.paf.matching import match_limbs
from bupose.methods.paf.options import DecodeOptions, TargetOptions, read_options
from bupose.methods.paf.targets import Targets, encode_labels
from bupose.methods.paf.trace import Trace
from bupose.methods.peaks import find_peaks, smooth
from bupose.people import Labels, People
from bupose.skeleton import Skeleton

LARGEST = 1e6  # fields beyond are no evidence: damaged, like NaN


@dataclass(frozen=True)
class FieldCodec:
    """Encodes labels into fields and decodes fields into people, for one skeleton and grid.

    Parameters
    ----------
    skeleton : Skeleton
    grid : Grid
    target : TargetOptions
        How fields are painted; a network trained on them keeps these for good.
    decoder : DecodeOptions
        How fields are read.
    """

    skeleton: Skeleton
    grid: Grid = field(default_factory=Grid)
    target: TargetOptions = field(default_factory=TargetOptions)
    decoder: DecodeOptions = field(default_factory=DecodeOptions)

    def __post_init__(self) -> None:
        object.__setattr__(self, "skeleton", skeletons.get(self.skeleton))
        for name, kind in (("grid", Grid), ("target", TargetOptions), ("decoder", DecodeOptions)):
            if not isinstance(getattr(self, name), kind):
                raise OptionsError(f"the codec's {name} is {getattr(self, name)!r}; give a {kind.__name__}")

    def with_decoder(self, **values) -> FieldCodec:
        """The same codec with some decode options changed."""
        return replace(self, decoder=read_options(vars(self.decoder), values))

    def encode(self, labels: Labels, size: tuple[int, int], ignore: np.ndarray | None = None) -> Targets:
        """Paint labels (pixels) of a picture of ``size`` = (width, height) into target fields.

        ``ignore``, bool (height, width), is True where nothing is known of the picture.

        Raises
        ------
        LabelsError
            The labels are of another skeleton, or the mask of another size.
        OptionsError
            The size is none, or beyond what fits into memory.
        """
        if not isinstance(labels, Labels):
            raise LabelsError(f"only Labels can be painted; got {type(labels).__name__}")
        if labels.skeleton != self.skeleton:
            raise LabelsError(
                f"labels of {labels.skeleton.name!r}; this codec paints {self.skeleton.name!r}: use labels.to()"
            )
        return encode_labels(labels, size, self.grid, self.target, ignore)

    def decode(self, fields: Fields | Sequence[Fields]) -> People | list[People]:
        """People in pixels of the grid; for a sequence of fields a list, decoded on all cores.

        Raises
        ------
        FieldsError
            The fields are of another skeleton or stride, or no Fields at all.
        """
        if isinstance(fields, Fields):
            return self.explain(fields).people
        fields = list(fields) if isinstance(fields, Iterable) else [fields]
        others = {type(one).__name__ for one in fields if not isinstance(one, Fields)}
        if others:
            raise FieldsError(f"only Fields can be decoded; got {', '.join(sorted(others))}")
        if len(fields) < 2:
            return [self.decode(f) for f in fields]
        kernels.load()
        with ThreadPoolExecutor(min(len(fields), os.cpu_count() or 1)) as pool:
            return list(pool.map(self.decode, fields))

    def explain(self, fields: Fields) -> Trace:
        """Decode, and keep every step: the fields as they were read, candidates, scores, what was chosen and used."""
        if not isinstance(fields, Fields):
            raise FieldsError(f"only Fields can be explained; got {type(fields).__name__}")
        if fields.skeleton != self.skeleton or fields.grid != self.grid:
            got = f"fields of {fields.skeleton.name!r} at stride {fields.grid.stride}"
            raise FieldsError(f"{got}; this codec reads {self.skeleton.name!r} at stride {self.grid.stride}")
        fields = _finite(fields)
        if self.decoder.smooth:
            fields = replace(fields, heat=smooth(fields.heat, self.decoder.smooth))
        peaks = find_peaks(fields.heat, self.decoder.peak_threshold)
        candidates = score_limbs(peaks, fields.paf, self.skeleton, self.decoder)
        matched = match_limbs(candidates, peaks, self.decoder)
        overlong = find_overlong(candidates, matched, peaks, self.skeleton, self.decoder)
        if overlong.any():
            matched = match_limbs(candidates, peaks, self.decoder, ~overlong)
        people, members, used = group_people(fields, peaks, candidates, matched, self.decoder)
        return Trace(fields, self.decoder, peaks, candidates, overlong, matched, used, members, people)


def _finite(fields: Fields) -> Fields:
    """The same fields without NaN, infinite and huge values, writable: the one type the kernels are compiled for."""
    arrays = [np.require(a, np.float32, ["C", "W"]) for a in (fields.heat, fields.paf)]
    # The sum of squares bounds every value and is NaN if one is, in a tenth of the time of looking at each.
    if not all(np.vdot(a, a) < LARGEST**2 for a in arrays):
        arrays = [np.where(np.abs(a) < LARGEST, a, np.float32(0)) for a in arrays]
    elif all(a is b for a, b in zip(arrays, (fields.heat, fields.paf), strict=True)):
        return fields
    return Fields(*arrays, fields.grid, fields.skeleton)
