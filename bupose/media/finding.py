"""Finding pictures and videos in folders, by patterns and in lists, with their names."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bupose.errors import InputError
from bupose.folder import OF_PICTURES, RUN, UNFINISHED
from bupose.images import FOREIGN, PICTURES, VIDEOS, Video
from bupose.images.files import quote, read_bytes, refusal
from bupose.media.passed_over import NO_SUFFIX, PassedOver
from bupose.media.patterns import choices, fixed_part, is_pattern, split_any_depth

_WANTED = PICTURES | VIDEOS | FOREIGN


@dataclass(frozen=True)
class Unreadable:
    """A folder or list that cannot be read."""

    problem: str


Source = Path | Video | Unreadable


@dataclass(frozen=True)
class _Part:
    """The content of one source: pictures, videos, or unreadable ones, each with its path.

    Names are relative to ``base``; among several sources, to the common parent of all ``outer``. Without these the
    paths are names already.
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
    """Resolves ``input=``, and counts what is skipped.

    Parameters
    ----------
    excluded : container of str
        Real paths of folders to skip.
    """

    def __init__(self, excluded: Container[str] = ()) -> None:
        self.passed_over, self._excluded = PassedOver(), excluded
        self._met: set[str] = set()  # folders that were counted

    def find(self, sources: Sequence) -> list[tuple[Source, str]]:
        """Each picture and video with a relative name, in the order of the sources.

        For a single source the name is relative to its folder, to the fixed part of its pattern, or to its list's
        folder; for several it is relative to their common parent, so that equal names in two folders differ.

        Raises
        ------
        InputError
            Nothing is found, or a folder has no picture or video.
        """
        parts = [self._find_listed(path) if _is_list(path) else self._find(path) for path in map(_expand, sources)]
        return parts[0].below(parts[0].base) if len(parts) == 1 else _below_common_parent(parts)

    def _find(self, text: str, root: str = "") -> _Part:
        """The meaning of a path, pattern or URL relative to ``root``; a number is a camera."""
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
        if is_pattern(text):
            return self._find_fitting(text, root)
        raise InputError(f"there is no file or folder {quote(text)}; check the path")

    def _find_fitting(self, pattern: str, root: str) -> _Part:
        """Folders that fit, with all in them, and files that are pictures, or whose suffix the pattern names.

        What links make fit twice is taken once, by the path without links if there is one.
        """
        several, base = choices(pattern), os.path.join(root, fixed_part(pattern))
        wanted = _WANTED | {_suffix(choice) for choice in several} - {""}
        fitting = {hit.rstrip(os.sep) for choice in several for hit in self._fit(choice, root)}
        found: dict[str, tuple[Source, str]] = {}  # by path without links to folders
        folders: set[str] = set()
        for path in sorted(fitting, key=lambda path: (_is_linked(path, base), Path(path))):
            if any(str(parent) in folders for parent in Path(path).parents):
                continue  # in a folder that fits, too
            inside: list[tuple[Source, str]] = []
            if os.path.isdir(path):
                folders.add(str(Path(path)))
                inside = self._look_below(path) if self._is_no_result(path) else []
            elif self._is_wanted(os.path.basename(path), wanted):
                inside = [(_open(path), path)]
            for one, place in inside:
                found.setdefault(
                    os.path.join(os.path.realpath(os.path.dirname(place)), os.path.basename(place)), (one, place)
                )
        if not found:
            raise InputError(f"no picture or video fits the pattern {quote(pattern)}{self._told()}; check the path")
        return _Part(sorted(found.values(), key=lambda named: Path(named[1])), base, os.path.abspath(base))

    def _fit(self, pattern: str, root: str) -> Iterator[str]:
        """What fits, as glob has it; but ``**`` means the folders that a search of a folder would go through."""
        parts = split_any_depth(pattern)
        if parts is None:
            yield from (os.path.join(root, hit) for hit in glob.glob(pattern, root_dir=root or None))
            return
        before, after = parts
        for start in glob.glob(before, root_dir=root or None) if before else [""]:
            whole = os.path.join(root, start)
            for folder, _ in self._walk(whole or os.curdir):
                yield from self._fit(after or "*", folder if whole else folder[len(os.curdir + os.sep) :])

    def _find_below(self, folder: str) -> list[tuple[Source, str]]:
        """As :meth:`_look_below`; refuses a folder that cannot be looked into, or holds nothing."""
        found = self._look_below(folder)
        if found and isinstance(found[0][0], Unreadable) and found[0][1] == folder:
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

        def note(problem: OSError) -> None:
            found[problem.filename] = Unreadable(str(refusal(problem.filename, problem)))

        for root, files in self._walk(folder, note):
            found |= {
                path: _open(path) for path in (os.path.join(root, f) for f in files if self._is_wanted(f, _WANTED))
            }
        return [(found[path], path) for path in sorted(found, key=Path)]

    def _walk(self, folder: str, note: Callable[[OSError], None] | None = None) -> Iterator[tuple[str, list[str]]]:
        """The folder and those in it, each once, with the names of their files."""
        starts, seen, above = [folder], set(), os.path.join(os.path.realpath(folder), "")
        for start in starts:  # grows
            target = os.path.realpath(start)
            if start != folder and above.startswith(os.path.join(target, "")):
                self._count("links", start)
                continue
            for root, folders, files in os.walk(start, onerror=note):
                if (place := os.path.realpath(root)) in seen:
                    self._count("links", root)
                    folders.clear()
                    continue
                seen.add(place)
                folders[:] = [name for name in folders if self._is_wanted_folder(root, name)]
                starts += sorted(path for name in folders if os.path.islink(path := os.path.join(root, name)))
                yield root, files

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
            self._count("hidden_folders", os.path.join(root, name))
            return False
        return self._is_no_result(os.path.join(root, name))

    def _is_no_result(self, folder: str) -> bool:
        """Whether a folder holds none of bupose's results; else it is counted."""
        if _is_result(folder) or os.path.realpath(folder) in self._excluded:
            self._count("results", folder)
            return False
        return True

    def _count(self, kind: str, folder: str) -> None:
        """A folder that is passed over, once however often it is met."""
        if (place := os.path.abspath(folder)) not in self._met:
            self._met.add(place)
            setattr(self.passed_over, kind, getattr(self.passed_over, kind) + 1)

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
            one = Unreadable(str(problem)) if is_pattern(line) or os.path.isdir(path) else _open(path)
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


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _open(path: str) -> Source:
    return Video(Path(path)) if _suffix(path) in VIDEOS else Path(path)


def _is_linked(path: str, base: str) -> bool:
    """Whether the way to it from the folder ``base`` goes through a link."""
    return os.path.realpath(path) != os.path.join(os.path.realpath(base), os.path.relpath(path, base or os.curdir))


def _is_result(folder: str) -> bool:
    """Whether a folder holds what a run has written: its whole output, or the files of single pictures in it."""
    parent, name = os.path.split(os.path.realpath(folder))
    return _is_output(folder) or (name in OF_PICTURES and _is_output(parent))


def _is_output(folder: str) -> bool:
    return any(os.path.isfile(os.path.join(folder, mark)) for mark in (RUN, UNFINISHED))
