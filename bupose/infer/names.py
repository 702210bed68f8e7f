"""What result files are called, and which number a picture has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath

_NUMBER = re.compile(r"(?:COCO_\w+?_)?0*(\d{1,15})")  # COCO 2017: 000000000139, COCO 2014: COCO_val2014_000000000042
_UNSAFE = re.compile(r'[<>:"|?*\x00-\x1f]')  # no file name on Windows may hold these


class ImageIds:
    """Numbers for pictures: a file name's own if it is a number, else running ones that no file name has.

    Parameters
    ----------
    file_names : iterable of str
        All that are known beforehand; others may follow.
    """

    def __init__(self, file_names: Iterable[str] = ()):
        self._own: dict[int, str] = {}
        for name in file_names:
            number = file_number(name)
            if number is not None:
                self._own.setdefault(number, name)  # of two files of one number, the first has it
        self._last = 0

    def __getitem__(self, file_name: str) -> int:
        number = file_number(file_name)
        if number is not None and self._own.setdefault(number, file_name) == file_name:
            return number
        return self.next()

    def next(self) -> int:
        """The next running number."""
        self._last += 1
        while self._last in self._own:
            self._last += 1
        return self._last


def file_number(file_name: str) -> int | None:
    """The number that a file name is, if it is one."""
    found = _NUMBER.fullmatch(PurePath(file_name).stem)
    return int(found[1]) if found else None


def output_names(file_names: Iterable[str]) -> list[str]:
    """For each file a name of its own for results: without its suffix, unless two files would share it.

    Names keep their folders, never lead out of the output folder, and hold no character that a file system refuses.
    """
    file_names = list(file_names)
    safe = [safe_name(name) for name in file_names]
    stems = [str(PurePath(name).with_suffix("")) for name in safe]
    names, taken, count = [], set(), Counter(stems)
    for name, stem in zip(safe, stems, strict=True):
        name = stem if count[stem] == 1 else name
        unique, n = name, 1
        while unique.casefold() in taken:
            n += 1
            unique = f"{name}_{n}"
        taken.add(unique.casefold())
        names.append(unique)
    return names


def safe_name(name: str) -> str:
    """A relative path below any folder."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return _UNSAFE.sub("_", "/".join(parts)) or "_"
