"""What a run over many pictures takes: paths and URLs, found or listed; nothing is opened yet."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bupose.errors import InputError, OptionsError
from bupose.exchange.rows import load_arrow
from bupose.images import FOREIGN, PICTURES, VIDEOS, Video
from bupose.images.files import quote, read_bytes, reason
from bupose.media.finding import Search
from bupose.media.passed_over import PassedOver
from bupose.media.patterns import is_pattern
from bupose.media.remote import find_urls, is_url, is_url_pattern, open_file, read_url, suffix_of
from bupose.paths import expand

TARS = frozenset((".tar", ".tgz"))
TABLES = frozenset((".parquet", ".pq"))
COLUMNS = ("path", "url", "uri", "image_url", "image_path", "file_name", "filename", "file")  # of a table, the first
_TAKEN = PICTURES | VIDEOS | FOREIGN | TARS


@dataclass(frozen=True)
class Inputs:
    """Paths and URLs of pictures, videos and tar files, each once.

    Parameters
    ----------
    pictures, wholes : lists of str
        Pictures, and what is worked on as a whole: videos and tar files.
    problems : list of (path, problem)
        What was listed and cannot be read.
    repeated : int
        Entries that were given before.
    passed_over : PassedOver
        What else a search met.
    """

    pictures: list[str] = field(default_factory=list)
    wholes: list[str] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    repeated: int = 0
    passed_over: PassedOver = field(default_factory=PassedOver)

    def __len__(self) -> int:
        return len(self.pictures) + len(self.wholes)

    def without(self, done: np.ndarray) -> Inputs:
        """Those whose :func:`keys` are not in a sorted array."""
        parts = [[one for one, here in zip(part, np.isin(keys(part), done), strict=True) if not here] if part else []
                 for part in (self.pictures, self.wholes)]  # fmt: skip
        return Inputs(parts[0], parts[1], self.problems, self.repeated, self.passed_over)


def keys(paths: Iterable[str]) -> np.ndarray:
    """uint64: a number of each path. Two of ten million paths have the same with a probability of 3e-6."""
    found = array("Q")
    for path in paths:
        found.frombytes(blake2b(path.encode("utf-8", "surrogateescape"), digest_size=8).digest())
    return np.array(found, np.uint64)


def find_inputs(source: Any, exclude: Sequence[Path] = ()) -> Inputs:
    """What ``input=`` means to a run over many pictures.

    Parameters
    ----------
    source : path, URL, or list of such
        A picture, video, tar file of pictures (WebDataset), folder or pattern, here or at a URL that fsspec knows; a
        ``.txt`` file with one of these a line, or a Parquet file with a column of paths and URLs.
    exclude : sequence of Path
        Folders to leave out.

    Raises
    ------
    InputError
        Nothing is found, or a list cannot be read.
    OptionsError
        A camera or stream, which never ends.
    DependencyError
        A URL, or a Parquet file, needs a package that is not installed.
    """
    search = Search({os.path.realpath(folder) for folder in exclude})
    problems: list[tuple[str, str]] = []
    every: list[str] = []
    for one in source if isinstance(source, (list, tuple)) else [source]:
        every += _find(str(one) if is_url(str(one)) else str(expand(one)), search, problems)
    numbers = keys(every)
    first = np.sort(np.unique(numbers, return_index=True)[1]) if every else np.zeros(0, np.int64)
    pictures: list[str] = []
    wholes: list[str] = []
    for n in first.tolist():
        (wholes if suffix_of(every[n]) in VIDEOS | TARS else pictures).append(every[n])
    return Inputs(pictures, wholes, problems, len(every) - len(first), search.passed_over)


def _find(text: str, search: Search, problems: list[tuple[str, str]]) -> Iterator[str]:
    """Every file that an entry means."""
    suffix = suffix_of(text)
    if is_url(text):
        _check_ending(text)
        if suffix in TABLES:
            yield from _absolute(_read_table(text), text.rpartition("/")[0])
        elif suffix == ".txt":
            yield from _find_lines(read_url(text), text, search, problems)
        elif suffix in _TAKEN and not is_url_pattern(text):
            yield text
        else:
            yield from find_urls(text, _TAKEN)
    elif suffix in TABLES and not is_pattern(text):
        yield from _absolute(_read_table(text), os.path.dirname(os.path.abspath(text)))
    elif suffix == ".txt" and os.path.isfile(text):
        yield from _find_lines(read_bytes(text), text, search, problems)
    elif text.isascii() and text.isdigit() and not os.path.lexists(text):
        raise OptionsError(f"input is the camera {text}, which never ends; engine=ray takes files")
    else:
        for one, name in search.find([text]):
            if isinstance(one, Video) and isinstance(one.source, Path):
                one = one.source
            if not isinstance(one, Path):
                problems.append((os.path.abspath(name), getattr(one, "problem", "it is no file")))
            elif one.suffix.lower() in TABLES:
                yield from _absolute(_read_table(str(one)), os.path.dirname(os.path.abspath(one)))
            else:
                yield os.path.abspath(one)


def _find_lines(data: bytes, path: str, search: Search, problems: list[tuple[str, str]]) -> Iterator[str]:
    """What the lines of a list mean; a file in it is not looked for before it is read."""
    lines = [line for line in map(str.strip, data.decode("utf-8-sig", "surrogateescape").split("\n")) if line]
    lines = [line for line in lines if not line.startswith("#")]
    if not lines:
        raise InputError(f"the list {quote(path)} holds no path; give one a line")
    folder = path.rpartition("/")[0] if is_url(path) else os.path.dirname(os.path.abspath(path))
    for line in lines:
        if len(line) > 2 and line[0] == line[-1] and line[0] in "'\"":
            line = line[1:-1]
        place = next(_absolute([line], folder))
        varies = is_url_pattern(line) if is_url(line) else is_pattern(line)
        if suffix_of(line) in _TAKEN and not varies:
            yield place
            continue
        try:
            yield from _find(place, search, problems)
        except InputError as problem:
            problems.append((place, str(problem)))


def _absolute(paths: Iterable[str], folder: str) -> Iterator[str]:
    for path in paths:
        if is_url(path):
            yield path
        elif is_url(folder):
            yield f"{folder}/{path}"
        else:
            yield os.path.normpath(os.path.join(folder, path))


def _read_table(path: str) -> Iterator[str]:
    """The paths in a Parquet file."""
    arrow = load_arrow()
    try:
        file = import_module("pyarrow.parquet").ParquetFile(open_file(path))
        texts = [one.name for one in file.schema_arrow if arrow.types.is_string(one.type) or
                 arrow.types.is_large_string(one.type)]  # fmt: skip
        named = [name for name in COLUMNS if name in texts] or (texts if len(texts) == 1 else [])
        if not named:
            raise InputError(
                f"the table {quote(path)} has the columns {', '.join(file.schema_arrow.names)}; name that of paths or "
                f"URLs path or url"
            )
        if file.metadata.num_rows == 0:
            raise InputError(f"the table {quote(path)} holds no path; give one a row")
        for batch in file.iter_batches(columns=named[:1]):
            yield from (one for one in batch.column(0).to_pylist() if one)
    except (OSError, arrow.ArrowException) as problem:
        raise InputError(f"cannot read the table {quote(path)}: {reason(problem)}; give a Parquet file") from None


def _check_ending(url: str) -> None:
    """Refuse streams of cameras."""
    if url.partition("://")[0].lower() in ("rtsp", "rtmp", "rtp", "udp", "srt"):
        raise OptionsError(f"input is the stream {quote(url)}, which never ends; engine=ray takes files")
