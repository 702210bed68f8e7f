"""The interface of a method: output maps, encoding of labels, decoding of people."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias, overload

import numpy as np

from bupose import kernels, skeletons
from bupose.errors import FieldsError, LabelsError, OptionsError
from bupose.maps import Grid, Maps, MapSpec
from bupose.methods.options import LossOptions, everybody, read_options
from bupose.methods.targets import Targets
from bupose.methods.trace import Trace
from bupose.people import Labels, People
from bupose.skeleton import Skeleton

if TYPE_CHECKING:
    from torch import Tensor

# Takes the maps of each stage by name, and a batch; returns scalars by name, ``loss`` is their sum.
LossFunction: TypeAlias = "Callable[[Sequence[Mapping[str, Tensor]], Mapping[str, Tensor]], dict[str, Tensor]]"
LARGEST = 1e6  # larger values count as damaged, like NaN


@dataclass(frozen=True)
class Codec:
    """A method for one skeleton and grid, with its options.

    A method is a subclass with class attributes, :meth:`outputs`, ``_encode`` and ``_explain``. Heads, losses, flipping
    and averaging, files, export and viewers follow from them.

    ``name`` is its key in :data:`bupose.methods.METHODS`, ``title`` its name in sentences. ``single`` methods find one
    person a picture; a ``fitted`` one's network takes it in the shape that it was trained on alone. ``Target``,
    ``Decoder`` and ``Loss`` are its options, dataclasses of :mod:`bupose.options`; ``Loss`` is a
    ``bupose.methods.LossOptions`` with a factor for each map, by the map's name.
    """

    skeleton: Skeleton
    grid: Grid = field(default_factory=Grid)
    target: Any = None
    decoder: Any = None

    name: ClassVar[str]
    title: ClassVar[str]
    single: ClassVar[bool] = False
    fitted: ClassVar[bool] = False
    Target: ClassVar[type]
    Decoder: ClassVar[type]
    Loss: ClassVar[type] = LossOptions

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "skeleton", skeletons.get(self.skeleton))
        for name, kind in (("target", self.Target), ("decoder", self.Decoder)):
            if getattr(self, name) is None:
                put(self, name, kind())
        for name, kind in (("grid", Grid), ("target", self.Target), ("decoder", self.Decoder)):
            if not isinstance(getattr(self, name), kind):
                raise OptionsError(f"the codec's {name} is {getattr(self, name)!r}; give a {kind.__name__}")

    # --- what a method defines ---

    @classmethod
    def outputs(cls, skeleton: Skeleton, target: Any = None) -> tuple[MapSpec, ...]:
        """The output maps, heatmaps first if any; they may depend on the options ``target``."""
        raise NotImplementedError

    def _encode(self, labels: Labels, size: tuple[int, int], ignore: np.ndarray | None) -> Targets:
        """Targets of labels in pixels of a picture of ``size`` = (width, height)."""
        raise NotImplementedError

    def _explain(self, maps: Maps) -> Trace:
        """Decode, and return every step; the maps are finite and not huge."""
        raise NotImplementedError

    @classmethod
    def build_loss(cls, skeleton: Skeleton, options: Any, target: Any = None) -> LossFunction:
        """The loss as a function of the stages and a batch; by default ``bupose.methods.loss.DenseLoss``."""
        from bupose.methods.loss import DenseLoss

        return DenseLoss(cls.outputs(skeleton, target), options, skeleton.limbs)

    def paint_batch(self, batch: Mapping[str, Tensor], size: tuple[int, int]) -> dict[str, Tensor]:
        """Targets of a batch, as tensors on its device; by default encoded one picture at a time on the CPU.

        Parameters
        ----------
        batch : mapping
            ``xy`` float32 (B, P, K, 2) px, ``present`` and ``visible`` bool (B, P, K), ``ignore`` bool (B, H, W).
        size : (width, height), px
        """
        from bupose.methods.painting import paint_one_by_one

        return paint_one_by_one(batch, self, size)

    # --- derived ---

    @cached_property
    def specs(self) -> tuple[MapSpec, ...]:
        """The output maps."""
        return self.outputs(self.skeleton, self.target)

    def maps(self, arrays: Mapping[str, np.ndarray], grid: Grid | None = None) -> Maps:
        """The maps of one picture, from arrays."""
        return Maps(arrays, grid or self.grid, self.skeleton, self.specs, self.name)

    def with_decoder(self, **values: Any) -> Self:
        """A copy with some decoder options changed."""
        return replace(self, decoder=read_options(self.Decoder, vars(self.decoder), values))

    def showing_everybody(self) -> Self:
        """A copy without thresholds on people and joints, for average precision."""
        return self.with_decoder(**everybody(self.Decoder))

    def encode(self, labels: Labels, size: tuple[int, int], ignore: np.ndarray | None = None) -> Targets:
        """Targets of labels (pixels) of a picture of ``size`` = (width, height).

        ``ignore``, bool (height, width), is True where the labels are unknown.

        Raises
        ------
        LabelsError
            The labels are of another skeleton, or the mask of another size.
        OptionsError
            The size is invalid, or too large for memory.
        """
        if not isinstance(labels, Labels):
            raise LabelsError(f"only Labels can be painted; got {type(labels).__name__}")
        if labels.skeleton != self.skeleton:
            raise LabelsError(
                f"labels of {labels.skeleton.name!r}; this codec paints {self.skeleton.name!r}: use labels.to()"
            )
        return self._encode(labels, size, ignore)

    @overload
    def decode(self, maps: Maps | Targets) -> People: ...
    @overload
    def decode(self, maps: Iterable[Maps | Targets]) -> list[People]: ...
    def decode(self, maps: Maps | Targets | Iterable[Maps | Targets]) -> People | list[People]:
        """Decode people, in pixels of the grid; for a sequence of maps a list, on all cores.

        Raises
        ------
        FieldsError
            The maps are of another skeleton or stride, or not Maps.
        """
        if isinstance(maps, (Maps, Targets)):
            return self.explain(maps).people
        several = list(maps) if isinstance(maps, Iterable) else [maps]
        others = {type(one).__name__ for one in several if not isinstance(one, (Maps, Targets))}
        if others:
            raise FieldsError(f"only Fields can be decoded; got {', '.join(sorted(others))}")
        if len(several) < 2:
            return [self.decode(one) for one in several]
        kernels.load()
        with ThreadPoolExecutor(min(len(several), os.cpu_count() or 1)) as pool:
            return list(pool.map(self.decode, several))

    def explain(self, maps: Maps | Targets) -> Trace:
        """Decode, and keep every step: maps, candidates, scores, assignments."""
        maps = maps.maps if isinstance(maps, Targets) else maps
        if not isinstance(maps, Maps):
            raise FieldsError(f"only Fields can be explained; got {type(maps).__name__}")
        if maps.skeleton != self.skeleton or maps.grid != self.grid:
            got = f"fields of {maps.skeleton.name!r} at stride {maps.grid.stride}"
            raise FieldsError(f"{got}; this codec reads {self.skeleton.name!r} at stride {self.grid.stride}")
        names = [spec.name for spec in self.specs]
        if [*maps.arrays] != names:
            raise FieldsError(f"{self.title} need the maps {', '.join(names)}; got {', '.join(maps.arrays)}")
        return self._explain(finite(maps))


def finite(maps: Maps) -> Maps:
    """The maps without NaN, infinite and huge values, as writable float32, which the kernels take."""
    arrays = {name: a if _is_ready(a) else np.require(a, np.float32, ["C", "W"]) for name, a in maps.arrays.items()}
    # The sum of squares bounds every value and is NaN if one is, ten times faster than a check of each.
    if not all(np.vdot(a, a) < LARGEST**2 for a in arrays.values()):
        arrays = {name: np.where(np.abs(a) < LARGEST, a, np.float32(0)) for name, a in arrays.items()}
    elif all(arrays[name] is maps.arrays[name] for name in arrays):
        return maps
    return maps.replace(**arrays)


def _is_ready(array: np.ndarray) -> bool:
    return array.flags.carray and array.dtype == np.float32
