"""Finding pictures and videos in folders, by patterns and in lists; and what to call them."""

from __future__ import annotations

import glob
import itertools
import math
import os
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

from bupose.errors import InputError
from bupose.folder import OF_PICTURES, RUN, UNFINISHED
from bupose.images import FOREIGN, PICTURES, VIDEOS, Video
from bupose.images.files import quote, read_bytes, refusal
from bupose.infer.passed_over import NO_SUFFIX, PassedOver

_WANTED = PICTURES | VIDEOS | FOREIGN
MOST_CHOICES = 1000  # that the braces of a pattern may stand for
_CHOICE = re.compile(r"\{([^{}]*,[^{}]*)\}")  # as in *.{jpg,png}


@dataclass(frozen=True)
class Unreadable:
    """What was found where pictures are, but cannot be looked into."""

    problem: str


Source = Path | Video | Unreadable


@dataclass(frozen=True)
class _Part:
    """What one source means: pictures, videos, or what cannot be read, each with its path.

    Their names are what is below ``base``; beside other sources, what is below the common parent of all ``outer``.
    Without them the paths are names already.
    """

    found: list[tuple[Source, str]]
    base: str = ""
    outer: str = ""

    def below(self, base: str) -> list[tuple[Source, str]]:
        start = os.path.join(base, "") if base else ""
        return [(one, path.removeprefix(start)) for one, path in self.found]

    def below_parent(self, parent: str) -> list[tuple[Source, str]]:
        between = os.path.abspath(self.base).removeprefix(os.path.join(parent, "")) if self.outer else ""
        between = "" if between == parent else between
        return [(one, os.path.join(between, name)) for one, name in self.below(self.base)]


class Search:
    """Looks for what ``input=`` means, and counts what it passes over.

    Parameters
    ----------
    excluded : container of str
        Real paths of folders to leave out.
    """

    def __init__(self, excluded: Container[str] = ()) -> None:
        self.passed_over, self._excluded = PassedOver(), excluded

    def find(self, sources: Sequence) -> list[tuple[Source, str]]:
        """Each picture and video with a relative name, in the order of the sources.

        Of one source alone it is the path below its folder, below what is fixed in its pattern, or below its list's
        folder; of several what is below their common parent, so that files of one name in two folders differ.

        Raises
        ------
        InputError
            Nothing is there, or a folder holds no picture or video.
        """
        parts = [self._find_listed(path) if _is_list(path) else self._find(path) for path in map(_expand, sources)]
        return parts[0].below(parts[0].base) if len(parts) == 1 else _below_common_parent(parts)

    def _find(self, text: str, root: str = "") -> _Part:
        """What a path, pattern or URL means, seen from the folder ``root``; what is a number is a camera."""
        path = os.path.join(root, text)
        if os.path.isdir(path):
            whole = path.rstrip(os.sep) or path
            return _Part(self._find_below(whole), whole, os.path.dirname(os.path.abspath(whole)))
        if os.path.lexists(path):
            return _Part([(_open(path), path)], os.path.dirname(path), os.path.dirname(os.path.abspath(path)))
        if text.isascii() and text.isdigit():
            return _Part([(Video(int(text)), f"camera{text}")])
        if "://" in text:
            return _Part([(Video(text), "stream")])
        if _is_pattern(text):
            return self._find_fitting(text, root)
        raise InputError(f"there is no file or folder {quote(text)}; check the path")

    def _find_fitting(self, pattern: str, root: str) -> _Part:
        """Folders that fit, with all in them, and files that are pictures, or whose suffix the pattern names."""
        choices = _choices(pattern)
        wanted = _WANTED | {_suffix(choice) for choice in choices} - {""}
        fitting = {hit for choice in choices for hit in glob.glob(choice, root_dir=root or None, recursive=True)}
        found: list[tuple[Source, str]] = []
        folders: set[str] = set()
        for path in sorted(os.path.join(root, hit).rstrip(os.sep) for hit in fitting):
            if any(str(parent) in folders for parent in Path(path).parents):
                continue  # in a folder that fits, too
            if os.path.isdir(path):
                folders.add(str(Path(path)))
                found += self._look_below(path)
            elif self._is_wanted(os.path.basename(path), wanted):
                found.append((_open(path), path))
        if not found:
            raise InputError(f"no picture or video fits the pattern {quote(pattern)}{self._told()}; check the path")
        base = os.path.join(root, _fixed_part(pattern))
        return _Part(found, base, os.path.abspath(base))

    def _find_below(self, folder: str) -> list[tuple[Source, str]]:
        """As :meth:`_look_below`; refuses a folder that cannot be looked into, or holds nothing."""
        found = self._look_below(folder)
        if found and found[0][1] == folder:
            raise InputError(found[0][0].problem)
        if not found:
            kinds = " ".join(sorted(suffix[1:] for suffix in PICTURES | VIDEOS))
            raise InputError(
                f"the folder {quote(folder)} holds no picture or video{self._told()}; bupose looks for {kinds}"
            )
        return found

    def _told(self) -> str:
        return f" (passed over: {self.passed_over})" if self.passed_over else ""

    def _look_below(self, folder: str) -> list[tuple[Source, str]]:
        """Pictures and videos in a folder, sorted by path; also the folders in it that cannot be looked into.

        Links to folders are followed after all else, unless they lead to what was searched, or to a folder above.
        """
        found: dict[str, Source] = {}
        starts, seen, above = [folder], set(), os.path.join(os.path.realpath(folder), "")

        def note(problem: OSError) -> None:
            found[problem.filename] = Unreadable(str(refusal(problem.filename, problem)))

        for start in starts:  # grows
            target = os.path.realpath(start)
            if target in seen or (start != folder and above.startswith(os.path.join(target, ""))):
                self.passed_over.links += 1
                continue
            for root, folders, files in os.walk(start, onerror=note):
                seen.add(os.path.realpath(root))
                folders[:] = [name for name in folders if self._is_wanted_folder(root, name)]
                starts += sorted(path for name in folders if os.path.islink(path := os.path.join(root, name)))
                found |= {
                    path: _open(path) for path in (os.path.join(root, f) for f in files if self._is_wanted(f, _WANTED))
                }
        return [(found[path], path) for path in sorted(found, key=Path)]

    def _is_wanted(self, name: str, suffixes: Container[str]) -> bool:
        """Whether a file of that name is taken; else it is counted."""
        suffix = _suffix(name)
        if name.startswith("."):
            self.passed_over.hidden_files += 1
        elif suffix not in suffixes:
            self.passed_over.suffixes[suffix or NO_SUFFIX] += 1
        else:
            return True
        return False

    def _is_wanted_folder(self, root: str, name: str) -> bool:
        if name.startswith("."):
            self.passed_over.hidden_folders += 1
        elif _is_result(path := os.path.join(root, name)) or os.path.realpath(path) in self._excluded:
            self.passed_over.results += 1
        else:
            return True
        return False

    def _find_listed(self, path: str) -> _Part:
        """What a ``.txt`` file lists: files, folders and patterns, relative to its own folder; names are, too.

        Absolute paths outside its folder are called by what is below their common parent. What cannot be found is told
        in its place.
        """
        folder = os.path.dirname(path)
        start = os.path.join(os.path.abspath(folder), "")
        parts = []
        for line in map(os.path.expanduser, _read_lines(path, folder)):
            part = self._find_line(line, folder)
            if not os.path.isabs(line):
                part = _Part(part.below(folder))
            elif all(place.startswith(start) for _, place in part.found):
                part = _Part(part.below(start))
            parts.append(part)
        return _Part(_below_common_parent(parts))

    def _find_line(self, line: str, folder: str) -> _Part:
        path = os.path.join(folder, line)
        if line.isascii() and line.isdigit():
            return _Part([(_open(path), path)])
        try:
            return self._find(line, folder)
        except InputError as problem:
            one = Unreadable(str(problem)) if _is_pattern(line) or os.path.isdir(path) else _open(path)
            return _Part([(one, path)], os.path.dirname(path), os.path.dirname(path))


def _below_common_parent(parts: Sequence[_Part]) -> list[tuple[Source, str]]:
    """What all parts have found, with names below the folder that holds them all."""
    outer = [part.outer for part in parts if part.outer]
    parent = os.path.commonpath(outer) if outer else ""
    return [named for part in parts for named in part.below_parent(parent)]


def _expand(source: str | Path | int) -> str:
    return os.path.expanduser(str(source))


def _is_list(path: str) -> bool:
    return path.lower().endswith(".txt") and os.path.lexists(path) and not os.path.isdir(path)


def _read_lines(path: str, folder: str) -> list[str]:
    """A list's lines, without empty ones, comments and quotes; a file may be called so all the same."""
    data = read_bytes(path)
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding, "surrogateescape")  # names of files may be no UTF-8
    except ValueError:
        raise InputError(f"the list {quote(path)} is no text; save it as UTF-8, one path a line") from None
    lines = []
    for line in filter(None, map(str.strip, text.split("\n"))):
        if not os.path.lexists(os.path.join(folder, line)):
            if line.startswith("#"):
                continue
            if len(line) > 2 and line[0] == line[-1] and line[0] in "'\"":
                line = line[1:-1]
        lines.append(line)
    if not lines:
        raise InputError(f"the list {quote(path)} holds no path; give one a line")
    return lines


def _is_pattern(text: str) -> bool:
    return "\0" not in text and (glob.has_magic(text) or bool(_CHOICE.search(text)))


def _choices(pattern: str) -> list[str]:
    """``*.{jpg,png}`` as a shell takes it: ``*.jpg`` and ``*.png``."""
    parts = [part.split(",") if n % 2 else [part] for n, part in enumerate(_CHOICE.split(pattern))]
    if math.prod(map(len, parts)) > MOST_CHOICES:
        raise InputError(f"the pattern {quote(pattern)} stands for more than {MOST_CHOICES} others; give fewer choices")
    return ["".join(chosen) for chosen in itertools.product(*parts)]


def _fixed_part(pattern: str) -> str:
    """The folder that a pattern begins with, before anything in it may vary."""
    choice = _CHOICE.search(pattern)
    return os.path.dirname(re.split(r"[*?[]", pattern[: choice.start()] if choice else pattern, maxsplit=1)[0])


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _open(path: str) -> Source:
    return Video(Path(path)) if _suffix(path) in VIDEOS else Path(path)


def _is_result(folder: str) -> bool:
    """Whether a folder holds what a run has written: its whole output, or the files of single pictures in it."""
    parent, name = os.path.split(os.path.realpath(folder))
    return _is_output(folder) or (name in OF_PICTURES and _is_output(parent))


def _is_output(folder: str) -> bool:
    return any(os.path.isfile(os.path.join(folder, mark)) for mark in (RUN, UNFINISHED))
