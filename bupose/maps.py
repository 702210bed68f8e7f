"""The output of a network: named maps on a grid of cells, and how each is flipped, resized, merged and stored."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from bupose import skeletons
from bupose.errors import FieldsError
from bupose.options import shown
from bupose.skeleton import Skeleton

if TYPE_CHECKING:
    from torch import Tensor

Numbers = TypeVar("Numbers", float, np.ndarray, "Tensor")

MOST_STRIDE = 1024


@dataclass(frozen=True)
class Grid:
    """The relation between pixels and cells: cell u is centred at pixel ``u*stride + (stride-1)/2``.

    That is the centre of the ``stride`` pixels it covers, so mirroring a picture whose width is a multiple of the
    stride mirrors the cells exactly.
    """

    stride: int = 8

    def __post_init__(self) -> None:
        number = isinstance(self.stride, (int, float, np.number)) and not isinstance(self.stride, bool)
        if not number or not 1 <= self.stride <= MOST_STRIDE or self.stride % 1 != 0:
            raise FieldsError(
                f"a grid's stride is a whole number of pixels from 1 to {MOST_STRIDE}; got {shown(self.stride)}"
            )
        object.__setattr__(self, "stride", int(self.stride))  # a file may say 8.0

    @property
    def offset(self) -> float:
        """Pixel position of the centre of cell 0."""
        return (self.stride - 1) / 2

    def to_pixels(self, cells: Numbers) -> Numbers:
        """Cells -> pixels."""
        return cells * self.stride + self.offset

    def to_cells(self, pixels: Numbers) -> Numbers:
        """Pixels -> cells."""
        return (pixels - self.offset) / self.stride

    def shape(self, width: int, height: int) -> tuple[int, int]:
        """Cells (h, w) of a picture whose sides are padded up to a multiple of the stride."""
        return -(-int(height) // self.stride), -(-int(width) // self.stride)


@dataclass(frozen=True)
class MapSpec:
    """One output map of a network, and how it is flipped, resized, merged and stored.

    Parameters
    ----------
    name : str
        As in ``maps.arrays[name]``.
    rows : tuple of str
        Names along the first axis: joints, limbs (``first-second``), or the single ``person``.
    mirror : tuple of int
        Row i of the flipped map is row ``mirror[i]`` of this one.
    sign : tuple of float
        ±1 per row: −1 where flipping reverses its direction. Empty means 1 for all.
    vector : bool
        The second axis holds x and y; flipping negates x.
    depth : int or None
        Values per cell and row: 1 adds no axis; None adds an axis with one entry per view (``stack``).
    lengths : bool
        Values are lengths in cells, rescaled when the map is resized.
    merge : "mean" or "stack"
        How several views of a picture are merged: averaged, or stacked along the second axis.
    stored, step : str, float
        Storage of a saved map: values are ``step`` times a number of this dtype; float16 has no step.
    """

    name: str
    rows: tuple[str, ...]
    mirror: tuple[int, ...]
    sign: tuple[float, ...] = ()
    vector: bool = False
    depth: int | None = 1
    lengths: bool = False
    merge: str = "mean"
    stored: str = "uint8"
    step: float = 1 / 255

    @classmethod
    def of_joints(cls, name: str, skeleton: Skeleton, **rules: Any) -> MapSpec:
        """A map with a row for each joint."""
        return cls(name, skeleton.joints, tuple(skeleton.mirror_joints.tolist()), **rules)

    @classmethod
    def of_limbs(cls, name: str, skeleton: Skeleton, **rules: Any) -> MapSpec:
        """A map with a row for each limb."""
        order, sign = skeleton.mirror_limbs
        return cls(name, skeleton.limb_names, tuple(order.tolist()), tuple(sign.tolist()), **rules)

    @classmethod
    def of_people(cls, name: str, **rules: Any) -> MapSpec:
        """A map with a single row, for whole people."""
        return cls(name, ("person",), (0,), **rules)

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Axes before (h, w); None is of any length."""
        return (len(self.rows),) + (2,) * self.vector + ((self.depth,) if self.depth != 1 else ())

    @property
    def channels(self) -> int:
        """Channels of a network's output for one view."""
        return math.prod(n or 1 for n in self.shape)

    def fits(self, shape: Sequence[int]) -> bool:
        """Whether an array of this shape may be such a map."""
        own = self.shape
        return len(shape) == len(own) + 2 and all(n is None or n == m for n, m in zip(own, shape, strict=False))

    def match(self, other: MapSpec) -> tuple[np.ndarray, np.ndarray]:
        """int64 (R,): index in ``other`` of each row, −1 if missing; float32 (R,): −1 for reversed limbs."""
        where = {row: n for n, row in enumerate(other.rows)}
        rows, signs = [], []
        for row in self.rows:
            cuts = [n for n, letter in enumerate(row) if letter == "-"] if self.vector and row not in where else []
            turned = [where[name] for n in cuts if (name := f"{row[n + 1 :]}-{row[:n]}") in where]
            rows.append(turned[0] if turned else where.get(row, -1))
            signs.append(-1.0 if turned else 1.0)
        return np.array(rows, np.int64), np.array(signs, np.float32)

    def flip(self, array: np.ndarray) -> np.ndarray:
        """The map of the mirrored picture."""
        flipped = array[list(self.mirror)][..., ::-1]
        factor = np.array(self.sign or (1.0,) * len(self.rows), np.float32)
        factor = factor.reshape(-1, *[1] * (array.ndim - 1))
        if self.vector:
            factor = factor * np.array([-1, 1], np.float32).reshape(1, 2, *[1] * (array.ndim - 2))
        return flipped * factor if (factor != 1).any() else np.ascontiguousarray(flipped)

    def join(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        """Merge several views of one picture, on one grid, into one map."""
        return np.concatenate(arrays, 1) if self.merge == "stack" else np.mean(arrays, 0)

    def pack(self, array: np.ndarray) -> np.ndarray:
        """Quantize for storage; NaN and infinite values become 0: no evidence."""
        known = np.where(np.isfinite(array), array, 0)
        if self.stored == "float16":
            return np.clip(known, -65504, 65504).astype(np.float16)
        limits = np.iinfo(self.stored)
        return np.clip(np.round(known * round(1 / self.step)), limits.min, limits.max).astype(self.stored)

    def unpack(self, stored: np.ndarray) -> np.ndarray:
        """The inverse of :meth:`pack`, within half a step; floats are unchanged.

        Raises
        ------
        FieldsError
            Integers of another dtype than this map is stored in.
        """
        if stored.dtype == np.dtype(self.stored) and stored.dtype.kind != "f":
            return stored.astype(np.float32) / round(1 / self.step)
        if stored.dtype.kind != "f":
            whole = f", or {self.stored} holding {round(1 / self.step)} x the value" * (self.stored != "float16")
            raise FieldsError(f"{self.name} is of {stored.dtype}; save floats{whole}")
        return stored


@dataclass(frozen=True, repr=False)
class Maps:
    """All maps of one picture.

    Parameters
    ----------
    arrays : dict of name to float32 array (rows, …, h, w)
        One for each of ``specs``.
    grid : Grid
    skeleton : Skeleton
        Anything that :func:`bupose.skeletons.get` takes.
    specs : tuple of MapSpec
    method : str
        Key in :data:`bupose.methods.METHODS` of the method that decodes them; empty if unknown.

    Raises
    ------
    FieldsError
        A map is missing or superfluous, does not fit its spec or the other maps, or is not numeric. NaN and infinite
        values are allowed and count as no evidence.
    """

    arrays: Mapping[str, np.ndarray]
    grid: Grid
    skeleton: Skeleton
    specs: tuple[MapSpec, ...]
    method: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.grid, Grid):
            raise FieldsError(f"the grid of fields is {self.grid!r}; give a Grid, as in bupose.Grid(8)")
        object.__setattr__(self, "skeleton", skeletons.get(self.skeleton))
        arrays = {name: float_array(values, name) for name, values in self.arrays.items()}
        object.__setattr__(self, "arrays", arrays)
        names = [spec.name for spec in self.specs]
        if set(arrays) != set(names):
            raise FieldsError(f"there are maps {', '.join(arrays) or 'of no name'}; wanted are {', '.join(names)}")
        cells = arrays[names[0]].shape[-2:]
        for spec in self.specs:
            got = arrays[spec.name].shape
            if not spec.fits(got) or got[-2:] != cells:
                want = ", ".join("n" if n is None else str(n) for n in (*spec.shape, *cells))
                raise FieldsError(
                    f"{spec.name} has shape {got}; skeleton {self.skeleton.name!r} and the other maps need ({want})"
                )

    @property
    def cells(self) -> tuple[int, int]:
        """(h, w)."""
        return self.arrays[self.specs[0].name].shape[-2:]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture, padded to a multiple of the stride, pixels."""
        h, w = self.cells
        return w * self.grid.stride, h * self.grid.stride

    def __repr__(self) -> str:
        h, w = self.cells
        return f"{type(self).__name__}({self.skeleton.name}, {w}x{h} cells of {self.grid.stride} px)"

    def replace(self, grid: Grid | None = None, /, **arrays: np.ndarray) -> Maps:
        """A copy with some arrays, or the grid, replaced."""
        return self._made({**self.arrays, **arrays}, grid or self.grid)

    def _made(self, arrays: dict[str, np.ndarray], grid: Grid) -> Maps:
        return Maps(arrays, grid, self.skeleton, self.specs, self.method)

    def flip(self) -> Maps:
        """The maps of the mirrored picture."""
        return self.replace(**{spec.name: spec.flip(self.arrays[spec.name]) for spec in self.specs})

    def crop(self, width: int, height: int) -> Maps:
        """The maps of the first ``width`` and ``height`` pixels, rounded up to whole cells."""
        h, w = self.grid.shape(width, height)
        return self.replace(**{name: array[..., :h, :w] for name, array in self.arrays.items()})

    @classmethod
    def average(cls, several: Sequence[Maps]) -> Maps:
        """Merge the maps of several views of one picture, on one grid; see :attr:`MapSpec.merge`."""
        several = list(several)
        if not all(isinstance(one, Maps) for one in several):
            raise FieldsError("only Fields can be averaged")
        if not several:
            raise FieldsError("there are no fields to average; give at least one")
        first = several[0]
        if any(
            f.skeleton != first.skeleton or f.grid != first.grid or f.specs != first.specs or f.cells != first.cells
            for f in several
        ):
            raise FieldsError("only fields of the same skeleton, stride and size can be averaged; resize them first")
        return first.replace(**{s.name: s.join([f.arrays[s.name] for f in several]) for s in first.specs})


def float_array(values: object, name: str) -> np.ndarray:
    """``values`` as a C-contiguous float32 array, copied only if it is not one already."""
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as problem:  # torch refuses tensors on a GPU or with gradients
        raise FieldsError(f"{name} must be an array of real numbers; got {type(values).__name__}: {problem}") from None
    if array.dtype.kind not in "fiub":
        raise FieldsError(f"{name} must be an array of real numbers; got {type(values).__name__} of {array.dtype}")
    with np.errstate(over="ignore"):  # float64 beyond float32's range becomes inf: no evidence, like NaN
        return np.ascontiguousarray(array, np.float32)
