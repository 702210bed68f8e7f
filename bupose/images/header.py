"""Picture headers: kind and size, without decoding."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bupose.images import heic
from bupose.images.exif import UPRIGHT, read_orientation, read_tags, turn_size


@dataclass(frozen=True)
class Header:
    """The header of a picture file.

    Parameters
    ----------
    kind : str
        Such as ``JPEG``.
    stored : (width, height)
        Of the decoded picture, pixels, before rotation.
    orientation : int
        EXIF orientation, 1 to 8.
    opaque : bool
        It certainly has no transparent pixel.
    whole : bool
        Its end mark is present, if the kind has one.
    """

    kind: str
    stored: tuple[int, int]
    orientation: int = UPRIGHT
    opaque: bool = False
    whole: bool = True

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the upright picture, pixels."""
        return turn_size(self.stored, self.orientation)


def read_header(data: bytes) -> Header | None:
    """The header of a picture file; None if unknown or damaged.

    Raises
    ------
    DependencyError
        Its kind needs a package that is not installed.
    """
    for start, read in _READERS:
        if start.match(data):
            try:
                header = read(data)
            except (struct.error, IndexError, ValueError, OverflowError):
                return None
            return header if header is not None and min(header.stored) > 0 else None
    return None


def _read_jpeg(data: bytes) -> Header | None:
    """ITU T.81, B.1.1: marker segments up to the frame header."""
    at, orientation = 2, None
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            whole = data.find(b"\xff\xda", at) < data.rfind(b"\xff\xd9")  # an end mark after the first scan
            return Header("JPEG", (width, height), orientation or UPRIGHT, opaque=True, whole=whole)
        if marker == 0xE1 and orientation is None and data[at + 4 : at + 10] == b"Exif\0\0":
            orientation = read_orientation(data[at + 4 : at + 2 + length])
        at += 1 if marker == 0xFF else 2 if marker == 0x01 or 0xD0 <= marker <= 0xD8 else 2 + length
    return None


def _read_png(data: bytes) -> Header | None:
    """PNG 1.2, section 5; eXIf of its extensions 1.5."""
    if data[12:16] != b"IHDR":
        return None
    width, height, _, color = struct.unpack_from(">IIBB", data, 16)
    transparent, orientation, last = color not in (0, 2, 3), UPRIGHT, b""
    for last, start, end in _chunks(data, 8, ">I4s", 4):
        transparent = transparent or last == b"tRNS"
        if last == b"eXIf":
            orientation = read_orientation(data[start:end])
    return Header("PNG", (width, height), orientation, not transparent, whole=last == b"IEND")


def _read_webp(data: bytes) -> Header | None:
    """RFC 9649, section 2."""
    size, orientation, opaque = None, UPRIGHT, False
    for name, start, end in _chunks(data, 12, "<4sI", 0, pad=True):
        if name == b"VP8X":
            width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (start + 4, start + 7))
            size, opaque = (width, height), not data[start] & 0x10
        elif name == b"VP8L" and size is None:
            bits = int.from_bytes(data[start + 1 : start + 5], "little")
            size, opaque = (1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)), not bits >> 28 & 1
        elif name == b"VP8 " and size is None:
            width, height = struct.unpack_from("<HH", data, start + 6)
            size, opaque = (width & 0x3FFF, height & 0x3FFF), True
        elif name == b"EXIF":
            orientation = read_orientation(data[start:end])
    whole = len(data) >= 8 + int.from_bytes(data[4:8], "little")
    return None if size is None else Header("WebP", size, orientation, opaque, whole)


def _read_tiff(data: bytes) -> Header | None:
    """TIFF 6.0; OpenCV rotates these itself, so their size is that of the upright picture."""
    tags = read_tags(data)
    if 256 not in tags or 257 not in tags:
        return None
    size = turn_size((tags[256], tags[257]), tags.get(274, UPRIGHT))
    return Header("TIFF", size, opaque=338 not in tags)  # ExtraSamples


def _read_bmp(data: bytes) -> Header:
    old = int.from_bytes(data[14:18], "little") == 12
    width, height = struct.unpack_from("<HH" if old else "<ii", data, 18)
    return Header("BMP", (width, abs(height)), opaque=True)  # its fourth channel is often garbage


def _read_gif(data: bytes) -> Header:
    return Header("GIF", struct.unpack_from("<HH", data, 6))


def _read_sun(data: bytes) -> Header:
    return Header("Sun raster", struct.unpack_from(">II", data, 4), opaque=True)


def _read_netpbm(data: bytes) -> Header | None:
    """P1 to P6, Pf and PF: two numbers after the kind, comments between."""
    found = re.match(rb"P[1-6fF](?:\s+|#[^\n]*\n)+(\d{1,9})(?:\s+|#[^\n]*\n)+(\d{1,9})\s", data[:65536])
    whole_numbers = data[1:2] not in b"fF"  # OpenCV would clip floats to 0 and 1
    return found and Header("Netpbm", (int(found[1]), int(found[2])), opaque=whole_numbers)


def _read_pam(data: bytes) -> Header | None:
    head = data[:65536].partition(b"ENDHDR")[0]
    width, height = (re.search(rb"^%s\s+(\d{1,9})\s*$" % name, head, re.MULTILINE) for name in (b"WIDTH", b"HEIGHT"))
    return Header("PAM", (int(width[1]), int(height[1]))) if width and height else None


def _read_radiance(data: bytes) -> Header | None:
    found = re.search(rb"\n\n-Y (\d{1,9}) \+X (\d{1,9})\n", data[:65536])
    return found and Header("Radiance", (int(found[2]), int(found[1])), opaque=True)


def _read_exr(data: bytes) -> Header | None:
    found = re.search(rb"\0dataWindow\0box2i\0\x10\0\0\0(.{16})", data[:65536], re.DOTALL)
    if not found:
        return None
    left, top, right, bottom = struct.unpack("<iiii", found[1])
    return Header("OpenEXR", (right - left + 1, bottom - top + 1))


def _read_jpeg2000(data: bytes) -> Header | None:
    """ITU T.800: the code stream's SIZ segment (A.5.1), in a file of boxes or alone."""
    at = data.find(b"\xff\x4f\xff\x51")
    if at < 0:
        return None
    right, bottom, left, top = struct.unpack_from(">IIII", data, at + 8)
    return Header("JPEG 2000", (right - left, bottom - top))


def _read_avif(data: bytes) -> Header | None:
    """ISO 23008-12, 6.5: the largest item's size, and its rotation, which OpenCV does not apply."""
    meta = data[: data.find(b"mdat")] if b"mdat" in data else data
    sizes = [struct.unpack(">II", found) for found in re.findall(rb"ispe\0{4}(.{8})", meta, re.DOTALL)]
    if not sizes:
        return None
    angle, mirror = re.search(rb"\0\0\0\x09irot(.)", meta, re.DOTALL), re.search(rb"\0\0\0\x09imir(.)", meta, re.DOTALL)
    turns = angle[1][0] & 3 if angle else 0
    axis = 2 if mirror is None else mirror[1][0] & 1
    return Header("AVIF", max(sizes, key=lambda s: s[0] * s[1]), _AVIF_ORIENTATION[turns][axis])


def _read_heic(data: bytes) -> Header | None:
    """The size given by libheif, which rotates and crops on decoding, is that of the upright picture."""
    size = heic.read_size(data)
    return None if size is None else Header("HEIC", size)


# Orientation by quarter turns anticlockwise, then mirrored vertically, horizontally, or not.
_AVIF_ORIENTATION = ((4, 2, 1), (5, 7, 8), (2, 4, 3), (7, 5, 6))


def _chunks(data: bytes, at: int, head: str, after: int, pad: bool = False) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each chunk that begins in the data."""
    while at + 8 <= len(data):
        first, second = struct.unpack_from(head, data, at)
        name, length = (first, second) if isinstance(first, bytes) else (second, first)
        yield name, at + 8, at + 8 + length
        at += 8 + length + after + (length % 2 if pad else 0)


_READERS: tuple[tuple[re.Pattern, Callable[[bytes], Header | None]], ...] = tuple(
    (re.compile(start, re.DOTALL), read)
    for start, read in (
        (rb"\xff\xd8\xff", _read_jpeg),
        (rb"\x89PNG\r\n\x1a\n", _read_png),
        (rb"RIFF.{4}WEBP", _read_webp),
        (rb"II[\x2a\x2b]\0|MM\0[\x2a\x2b]", _read_tiff),
        (rb"BM.{16}", _read_bmp),
        (rb"GIF8[79]a", _read_gif),
        (rb"P[1-6fF][\s#]", _read_netpbm),
        (rb"P7\s", _read_pam),
        (rb"\x59\xa6\x6a\x95", _read_sun),
        (rb"#\?RADIANCE|#\?RGBE", _read_radiance),
        (rb"\x76\x2f\x31\x01", _read_exr),
        (rb"\xff\x4f\xff\x51|\0\0\0\x0cjP  \r\n\x87\n", _read_jpeg2000),
        (rb".{4}ftyp.{0,40}?avi[fs]", _read_avif),
        (rb".{4}ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)", _read_heic),
    )
)
