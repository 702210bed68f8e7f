"""Writing fields."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bupose.atomic import replacing
from bupose.errors import FieldsError, InputError
from bupose.fields_file.meta import describe, is_name, sentence, some
from bupose.maps import Maps
from bupose.paths import expand


def write_fields(
    path: str | Path,
    fields: Mapping[str, Maps],
    *,
    info: Mapping[str, Mapping] | None = None,
    scaled: bool = False,
) -> None:
    """Save fields of many pictures in one compressed ``.npz`` file, atomically.

    Parameters
    ----------
    path : path of the file to write, replaced if it exists
    fields : mapping of name to Maps, as Fields are
        Names may contain slashes (``crowd/001``).
    info : mapping of name to mapping, optional
        Further entries of a picture: ``file_name``, ``image_width``, ``image_height``, ``matrix`` (2x3, image pixels
        -> network pixels), or anything JSON can hold.
    scaled : bool
        Quantise as each map's :class:`bupose.maps.MapSpec` declares: heat in [0, 1] and vectors up to 1.27 in one byte,
        clipped; NaN and infinite values become 0.

    Raises
    ------
    FieldsError
        An invalid name, or info about a missing picture or that is not JSON-serializable.
    InputError
        The file cannot be written.
    """
    info, path = info or {}, expand(path)
    if extra := [name for name in info if name not in fields]:
        raise FieldsError(f"info is about {some(extra)}, but no such fields are given")
    for name in fields:
        if not isinstance(name, str) or not is_name(name) or "\\" in name:
            raise FieldsError(f"{name!r} cannot name saved fields; use a short printable text, with / to divide it")
    meta = json.dumps({name: describe(name, fields[name], info.get(name, {})) for name in fields}, allow_nan=False)
    try:
        with replacing(path) as partial, zipfile.ZipFile(partial, "w") as file:
            for name in fields:
                for spec in fields[name].specs:
                    array = fields[name].arrays[spec.name]
                    _add(file, f"{name}/{spec.name}", spec.pack(array) if scaled else array)
            _add(file, "meta", np.frombuffer(meta.encode(), np.uint8))
    except OSError as problem:
        raise InputError(f"cannot write {str(path)!r}: {sentence(problem)}") from None


def _add(file: zipfile.ZipFile, name: str, array: np.ndarray) -> None:
    entry = zipfile.ZipInfo(f"{name}.npy")  # its date is 1980: the same fields give the same bytes
    entry.compress_type = zipfile.ZIP_DEFLATED
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=False)
    file.writestr(entry, stream.getbuffer())
