"""Saved fields: many pictures' heatmaps and part affinity fields in one ``.npz`` file.

Layout (an ordinary zip of ``.npy`` arrays, which ``numpy.load`` opens too):

- ``{name}/heat``: (K, h, w), and ``{name}/paf``: (L, 2, h, w) or (2L, h, w), for each picture. Floats of any size hold
  the values themselves; uint8 heat holds ``255 * value``, int8 paf ``100 * value``.
- ``meta``: a uint8 array, the bytes of a JSON object: name -> object with ``skeleton`` (a built-in name, or a whole
  declaration) and ``stride`` (network pixels a cell), and optionally ``file_name``, ``image_width``, ``image_height``,
  ``matrix`` (2x3, image pixels -> network pixels) or ``scale`` (network pixels an image pixel), and anything else.

A picture whose ``meta`` names a skeleton has that skeleton's channel order. Where it names none, or there is no
``meta``, the reader's arguments count: by default OpenPose's COCO-18 channels at stride 8. So does a plain file of just
``heat`` and ``paf``: one picture, named after the file; whatever else such a file holds is ignored.

Writing uses float32, so that grouping a saved file gives what grouping the fields themselves gave, to the bit.
Half precision would save little more after compression. ``scaled=True`` takes about a seventh of that room on a real
network's fields, and keeps heat to 1/510 and vectors to 1/200.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from bupose import geometry, skeletons
from bupose.atomic import replacing
from bupose.errors import BuposeError, FieldsError, InputError
from bupose.fields import Fields, Grid
from bupose.skeleton import Skeleton

HEAT_STEPS = 255
PAF_STEPS = 100
_LAYOUTS = ("openpose", "bupose")


class FieldsFile:
    """A file of saved fields, opened for reading; each picture is decompressed when asked for.

    ``len(file)``, ``file.names``, ``name in file``, ``fields, info = file[name]``, and iteration over
    ``(name, fields, info)``. Use it in a ``with`` block, or call :meth:`close`.

    Parameters
    ----------
    path : path of the ``.npz`` file
    layout : "openpose" or "bupose"
        Channel order where the file names no skeleton: OpenPose's, or the skeleton's own.
    skeleton : name, path or Skeleton
        Where the file names none.
    stride : int
        Where the file names none; network pixels a cell.

    Raises
    ------
    InputError
        The file is missing, is not a zip file, or is damaged.
    FieldsError
        Its content is not fields: no heat, heat without paf, a ``meta`` that does not fit, arrays of objects.

    Notes
    -----
    ``info`` holds what ``meta`` says of the picture, less skeleton and stride, which the fields themselves carry. Its
    ``matrix`` is always there, float64 (2, 3): taken from ``matrix``, else from ``scale`` by
    ``bupose.geometry.scale``, else the identity.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        layout: str = "openpose",
        skeleton: str | Path | Skeleton = "coco18",
        stride: int = 8,
    ) -> None:
        if layout not in _LAYOUTS:
            raise FieldsError(f"no channel layout {layout!r}; choose one of {', '.join(_LAYOUTS)}")
        self.path = Path(path)
        self._layout, self._skeleton, self._grid = layout, skeletons.get(skeleton), Grid(stride)
        try:
            self._zip = zipfile.ZipFile(self.path)
        except FileNotFoundError:
            raise InputError(f"there is no file {str(path)!r}; give the path of an .npz file of fields") from None
        except zipfile.BadZipFile:
            raise InputError(f"{str(path)!r} is not an .npz file, or is cut short; write it again") from None
        except Exception as problem:  # zipfile has no common kind for all it meets in a damaged file
            raise InputError(f"cannot read {str(path)!r}: {_sentence(problem)}") from None
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

    def __iter__(self) -> Iterator[tuple[str, Fields, dict]]:
        for name in self._members:
            yield name, *self[name]

    def __getitem__(self, name: str) -> tuple[Fields, dict]:
        if name not in self._members:
            raise FieldsError(f"{self.path.name} has no picture {name!r}; it has {_some(self._members)}")
        heat, paf = (self._read_array(member) for member in self._members[name])
        info = dict(self._meta.get(name, {}))
        declared, stride = info.pop("skeleton", None), info.pop("stride", None)
        try:
            heat = _unscaled(heat, "heat", np.uint8, HEAT_STEPS)
            paf = _unscaled(paf, "paf", np.int8, PAF_STEPS)
            info["matrix"] = _matrix(info)
            grid = self._grid if stride is None else Grid(stride)
            if declared is None and self._layout == "openpose":
                return Fields.from_openpose(heat, paf, stride=grid.stride, skeleton=self._skeleton), info
            skeleton = self._skeleton if declared is None else _declared(declared)
            return Fields(heat, paf, grid, skeleton), info
        except BuposeError as problem:
            raise FieldsError(f"{self.path.name}, picture {name!r}: {problem}") from None

    def __enter__(self) -> FieldsFile:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def _list_members(self) -> dict[str, tuple[str, str]]:
        """Picture name -> the zip members of its heat and paf."""
        arrays = [m.removesuffix(".npy") for m in self._zip.namelist() if m.endswith(".npy")]
        if {"heat", "paf"} <= set(arrays):
            return {self.path.stem: ("heat.npy", "paf.npy")}
        heat, paf = ([a.removesuffix(end) for a in arrays if a.endswith(end)] for end in ("/heat", "/paf"))
        if not heat and not paf:
            raise FieldsError(f"{self.path.name} holds no heat and paf, but {_some(arrays)}")
        if lone := set(heat) ^ set(paf):
            raise FieldsError(f"{self.path.name}: {_some(sorted(lone))} has only one of heat and paf; save both")
        return {name: (f"{name}/heat.npy", f"{name}/paf.npy") for name in heat}

    def _read_meta(self) -> dict[str, dict]:
        """What ``meta`` says, or nothing for a file without one."""
        plain = ("heat.npy", "paf.npy") in self._members.values()
        if plain or "meta.npy" not in self._zip.namelist():
            return {}
        stored = self._read_array("meta.npy")
        if stored.dtype != np.uint8:
            raise FieldsError(f"{self.path.name}: meta is of {stored.dtype}; it must be uint8, the bytes of JSON")
        try:
            meta = json.loads(stored.tobytes())
        except (ValueError, RecursionError) as problem:
            raise FieldsError(f"{self.path.name}: meta is not JSON: {_sentence(problem)}") from None
        if not isinstance(meta, dict) or not all(isinstance(entry, dict) for entry in meta.values()):
            raise FieldsError(f"{self.path.name}: meta must give an object of objects, one for each picture")
        if differ := set(meta) ^ set(self._members):
            raise FieldsError(f"{self.path.name}: meta and arrays disagree about {_some(sorted(differ))}")
        return meta

    def _read_array(self, member: str) -> np.ndarray:
        try:
            with self._zip.open(member) as stream:
                return np.lib.format.read_array(stream, allow_pickle=False)
        except Exception as problem:  # nor have zipfile, zlib and numpy together
            if "pickle" in str(problem):
                raise FieldsError(
                    f"{self.path.name}: {member.removesuffix('.npy')} holds pickled objects, which are never loaded; "
                    "save it as an array of numbers"
                ) from None
            raise InputError(f"{self.path.name}: {member!r} is damaged: {_sentence(problem)}; write it again") from None


def read_fields(
    path: str | Path, *, layout: str = "openpose", skeleton: str | Path | Skeleton = "coco18", stride: int = 8
) -> Iterator[tuple[str, Fields, dict]]:
    """Go through a file of saved fields, one picture in memory at a time.

    Yields ``(name, fields, info)``; the arguments and errors are those of :class:`FieldsFile`.
    """
    with FieldsFile(path, layout=layout, skeleton=skeleton, stride=stride) as file:
        yield from file


def write_fields(
    path: str | Path,
    fields: Mapping[str, Fields],
    *,
    info: Mapping[str, Mapping] | None = None,
    scaled: bool = False,
) -> None:
    """Save fields of many pictures in one compressed ``.npz`` file, whole or not at all.

    Parameters
    ----------
    path : path of the file to write, replaced if it exists
    fields : mapping of name to Fields
        A name may hold slashes (``crowd/001``).
    info : mapping of name to mapping, optional
        What else to keep of a picture: ``file_name``, ``image_width``, ``image_height``, ``matrix`` (2x3, image pixels
        -> network pixels), or anything JSON can hold.
    scaled : bool
        Whole numbers of one byte instead of float32; heat outside [0, 1] and vectors beyond 1.27 are clipped, NaN and
        infinite values become 0: no evidence, as when decoded.

    Raises
    ------
    FieldsError
        A name no zip file can hold, or information about a picture that is not there or is not for JSON.
    InputError
        The file cannot be written.
    """
    info, path = info or {}, Path(path)
    if extra := [name for name in info if name not in fields]:
        raise FieldsError(f"info is about {_some(extra)}, but no such fields are given")
    for name in fields:
        if not isinstance(name, str) or not name or len(name) > 1000 or not name.isprintable() or "\\" in name:
            raise FieldsError(f"{name!r} cannot name saved fields; use a short printable text, with / to divide it")
    meta = json.dumps({name: _described(name, fields[name], info.get(name, {})) for name in fields}, allow_nan=False)
    try:
        with replacing(path) as partial, zipfile.ZipFile(partial, "w") as file:
            for name in fields:
                heat, paf = fields[name].heat, fields[name].paf
                if scaled:
                    heat, paf = _scaled(heat, np.uint8, HEAT_STEPS), _scaled(paf, np.int8, PAF_STEPS)
                _add(file, f"{name}/heat", heat)
                _add(file, f"{name}/paf", paf)
            _add(file, "meta", np.frombuffer(meta.encode(), np.uint8))
    except OSError as problem:
        raise InputError(f"cannot write {str(path)!r}: {_sentence(problem)}") from None


def _add(file: zipfile.ZipFile, name: str, array: np.ndarray) -> None:
    entry = zipfile.ZipInfo(f"{name}.npy")  # its date is 1980: the same fields give the same bytes
    entry.compress_type = zipfile.ZIP_DEFLATED
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=False)
    file.writestr(entry, stream.getbuffer())


def _described(name: str, fields: Fields, info: Mapping) -> dict:
    """The picture's entry in ``meta``."""
    skeleton = fields.skeleton
    known = skeletons.SKELETONS.get(skeleton.name) == skeleton
    own = {"skeleton": skeleton.name if known else skeleton.to_dict(), "stride": fields.grid.stride}
    try:
        entry = {key: value.tolist() if hasattr(value, "tolist") else value for key, value in info.items()}
        entry = json.loads(json.dumps({**entry, **own}, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as problem:
        raise FieldsError(f"the info of {name!r} cannot be written as JSON: {_sentence(problem)}") from None
    _matrix(entry)
    return entry


def _declared(skeleton) -> Skeleton:
    """The skeleton a file names or declares; a file never makes us read another one."""
    if isinstance(skeleton, dict):
        return Skeleton.from_dict(skeleton)
    if not isinstance(skeleton, str) or skeleton not in skeletons.SKELETONS:
        raise FieldsError(f"its skeleton {skeleton!r} is not built in; declare it in meta with joints and limbs")
    return skeletons.SKELETONS[skeleton]


def _matrix(info: Mapping) -> np.ndarray:
    """float64 (2, 3): image pixels -> network pixels, as far as the info tells."""
    stored = info.get("matrix")
    if stored is None:
        scale = info.get("scale", 1.0)
        if not isinstance(scale, (int, float)) or not 0 < scale < np.inf:
            raise FieldsError(f"scale must be a number above 0, network pixels an image pixel; got {scale!r}")
        return geometry.scale(scale)
    try:
        matrix = np.array(stored, np.float64)
    except (TypeError, ValueError):
        matrix = np.empty(0)
    if matrix.shape != (2, 3) or not np.isfinite(matrix).all() or np.linalg.det(matrix[:, :2]) == 0:
        raise FieldsError(f"matrix must be 2x3, finite and invertible, image to network pixels; got {stored!r}")
    return matrix


def _scaled(values: np.ndarray, dtype: type, steps: int) -> np.ndarray:
    limits = np.iinfo(dtype)
    known = np.where(np.isfinite(values), values, 0)
    return np.clip(np.round(known * steps), limits.min, limits.max).astype(dtype)


def _unscaled(stored: np.ndarray, name: str, dtype: type, steps: int) -> np.ndarray:
    if stored.dtype == dtype:
        return stored.astype(np.float32) / steps
    if stored.dtype.kind != "f":
        raise FieldsError(f"{name} is of {stored.dtype}; save floats, or {np.dtype(dtype)} holding {steps} x the value")
    return stored


def _some(names) -> str:
    """The first few of many names, for a message."""
    names = list(names)
    return ", ".join(map(repr, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "nothing"


def _sentence(problem: BaseException) -> str:
    """An exception's text on one line."""
    return " ".join(str(getattr(problem, "strerror", None) or problem or type(problem).__name__).split())
