"""Arrays with a row for each person and a column for each joint: the base of People and Labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import Field, fields, replace
from difflib import get_close_matches
from typing import Any, ClassVar, Self, TypeAlias, overload

import numpy as np

from bupose import geometry, skeletons
from bupose.errors import LabelsError
from bupose.options import shown
from bupose.skeleton import Skeleton
from bupose.wording import counted

Rows: TypeAlias = int | np.integer[Any] | slice | np.ndarray | Sequence[int]


class JointArrays:
    """Arrays whose first axis counts people, and a skeleton that names the joints of the second.

    Equality is exact and of all numbers, with NaN equal to NaN. Like arrays, they are not hashable.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    skeleton: Skeleton
    xy: np.ndarray
    ids: np.ndarray | None
    data: Mapping[str, np.ndarray] = {}
    joint_data: Sequence[str] = ()  # entries of ``data`` that go with the joints
    thirds: ClassVar[str]  # the third value where joints are written as triples

    def __len__(self) -> int:
        return len(self.xy)

    @overload
    def __getitem__(self, key: str) -> np.ndarray: ...
    @overload
    def __getitem__(self, key: Rows) -> Self: ...
    def __getitem__(self, key: str | Rows) -> np.ndarray | Self:
        """Some of the people, by index, slice, mask or list of indices; or one joint of everybody, by name.

        Parameters
        ----------
        key : int, slice, bool array (P,), sequence of int; or str
            ``people[0]`` is the best person alone, still as People; ``people["left_wrist"]`` an array.

        Returns
        -------
        People or Labels, or float32 array (P, 3)
            x, y (pixels; NaN where absent), and the joint's score, or for Labels its visibility.

        Raises
        ------
        LabelsError
            The skeleton has no joint of that name.
        """
        if isinstance(key, str):
            return self._of_joint(key)
        rows: Any = [key] if isinstance(key, (int, np.integer)) else key
        some = {name: value[rows] for name, value in self._arrays()}
        more: dict[str, Any] = {"data": {k: v[rows] for k, v in self.data.items()}} if self.data else {}
        return replace(self, **some, **more)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, JointArrays) or type(other) is not type(self):
            return NotImplemented
        mine, theirs = ({**dict(one._arrays()), "data": None, **one.data} for one in (self, other))
        same = self.skeleton == other.skeleton and mine.keys() == theirs.keys()
        return same and all(_is_same(values, theirs[name]) for name, values in mine.items())

    __hash__: ClassVar[None]  # type: ignore[assignment]  # as of anything that cannot be hashed

    def __repr__(self) -> str:
        return f"{type(self).__name__}({counted(len(self), 'person')} of {self.skeleton.name})"

    def _arrays(self) -> list[tuple[str, np.ndarray]]:
        values = [(f.name, getattr(self, f.name)) for f in fields(self)]
        return [(name, value) for name, value in values if isinstance(value, np.ndarray)]

    def _of_joint(self, name: str) -> np.ndarray:
        k = self.skeleton.index.get(name)
        if k is None:
            near = get_close_matches(name, self.skeleton.joints, 1)
            guess = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(self.skeleton.joints)}"
            raise LabelsError(f"{self.skeleton.name} has no joint {shown(name)}; {guess}")
        return np.column_stack([self.xy[:, k], getattr(self, self.thirds)[:, k]]).astype(np.float32)

    def _count(self) -> tuple[int, int]:
        """Expected numbers of people and joints; resolves a skeleton given by name."""
        object.__setattr__(self, "skeleton", skeletons.get(self.skeleton))
        if not hasattr(self.xy, "__len__") or isinstance(self.xy, str):
            raise LabelsError(f"xy must be an array (people, joints, 2); got {type(self.xy).__name__}")
        return len(self.xy), len(self.skeleton.joints)

    def _put(self, name: str, values: object, dtype: type, shape: tuple[int, ...]) -> None:
        """Store ``values`` as an array of this dtype and shape; an empty array may have any shape."""
        if type(values) is np.ndarray and values.dtype == dtype and values.shape == shape:
            object.__setattr__(self, name, values)
            return
        try:
            array: np.ndarray = np.asarray(values, dtype)
        except (TypeError, ValueError, OverflowError) as problem:
            raise LabelsError(f"{name} must be an array of numbers; got {type(values).__name__}: {problem}") from None
        if array.shape != shape and not (array.size == 0 and shape[0] == 0):
            many = f"{counted(shape[0], 'person')} of {counted(len(self.skeleton.joints), 'joint')}"
            raise LabelsError(f"{name} has shape {array.shape}, where {many} would have {shape}")
        object.__setattr__(self, name, array.reshape(shape))

    def _put_ids(self) -> None:
        """Check that ids are whole numbers from −1."""
        if self.ids is not None:
            self._put("ids", self.ids, np.int32, (len(self),))
            if (self.ids < -1).any():
                raise LabelsError(f"ids must be at least 0, or -1 if unknown; got {self.ids.min()}")

    def _put_data(self) -> None:
        """Check that the arrays of ``data`` go with people, and those of ``joint_data`` with joints."""
        if not isinstance(self.data, Mapping):
            raise LabelsError(f"data must be a dict of arrays; got {type(self.data).__name__}")
        arrays, shape = {name: np.asarray(values) for name, values in self.data.items()}, self.xy.shape
        for name, array in arrays.items():
            if not isinstance(name, str) or array.dtype == object or not array.ndim or len(array) != len(self):
                entries = f"an array with an entry for each of {counted(len(self), 'person')}"
                raise LabelsError(f"data[{shown(name)}] must be {entries}; got {array.dtype} {array.shape}")
            if name in self.joint_data and array.shape not in (shape[:2], shape):
                told = f"is in joint_data and must have shape {shape[:2]} or {shape}"
                raise LabelsError(f"data[{shown(name)}] {told}; got {array.shape}")
        object.__setattr__(self, "data", arrays)

    def _moved_data(self, matrix: np.ndarray) -> dict[str, np.ndarray]:
        """``data`` in another picture's pixels."""
        places = {name for name in self.joint_data if name in self.data and self.data[name].ndim == 3}
        return {**self.data, **{name: geometry.apply(matrix, self.data[name]) for name in places}}

    def _data_for(self, skeleton: Skeleton) -> dict[str, np.ndarray]:
        """``data`` for another skeleton's joints."""
        data = dict(self.data)
        for name in set(self.joint_data) & data.keys():
            there = ~np.isnan(data[name][..., 0]) if data[name].ndim == 3 else ~np.isnan(self.xy[..., 0])
            (data[name],) = pick_by_name([data[name]], self.skeleton.joints, skeleton, there)
        return data


def _is_same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    if one is None or other is None:
        return one is other
    return one is other or np.array_equal(one, other, equal_nan=np.issubdtype(one.dtype, np.inexact))


def joint_columns(skeleton: Skeleton) -> list[str]:
    """Column names of a table with one person per row: ``nose_x``, ``nose_y``, ``nose_score``, and so on."""
    return [f"{joint}_{what}" for joint in skeleton.joints for what in ("x", "y", "score")]


def pick_by_name(
    arrays: Sequence[np.ndarray], names: Sequence[str], skeleton: Skeleton, present: np.ndarray
) -> list[np.ndarray]:
    """Each array's joints (axis 1, called ``names``) reordered for another skeleton; derived joints are the mean of
    their parts.

    A derived joint is present if all its parts are; its score or visibility is their minimum.
    """
    where = skeleton.mapping(names)
    out = []
    for a in arrays:
        absent = np.nan if a.ndim == 3 else 0
        picked = a[:, np.maximum(where, 0)]
        known = np.expand_dims(where >= 0, tuple(range(1, a.ndim - 1)))
        out.append(np.where(known, picked, np.asarray(absent, a.dtype)))
    number = {n: i for i, n in enumerate(names)}
    for joint, parts in skeleton.derived:
        if joint in number or not set(parts) <= set(number):
            continue
        rows, k = [number[p] for p in parts], skeleton.index[joint]
        all_there = np.all(present[:, rows], 1)
        for a, o in zip(arrays, out, strict=True):
            if a.ndim == 3:
                o[:, k] = np.where(all_there[:, None], a[:, rows].mean(1), np.nan)
            else:
                o[:, k] = np.where(all_there, a[:, rows].min(1), 0)
    return out
