"""Reading saved fields."""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bupose import methods, skeletons
from bupose.errors import BuposeError, FieldsError, InputError
from bupose.fields_file.meta import check_info, is_name, read_matrix, read_skeleton, sentence, some
from bupose.maps import Grid, Maps, MapSpec
from bupose.methods.paf import FieldCodec, Fields
from bupose.options import choose, from_dict
from bupose.paths import expand
from bupose.skeleton import Skeleton

MOST_BYTES = 1_000_000_000  # maximum size of one unpacked array, bytes
MOST_META = 64_000_000  # bytes
_LAYOUTS = ("openpose", "bupose")


class FieldsFile:
    """A file of saved fields, opened for reading; pictures are decompressed on demand.

    ``len(file)``, ``file.names``, ``name in file``, ``fields, info = file[name]``, and iteration over
    ``(name, fields, info)``. Use it in a ``with`` block, or call :meth:`close`.

    Parameters
    ----------
    path : path of the ``.npz`` file
    layout : "openpose" or "bupose"
        Channel order if the file names no skeleton: OpenPose's, or the skeleton's own.
    skeleton : name, path or Skeleton
        Skeleton, if the file does not say.
    stride : int
        Network pixels per cell, if the file does not say.

    Raises
    ------
    InputError
        The file is missing, is not a zip file, or is damaged.
    FieldsError
        Its content is not fields: no heat, heat without paf, an inconsistent ``meta``, arrays of objects.

    Notes
    -----
    ``info`` is the picture's ``meta`` entry without skeleton and stride, which the fields have. It always has
    ``matrix``, float64 (2, 3): from ``matrix``, else from ``scale`` by ``bupose.geometry.scale``, else the identity.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        layout: str = "openpose",
        skeleton: str | Path | Skeleton = "coco18",
        stride: int = 8,
    ) -> None:
        choose(layout, _LAYOUTS, "layout", FieldsError)
        self.path = expand(path)
        self._layout, self._skeleton, self._grid = layout, skeletons.get(skeleton), Grid(stride)
        if self.path.exists() and not self.path.is_file():  # a folder, or an endless stream
            raise InputError(f"{str(path)!r} is no regular file; give the path of an .npz file of fields")
        try:
            self._zip = zipfile.ZipFile(self.path)
        except FileNotFoundError:
            raise InputError(f"there is no file {str(path)!r}; give the path of an .npz file of fields") from None
        except zipfile.BadZipFile:
            raise InputError(f"{str(path)!r} is not an .npz file, or is cut short; write it again") from None
        except Exception as problem:  # zipfile has no common error class for damaged files
            raise InputError(f"cannot read {str(path)!r}: {sentence(problem)}") from None
        try:
            self._members = self._list_members()
            self._meta = self._read_meta()
        except BaseException:
            self.close()
            raise

    @property
    def names(self) -> tuple[str, ...]:
        """The pictures' names, in the file's order."""
        return tuple(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[tuple[str, Maps, dict]]:
        for name in self._members:
            yield name, *self[name]

    def __getitem__(self, name: str) -> tuple[Maps, dict]:
        if name not in self._members:
            raise FieldsError(f"{self.path.name} has no picture {name!r}; it has {some(self._members)}")
        stored = {key: self._read_array(member) for key, member in self._members[name].items()}
        info = dict(self._meta.get(name, {}))
        declared, stride = info.pop("skeleton", None), info.pop("stride", None)
        try:
            method = methods.get(info.pop("method", "paf"))
            skeleton = self._skeleton if declared is None else read_skeleton(declared)
            target: Any = from_dict(method.Target, info.get("target", {}), "target")
            codec = method(skeleton, self._grid if stride is None else Grid(stride), target)
            arrays = _unpack(stored, codec.specs)
            info["matrix"] = read_matrix(info)
            check_info(info)
            if declared is None and self._layout == "openpose" and method is FieldCodec:
                return Fields.from_openpose(**arrays, stride=codec.grid.stride, skeleton=skeleton), info
            return codec.maps(arrays), info
        except BuposeError as problem:
            raise FieldsError(f"{self.path.name}, picture {name!r}: {problem}") from None

    def __enter__(self) -> FieldsFile:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def _list_members(self) -> dict[str, dict[str, str]]:
        """Picture name -> each map's name -> its zip member."""
        arrays = [m.removesuffix(".npy") for m in self._zip.namelist() if m.endswith(".npy")]
        if {"heat", "paf"} <= set(arrays):
            return {self.path.stem: {name: f"{name}.npy" for name in ("heat", "paf")}}
        pictures: dict[str, dict[str, str]] = {}
        for array in arrays:
            name, _, key = array.rpartition("/")
            if name:
                pictures.setdefault(name, {})[key] = f"{array}.npy"
        if not pictures:
            raise FieldsError(f"{self.path.name} holds no heat and paf, but {some(arrays)}")
        if odd := [name for name in pictures if not is_name(name)]:
            raise FieldsError(f"{self.path.name} has pictures named {some(odd)}; give them short printable names")
        return pictures

    def _read_meta(self) -> dict[str, dict]:
        """The content of ``meta``, empty for a file without one."""
        plain = {"heat": "heat.npy", "paf": "paf.npy"} in self._members.values()
        if plain or "meta.npy" not in self._zip.namelist():
            return {}
        stored = self._read_array("meta.npy", MOST_META)
        if stored.dtype != np.uint8:
            raise FieldsError(f"{self.path.name}: meta is of {stored.dtype}; it must be uint8, the bytes of JSON")
        try:
            meta = json.loads(stored.tobytes())
        except (ValueError, RecursionError) as problem:
            raise FieldsError(f"{self.path.name}: meta is not JSON: {sentence(problem)}") from None
        if not isinstance(meta, dict) or not all(isinstance(entry, dict) for entry in meta.values()):
            raise FieldsError(f"{self.path.name}: meta must give an object of objects, one for each picture")
        if differ := set(meta) ^ set(self._members):
            raise FieldsError(f"{self.path.name}: meta and arrays disagree about {some(sorted(differ))}")
        return meta

    def _read_array(self, member: str, most: int = MOST_BYTES) -> np.ndarray:
        try:
            size = self._zip.getinfo(member).file_size
            with self._zip.open(member) as stream:
                promised = _size_of(stream)
            if max(size, promised) > most:
                raise FieldsError(
                    f"{self.path.name}: {member.removesuffix('.npy')} unpacks to {max(size, promised) / 1e9:.3g} GB; "
                    f"at most {most / 1e9:g} GB are read: save fewer or smaller fields"
                )
            with self._zip.open(member) as stream:
                return np.lib.format.read_array(stream, allow_pickle=False)
        except FieldsError:
            raise
        except Exception as problem:  # zipfile, zlib and numpy have no common error class
            if "pickle" in str(problem):
                raise FieldsError(
                    f"{self.path.name}: {member.removesuffix('.npy')} holds pickled objects, which are never loaded; "
                    "save it as an array of numbers"
                ) from None
            told = re.sub(r"<[^>]*>", "…", sentence(problem))  # object arrays
            raise InputError(f"{self.path.name}: {member!r} is damaged: {told}; write it again") from None


def read_fields(
    path: str | Path, *, layout: str = "openpose", skeleton: str | Path | Skeleton = "coco18", stride: int = 8
) -> Iterator[tuple[str, Maps, dict]]:
    """Iterate over a file of saved fields, with one picture in memory at a time.

    Yields ``(name, fields, info)``; the arguments and errors are those of :class:`FieldsFile`.
    """
    with FieldsFile(path, layout=layout, skeleton=skeleton, stride=stride) as file:
        yield from file


def _size_of(stream) -> int:
    """The size in bytes of the array that an ``.npy`` header declares."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    return math.prod(shape) * dtype.itemsize


def _unpack(stored: dict[str, np.ndarray], specs: tuple[MapSpec, ...]) -> dict[str, np.ndarray]:
    """Arrays of a picture as floats, in the order of ``specs``."""
    names = [spec.name for spec in specs]
    if set(stored) != set(names):
        raise FieldsError(f"it has only {', '.join(stored)}, but needs {' and '.join(names)}; save all of them")
    return {spec.name: spec.unpack(stored[spec.name]) for spec in specs}
