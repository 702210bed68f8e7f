"""Downloads of public data sets: their parts, sizes and archives."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path

from bupose.annotations.formats import FORMATS
from bupose.annotations.formats.base import Archive, Source
from bupose.errors import InputError, OptionsError
from bupose.options import check, choose, option


@dataclass
class DownloadOptions:
    """Options of scripts/download.py.

    Parameters
    ----------
    set : a name in ``SOURCES``
        The data set; empty lists them.
    output : str
        The output folder.
    parts : list of str
        Its parts, as listed; by default all that are freely available.
    keep : bool
        Keep the archives after unpacking them.
    """

    set: str = option("")
    output: str = option("data", path=True)
    parts: list[str] = option(list)
    keep: bool = option(False)

    def __post_init__(self) -> None:
        check(self)


# Every public data set that can be read.
SOURCES: dict[str, Source] = {name: form.source for name, form in FORMATS.items() if form.source}


def describe_sources() -> str:
    """All data sets with their parts, sizes and licences, as text."""
    lines = []
    for name, source in SOURCES.items():
        lines.append(f"{name}: {source.licence}")
        for part, archive in source.archives.items():
            size = f"{archive.megabytes} MB" if archive.megabytes else "size unknown"
            lines.append(f"  {part}: {size}, {archive.checksum or 'sum unknown'}, {archive.url}")
        lines += [f"  by hand: {source.by_hand}"] if source.by_hand else []
    return "\n".join(lines)


def find_archives(name: str, parts: list[str] | None = None) -> dict[str, Archive]:
    """Archives of a set; all of them, or the parts named.

    Raises
    ------
    OptionsError
        No such set or part.
    """
    known = choose(name, SOURCES, "set").archives
    for part in parts or ():
        if part not in known:
            raise OptionsError(f"{name} has no part {part!r}; it has {', '.join(known) or 'none to download'}")
    return {part: known[part] for part in parts or known}


# RuntimeError: encrypted members and unknown compression; ValueError: invalid file names.
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError, RuntimeError, ValueError)


def unpack(archive: Path, folder: Path) -> int:
    """Unpack a zip or tar file, skipping files that exist with the right size.

    Returns
    -------
    int
        Number of files written.

    Raises
    ------
    InputError
        The file is not an archive, is damaged or encrypted, holds names outside the folder, or does not fit on the
        disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                wanted = [m for m in opened.infolist() if not m.is_dir() and _is_new(folder, m.filename, m.file_size)]
                _check_room(archive, folder, sum(m.file_size for m in wanted))
                for member in wanted:
                    opened.extract(member, folder)
            return len(wanted)
        with tarfile.open(archive) as opened:
            files = [m for m in opened if m.isfile() and _is_new(folder, m.name, m.size)]
            _check_room(archive, folder, sum(m.size for m in files))
            for file in files:
                opened.extract(file, folder, filter="data")
        return len(files)
    except _DAMAGE as problem:
        raise InputError(f"cannot unpack {str(archive)!r} ({problem}); delete it and download it again") from None


def _check_room(archive: Path, folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise InputError(
            f"{str(archive)!r} unpacks to {size / 1e9:,.1f} GB, and {str(folder)!r} has {free / 1e9:,.1f} GB left; "
            "make room, or choose another output"
        )


def _is_new(folder: Path, name: str, size: int) -> bool:
    """Whether a member is to be written; names outside the folder are refused."""
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise InputError(f"an archive holds {name!r}, which lies outside its folder; do not trust it")
    return not target.is_file() or target.stat().st_size != size
