"""Picture files as RGB arrays, upright, whatever their kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import cv2
import numpy as np

from bupose.errors import DependencyError, InputError
from bupose.images.decode import FACTORS, decode
from bupose.images.exif import UPRIGHT, turn
from bupose.images.files import PathLike, quote, read_bytes, reason
from bupose.images.header import Header, read_header
from bupose.images.kinds import MAX_PIXELS

Content: TypeAlias = bytes | bytearray | memoryview  # of a file
_START = 65536  # bytes that contain the size of nearly all JPEGs


@dataclass(frozen=True)
class Photo:
    """A decoded picture, possibly at reduced size.

    Parameters
    ----------
    image : uint8 array (H, W, 3), RGB
    size : (width, height)
        Size of the full picture, pixels, in which people are returned.
    """

    image: np.ndarray
    size: tuple[int, int]

    @classmethod
    def whole(cls, image: np.ndarray) -> Photo:
        """A picture at full size."""
        return cls(image, (image.shape[1], image.shape[0]))


@dataclass(frozen=True)
class PictureFile:
    """A picture file that has been read, but not decoded.

    Parameters
    ----------
    name : str
        For messages.
    data : bytes
        The file's.
    header : Header
    """

    name: str
    data: bytes
    header: Header

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the upright picture, pixels."""
        return self.header.size

    def decode(self, factor: int = 1) -> np.ndarray:
        """uint8 RGB (ceil(height/factor), ceil(width/factor), 3), turned as the header says.

        Parameters
        ----------
        factor : 1, 2, 4 or 8
            Reduction by averaging.

        Raises
        ------
        InputError
            The file is damaged, or memory does not suffice.
        """
        problem = ""
        try:
            image = decode(self.data, self.header, factor)
        except (cv2.error, MemoryError) as error:
            image, problem = None, reason(error)
        width, height = self.header.stored
        if image is None or image.shape[:2] != (-(-height // factor), -(-width // factor)):
            why = f" ({problem})" if problem else ""
            raise InputError(
                f"{self.name} is a damaged {self.header.kind} picture, or of a form that cannot be read{why}; "
                "save it anew as JPEG or PNG"
            )
        return turn(image, self.header.orientation)


def open_picture(
    source: PathLike | Content, max_pixels: int = MAX_PIXELS, size: tuple[int, int] | None = None
) -> PictureFile:
    """Read a picture file, or take its bytes, and parse its header without decoding.

    Parameters
    ----------
    source : path, or the file's bytes
    max_pixels : int
        Larger pictures are refused.
    size : (width, height), optional
        Annotated size, pixels. The EXIF orientation is applied unless only the unrotated picture has this size.

    Raises
    ------
    InputError
        There is no such file, it is not a picture of a known kind, is truncated, too large, or differs from the
        annotated size.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        name, data = "the data", bytes(source)
    else:
        name, data = quote(source), read_bytes(source)
    try:
        header = read_header(data)
    except DependencyError as problem:
        raise InputError(f"{name} cannot be read: {problem}, or save it as JPEG") from None
    if header is None:
        raise InputError(_unknown(name, data))
    width, height = header.size
    if width * height > max_pixels:
        raise InputError(
            f"{name} has {width}x{height} pixels, more than {max_pixels} in all; make it smaller, or raise max_pixels"
        )
    if not header.whole:
        raise InputError(f"{name} is a {header.kind} picture cut short; copy or download it again")
    return PictureFile(name, data, header if size is None else _as_annotated(header, size, name))


def _as_annotated(header: Header, size: tuple[int, int], name: str) -> Header:
    if size not in (header.size, header.stored):
        (width, height), (got_width, got_height) = size, header.size
        raise InputError(
            f"{name} is {got_width}x{got_height} px where its annotations are for {width}x{height}; use the photos "
            "that were annotated"
        )
    return header if size == header.size else replace(header, orientation=UPRIGHT)


def read(
    source: PathLike | Content,
    *,
    least: int | None = None,
    max_pixels: int = MAX_PIXELS,
    size: tuple[int, int] | None = None,
) -> Photo:
    """Read a picture file, rotated by its EXIF orientation.

    Grey becomes RGB, 16 bits become 8 (the full range), CMYK is converted, transparent pictures are blended over white,
    and of several pictures in a file, or an animation, the first is read.

    Parameters
    ----------
    source : path, or the file's bytes
    least : int, optional
        A JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, with both sides at least this, pixels, in a fraction of
        the time.
    max_pixels : int
        Larger pictures are refused before they are decoded.
    size : (width, height), optional
        Annotated size, as for :func:`open_picture`.

    Raises
    ------
    InputError
        There is no such file, it is not a picture of a known kind, damaged, truncated, too large, or of another size.
    """
    picture = open_picture(source, max_pixels, size)
    size, factor = picture.size, 1
    if least and picture.header.kind == "JPEG":
        fits = [f for f in FACTORS if min(size) >= f * least and not size[0] % f and not size[1] % f]
        factor = max(fits, default=1)
    return Photo(picture.decode(factor), size)


def read_image(source: PathLike | Content, **choice: Any) -> np.ndarray:
    """uint8 RGB (H, W, 3) of a picture file; parameters and errors as for :func:`read`."""
    return read(source, **choice).image


def read_size(path: PathLike) -> tuple[int, int]:
    """(width, height) of a picture file, upright, pixels, without decoding it.

    Raises
    ------
    InputError
        There is no such file, or it is not a picture of a known kind.
    """
    header = read_header(start) if (start := read_bytes(path, _START)).startswith(b"\xff\xd8") else None
    return header.size if header else open_picture(path, max_pixels=2**62).size


def _unknown(name: str, data: bytes) -> str:
    if not data:
        return f"{name} is empty"
    return f"{name} is damaged, or no picture of a kind that bupose reads; save it as JPEG or PNG"
