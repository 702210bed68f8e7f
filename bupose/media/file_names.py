"""Names of result files, and numbers of pictures."""

from __future__ import annotations

import hashlib
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import PurePath

_NUMBER = re.compile(r"(?:COCO_\w+?_)?0*(\d{1,15})")  # COCO 2017: 000000000139, COCO 2014: COCO_val2014_000000000042
_UNSAFE = re.compile(r'[<>:"|?*]')  # no file name on Windows may hold these, nor be one of the reserved
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_WRITTEN = re.compile(r"\.(?:jpg|png|json|npz|mp4|jsonl|csv)", re.IGNORECASE)  # suffixes of results
_FRAME = re.compile(r"(.+)_\d{6,}", re.DOTALL)
LONGEST = 200  # bytes of a part of a name, of the 255 that file systems allow: what results are called is longer


def number_pictures(file_names: Sequence[str]) -> list[int]:
    """A unique number for each picture: that in its file name, else the lowest free one.

    Of files with equal numbers the first gets it.
    """
    own = [file_number(name) for name in file_names]
    free = free_numbers(set(own))
    seen: set[int] = set()
    numbers = []
    for number in own:
        numbers.append(next(free) if number is None or number in seen else number)
        seen.add(numbers[-1])
    return numbers


def free_numbers(taken: Container[int | None]) -> Iterator[int]:
    """1, 2, 3 and so on, without those that are taken."""
    return (n for n in itertools.count(1) if n not in taken)


def file_number(file_name: str) -> int | None:
    """The number in a file name, if it is one."""
    found = _NUMBER.fullmatch(PurePath(file_name).stem)
    return int(found[1]) if found else None


def readable(file_name: str) -> str:
    """A file name as valid Unicode text: bytes that are not UTF-8 become ``%E9`` and so on."""
    return "".join(f"%{ord(c) - 0xDC00:02X}" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in file_name)


def printable(text: str) -> str:
    """A text with non-printable characters escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def frame_name(video: str, number: int) -> str:
    """Name of the results of a video's frame."""
    return f"{video}_{number:06d}"


def output_names(file_names: Iterable[str], videos: Iterable[bool] = ()) -> list[str]:
    """A unique result name for each file: without its suffix, unless names would collide.

    Names keep their folders, never lead outside the output folder, are valid on common file systems, and differ also
    without case and after Unicode normalisation. No name collides with frames of ``videos``.
    """
    safe = [safe_name(name) for name in file_names]
    stems = [_without_suffix(name) for name in safe]
    are_videos = [*videos] or [False] * len(safe)
    count = Counter(map(_key, stems))
    names = [stem if count[_key(stem)] == 1 else _shorten(name) for name, stem in zip(safe, stems, strict=True)]
    films = {_key(name) for name, is_video in zip(names, are_videos, strict=True) if is_video}
    taken: set[str] = set()
    for n, is_video in enumerate(are_videos):
        names[n] = _unused(names[n], _shorten(safe[n]), taken, films)
        taken.add(_key(names[n]))
        if is_video:
            films.add(_key(names[n]))
    return names


def safe_name(name: str) -> str:
    """A safe, readable relative path."""
    name = "".join(c if c.isprintable() else " " if unicodedata.category(c) == "Zs" else "_" for c in readable(name))
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    parts = [_UNSAFE.sub("_", part) for part in parts]
    parts = [f"{part[:-1]}_" if part[-1] in ". " else part for part in parts]
    parts = [f"_{part}" if _RESERVED.fullmatch(part) else part for part in parts]
    # A folder k.jpg would stand where the overlay of k.png goes.
    folders = [f"{part}_" if _WRITTEN.fullmatch(PurePath(part).suffix) else part for part in parts[:-1]]
    return "/".join([*folders, *parts[-1:]]) or "_"


def _without_suffix(name: str) -> str:
    return _shorten(str(PurePath(name).with_suffix("")))


def _shorten(name: str) -> str:
    """Truncate long parts and paths, with a digest of what is cut off."""
    parts = [_cut(part, LONGEST) for part in name.split("/")]
    folders = _cut("/".join(parts[:-1]), 3 * LONGEST).replace("/~", "/_")
    return f"{folders}/{parts[-1]}" if folders else parts[-1]


def _cut(text: str, most: int) -> str:
    code = text.encode()
    if len(code) <= most:
        return text
    return f"{code[: most - 9].decode(errors='ignore').rstrip(' ./')}~{hashlib.sha256(code).hexdigest()[:8]}"


def _unused(name: str, whole: str, taken: set[str], films: set[str]) -> str:
    """An unused name: ``name``, else ``whole``, else that with a number."""

    def is_free(name: str) -> bool:
        frame = _FRAME.fullmatch(_key(name))
        return _key(name) not in taken and not (frame and frame[1] in films)

    numbered = (f"{whole}_{n}" for n in itertools.count(2))
    return next(filter(is_free, itertools.chain((name, whole), numbered)))


def _key(name: str) -> str:
    """A key that is equal for names that some file system identifies."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
