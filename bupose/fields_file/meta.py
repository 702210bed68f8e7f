"""The ``meta`` entry of a picture, and messages."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from bupose import geometry, skeletons
from bupose.errors import FieldsError
from bupose.maps import Maps
from bupose.options import shown
from bupose.skeleton import Skeleton


def describe(name: str, maps: Maps, info: Mapping) -> dict:
    """The picture's entry in ``meta``."""
    skeleton = maps.skeleton
    known = skeletons.SKELETONS.get(skeleton.name) == skeleton and not skeleton.spelling
    own = {"skeleton": skeleton.name if known else skeleton.to_dict(), "stride": maps.grid.stride}
    own |= {"method": maps.method} if maps.method else {}
    try:
        entry = {key: value.tolist() if hasattr(value, "tolist") else value for key, value in info.items()}
        entry = json.loads(json.dumps({**entry, **own}, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as problem:
        raise FieldsError(f"the info of {name!r} cannot be written as JSON: {sentence(problem)}") from None
    read_matrix(entry)
    return entry


def read_skeleton(skeleton) -> Skeleton:
    """The skeleton that a file names or declares; never one from another file."""
    if isinstance(skeleton, dict):
        return Skeleton.from_dict(skeleton)
    if not isinstance(skeleton, str) or skeleton not in skeletons.SKELETONS:
        raise FieldsError(f"its skeleton {shown(skeleton)} is not built in; declare it in meta with joints and limbs")
    return skeletons.SKELETONS[skeleton]


def read_matrix(info: Mapping) -> np.ndarray:
    """float64 (2, 3): image pixels -> network pixels, from the info."""
    stored = info.get("matrix")
    if stored is None:
        scale = info.get("scale", 1.0)
        if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not 1e-6 <= scale <= 1e6:
            raise FieldsError(f"scale must be from 1e-6 to 1e6, network pixels an image pixel; got {shown(scale)}")
        return geometry.scale(scale)
    try:
        matrix = np.array(stored, np.float64)
    except (TypeError, ValueError, OverflowError, RecursionError):
        matrix = np.empty(0)
    if matrix.shape != (2, 3) or not (np.abs(matrix) <= 1e9).all() or abs(np.linalg.det(matrix[:, :2])) < 1e-12:
        raise FieldsError(f"matrix must be 2x3, finite and invertible, image to network pixels; got {shown(stored)}")
    return matrix


def check_info(info: Mapping) -> None:
    """Check the entries that bupose relies on."""
    for side in ("image_width", "image_height"):
        value = info.get(side)
        if value is not None and (type(value) is not int or not 1 <= value <= 1_000_000):
            raise FieldsError(f"{side} must be a whole number of pixels from 1 to 1000000; got {shown(value)}")
    name = info.get("file_name", "")
    if not isinstance(name, str) or len(name) > 4096 or not name.isprintable():
        raise FieldsError(f"file_name must be a text on one line; got {shown(name)}")


def is_name(name: str) -> bool:
    return 0 < len(name) <= 1000 and name.isprintable()


def some(names) -> str:
    """The first few of many names, for a message."""
    names = list(names)
    return ", ".join(map(repr, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "nothing"


def sentence(problem: BaseException) -> str:
    """An exception's text on one line."""
    return " ".join(str(getattr(problem, "strerror", None) or problem or type(problem).__name__).split())
