"""Picture files as RGB arrays, upright, whatever their kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bupose import geometry
from bupose.errors import InputError

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG"
_NO_ALPHA = (_JPEG, b"BM", b"P1", b"P2", b"P3", b"P4", b"P5", b"P6")  # how such files begin; a BMP's is often garbage
_REDUCED = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}


@dataclass(frozen=True)
class Photo:
    """A decoded picture, perhaps smaller than the file's.

    Parameters
    ----------
    image : uint8 array (H, W, 3), RGB
    size : (width, height)
        Of the file's picture, pixels; people are given in these.
    matrix : float64 array (2, 3)
        Carries the file's pixels to the image's.
    """

    image: np.ndarray
    size: tuple[int, int]
    matrix: np.ndarray

    @classmethod
    def whole(cls, image: np.ndarray) -> Photo:
        """A picture in its own pixels."""
        return cls(image, (image.shape[1], image.shape[0]), geometry.IDENTITY)


def read_image(path: str | Path) -> np.ndarray:
    """A picture file as uint8 array (H, W, 3), RGB, turned as its EXIF orientation says.

    Grey becomes RGB, 16 bits become 8 (the full range), CMYK is converted, and transparent pictures are laid over
    white.

    Raises
    ------
    InputError
        The file is missing, damaged, or of a kind OpenCV cannot read.
    """
    return read_photo(path).image


def read_photo(path: str | Path, least: int | None = None) -> Photo:
    """As :func:`read_image`; a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, both sides staying at ``least``.

    That takes a fraction of the time, and averages pixels as a good resize would (the JPEG's own cosine transform).
    """
    try:
        data = Path(path).read_bytes()  # cv2.imread cannot open every file name on Windows
    except OSError as problem:
        raise InputError(f"cannot read {str(path)!r}: {problem.strerror or problem}") from None
    if not data:
        raise InputError(f"{str(path)!r} is empty")
    try:
        photo = _decode(data, least)
    except (cv2.error, MemoryError):  # too large, as a rule
        photo = None
    if photo is None:
        raise InputError(f"{str(path)!r} is damaged, or no picture that OpenCV can read")
    return photo


def _decode(data: bytes, least: int | None) -> Photo | None:
    array = np.frombuffer(data, np.uint8)
    size = _jpeg_size(data) if least and data.startswith(_JPEG) else None
    if size is not None:
        fits = [f for f in _REDUCED if min(size) >= f * least and not size[0] % f and not size[1] % f]
        if fits:
            return _decode_reduced(array, size, fits[-1])
    colors = cv2.imdecode(array, cv2.IMREAD_COLOR)
    opaque = data.startswith(_NO_ALPHA) or (data.startswith(_PNG) and data[25] in (0, 2, 3) and b"tRNS" not in data)
    if colors is None or not opaque:
        colors = _lay_over_white(colors, cv2.imdecode(array, cv2.IMREAD_UNCHANGED))
    return None if colors is None else Photo.whole(cv2.cvtColor(colors, cv2.COLOR_BGR2RGB))


def _decode_reduced(array: np.ndarray, size: tuple[int, int], factor: int) -> Photo | None:
    colors = cv2.imdecode(array, _REDUCED[factor])
    if colors is None:
        return None
    if colors.shape[1] * factor != size[0]:  # turned by its EXIF orientation
        size = size[::-1]
    return Photo(cv2.cvtColor(colors, cv2.COLOR_BGR2RGB), size, geometry.scale(1 / factor))


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from a JPEG's frame header (ITU T.81, B.2.2), before any turning."""
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 1 if marker == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def _lay_over_white(colors: np.ndarray | None, stored: np.ndarray | None) -> np.ndarray | None:
    """``colors`` (BGR, upright) over white, by the opacity of ``stored``, which may not be upright."""
    if stored is None:
        return colors
    if stored.dtype != np.uint8:
        full = 65535 if stored.dtype == np.uint16 else 1
        stored = np.clip(np.nan_to_num(stored.astype(np.float32)) * (255 / full), 0, 255).round().astype(np.uint8)
    if colors is None:  # floats, which OpenCV converts to nothing else
        colors = cv2.cvtColor(stored, cv2.COLOR_GRAY2BGR) if stored.ndim == 2 else np.array(stored[..., :3])
    if stored.ndim != 3 or stored.shape[2] != 4 or stored[..., 3].min() == 255:
        return colors
    alpha = _turn_like(colors, stored)[..., 3:].astype(np.float32) / 255
    return np.rint(255 + alpha * (colors.astype(np.float32) - 255)).astype(np.uint8)


def _turn_like(colors: np.ndarray, stored: np.ndarray) -> np.ndarray:
    """``stored`` turned as ``colors`` is: OpenCV turns a picture only when it drops its opacity."""
    turned = [np.rot90(mirrored, n) for mirrored in (stored, stored[:, ::-1]) for n in range(4)]
    fits = [t for t in turned if t.shape[:2] == colors.shape[:2]]
    return min(fits, key=lambda t: np.abs(t[..., :3].astype(np.int16) - colors).mean())
